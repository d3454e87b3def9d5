"""For CI systems that show tests: one test case an MCP server, refusals as failures."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from webhook.offline.input import Fault, counted
from webhook.offline.reviewer import Outcome, Report, called
from webhook.reports.wording import findings

# XML 1.0 has no way at all to write these characters.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A `testsuites` element; warnings stand in the test case's output."""
    total = report.summary()
    failures = total.refused + total.pods_refused
    errors, skipped = len(report.faults), len(report.told) - total.reviewed
    counts = {
        "tests": str(len(report.told) + errors),
        "failures": str(failures),
        "skipped": str(skipped),
        "errors": str(errors),
    }
    root = ET.Element("testsuites", {"name": "mcp-admission", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "mcp-admission review", **counts})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", {"name": "other objects", "value": str(total.other)})
    if report.passed:
        said = counted(report.passed)
        ET.SubElement(properties, "property", {"name": "passed over", "value": said})
    for outcome in report.told:
        _add_case(suite, outcome)
    for fault in report.faults:
        _add_fault(suite, fault)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"{ET.tostring(root, encoding='unicode')}\n"


def _add_case(suite: ET.Element, outcome: Outcome) -> None:
    names = {"classname": outcome.manifest.source, "name": called(outcome)}
    case = ET.SubElement(suite, "testcase", {key: clean(text) for key, text in names.items()})
    said = clean("".join(findings(outcome, colour=False)))
    if not outcome.covered:
        ET.SubElement(case, "skipped", {"message": "not reviewed"})
    if not outcome.runs:
        rules = dict.fromkeys(finding.rule for finding in outcome.findings)
        what = "pods refused" if outcome.allowed else "refused"
        failure = ET.SubElement(case, "failure", {"message": f"{what}: {', '.join(rules)}"})
        failure.text = said
    elif said:
        ET.SubElement(case, "system-out").text = said


def _add_fault(suite: ET.Element, fault: Fault) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": clean(fault.source), "name": "input"})
    error = ET.SubElement(case, "error", {"message": "bad input"})
    error.text = clean(str(fault))


def clean(text: str) -> str:
    """The text with a replacement for each character that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)
