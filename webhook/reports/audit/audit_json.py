"""For programs: every server that has something, with every field."""

import json
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus


def render(report: FleetReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`servers` has what there is to tell, `not_looked_at` what is not known; `summary` counts.

    Servers come one at a time: the text of ten thousand is long.
    """
    between = ""
    yield '{\n  "servers": ['
    for server in report.with_findings:
        yield f"{between}\n{indent(_text(_server(server)), '    ')}"
        between = ","
    end = "\n  " if between else ""
    yield f"{end}],{_text(_rest(report)).removeprefix('{')}\n"


def found(report: FleetReport) -> dict[str, Any]:
    """The whole as one object."""
    return {"servers": [_server(server) for server in report.with_findings], **_rest(report)}


def _rest(report: FleetReport) -> dict[str, Any]:
    return {
        "not_looked_at": [each._asdict() for each in report.skipped],
        "settings": report.settings,
        "registered": report.registered,
        "summary": report.counts(),
    }


def _text(part: Any) -> str:
    return json.dumps(part, indent=2, ensure_ascii=False)


def _server(server: ServerStatus) -> dict[str, Any]:
    return {
        "kind": server.kind,
        "namespace": server.namespace,
        "name": server.name,
        "state": server.state,
        "findings": [_finding(finding) for finding in server.findings],
    }


def _finding(finding: ServerFinding) -> dict[str, Any]:
    """A field that would change has its name and both values, null where it is absent."""
    entry = {
        "state": finding.state,
        "reason": finding.reason,
        "message": finding.message,
        "path": finding.path,
        "rule": finding.rule,
    }
    if finding.change is None:
        return entry
    change = finding.change
    return {**entry, "field": change.field, "before": change.before, "after": change.after}
