"""JSON that is written item by item is the same data, whatever its strings hold."""

import json

from tests.fleet.reports import REPORT
from webhook.reports.audit_report import AuditSource
from webhook.reports.formats import report_parts


def test_a_string_keeps_its_separators_of_lines() -> None:
    """Unicode has line separators that JSON does not escape."""
    server = REPORT.servers[0]._replace(name="a\u2028b\x85c\x0bd")
    findings = next(each.findings for each in REPORT.servers if each.findings)
    report = type(REPORT)((server._replace(findings=findings),), (), "the defaults")

    data = json.loads("".join(report_parts(AuditSource(report), "json", colour=False)))

    assert data["servers"][0]["name"] == "a\u2028b\x85c\x0bd"
