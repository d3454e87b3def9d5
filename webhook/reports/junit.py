"""For CI systems that show tests: one test case for each item, a refusal or a finding fails it."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from webhook.reports.formats import Case, ReportSource

# XML 1.0 has no way at all to write these characters.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """A `testsuites` element with one suite."""
    cases = list(source.cases())
    counted = {
        "tests": len(cases),
        "failures": sum(bool(case.failure) for case in cases),
        "skipped": sum(bool(case.skipped) for case in cases),
        "errors": sum(bool(case.error) for case in cases),
    }
    counts = {key: str(counted[key]) for key in source.totals}
    root = ET.Element("testsuites", {"name": "mcp-admission", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": f"mcp-admission {source.command}", **counts})
    properties = ET.SubElement(suite, "properties")
    for name, value in source.properties().items():
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for case in cases:
        _add_case(suite, case)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"{ET.tostring(root, encoding='unicode')}\n"


def _add_case(suite: ET.Element, case: Case) -> None:
    names = {"classname": _clean(case.group), "name": _clean(case.name)}
    element = ET.SubElement(suite, "testcase", names)
    if case.skipped:
        ET.SubElement(element, "skipped", {"message": case.skipped})
    if case.failure:
        failure = ET.SubElement(element, "failure", {"message": _clean(case.failure)})
        failure.text = _clean(case.text)
    elif case.error:
        error = ET.SubElement(element, "error", {"message": case.error})
        error.text = _clean(case.text)
    elif case.text:
        ET.SubElement(element, "system-out").text = _clean(case.text)


def _clean(text: str) -> str:
    """The text with a replacement for each character that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)
