"""JSON that is written item by item is the same data, whatever its strings hold."""

import json
from typing import Any

import pytest

from tests.fleet.reports import REPORT
from webhook.reports.audit_report import AuditSource
from webhook.reports.formats import report_parts
from webhook.reports.text import value_in_words


def test_a_string_keeps_its_separators_of_lines() -> None:
    """Unicode has line separators that JSON does not escape."""
    server = REPORT.servers[0]._replace(name="a\u2028b\x85c\x0bd")
    findings = next(each.findings for each in REPORT.servers if each.findings)
    report = type(REPORT)((server._replace(findings=findings),), (), "the defaults")

    data = json.loads("".join(report_parts(AuditSource(report), "json", colour=False)))

    assert data["servers"][0]["name"] == "a\u2028b\x85c\x0bd"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not set"),
        ("a\nb", "a b"),
        (False, "false"),
        ({"memory": "400Mi"}, '{"memory": "400Mi"}'),
        (["x" * 40] * 3, f'["{"x" * 40}", "xxxxxxxxxxx...'),
    ],
)
def test_a_value_of_the_settings_is_one_short_line(value: Any, words: str) -> None:
    found = value_in_words(value)

    assert found == words if len(words) < 57 else len(found) <= 60
