"""For CI systems that show tests: one test case a server, which fails where there is a finding."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from webhook.fleet.report import FleetReport, ServerStatus, Skipped
from webhook.reports.junit import clean


def render(report: FleetReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A `testsuites` element; what was not looked at is an error of its own."""
    counts = {
        "tests": str(len(report.servers) + len(report.skipped)),
        "failures": str(len(report.with_findings)),
        "errors": str(len(report.skipped)),
    }
    root = ET.Element("testsuites", {"name": "mcp-admission", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "mcp-admission audit", **counts})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", {"name": "settings", "value": clean(report.settings)})
    for server in report.servers:
        _add_server(suite, server)
    for skipped in report.skipped:
        _add_skipped(suite, skipped)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"{ET.tostring(root, encoding='unicode')}\n"


def _add_server(suite: ET.Element, server: ServerStatus) -> None:
    names = {"classname": server.namespace, "name": f"{server.kind} {server.name}"}
    case = ET.SubElement(suite, "testcase", {key: clean(text) for key, text in names.items()})
    if server.findings:
        failure = ET.SubElement(case, "failure", {"message": server.state})
        failure.text = clean("".join(f"{finding.line}\n" for finding in server.findings))


def _add_skipped(suite: ET.Element, skipped: Skipped) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": "not looked at", "name": skipped.what})
    error = ET.SubElement(case, "error", {"message": "not looked at"})
    error.text = clean(skipped.why)
