"""For CI systems that show tests: one test case a server, which fails where there is a finding."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from webhook.fleet.report import Report, Server, Unseen
from webhook.reports.junit import clean


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A `testsuites` element; what was not looked at is an error of its own."""
    counts = {
        "tests": str(len(report.servers) + len(report.unseen)),
        "failures": str(len(report.told)),
        "errors": str(len(report.unseen)),
    }
    root = ET.Element("testsuites", {"name": "mcp-admission", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "mcp-admission audit", **counts})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", {"name": "settings", "value": clean(report.settings)})
    for server in report.servers:
        _add_server(suite, server)
    for unseen in report.unseen:
        _add_unseen(suite, unseen)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"{ET.tostring(root, encoding='unicode')}\n"


def _add_server(suite: ET.Element, server: Server) -> None:
    names = {"classname": server.namespace, "name": f"{server.kind} {server.name}"}
    case = ET.SubElement(suite, "testcase", {key: clean(text) for key, text in names.items()})
    if server.told:
        failure = ET.SubElement(case, "failure", {"message": server.state})
        failure.text = clean("".join(f"{told.line}\n" for told in server.told))


def _add_unseen(suite: ET.Element, unseen: Unseen) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": "not looked at", "name": unseen.what})
    error = ET.SubElement(case, "error", {"message": "not looked at"})
    error.text = clean(unseen.why)
