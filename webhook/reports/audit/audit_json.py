"""For programs: every server that has something, with every field."""

import json
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from webhook.fleet.report import Report, Server, Told


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`servers` has what there is to tell, `not_looked_at` what is not known; `summary` counts.

    Servers come one at a time: the text of ten thousand is long.
    """
    between = ""
    yield '{\n  "servers": ['
    for server in report.told:
        yield f"{between}\n{indent(_text(_server(server)), '    ')}"
        between = ","
    end = "\n  " if between else ""
    yield f"{end}],{_text(_rest(report)).removeprefix('{')}\n"


def found(report: Report) -> dict[str, Any]:
    """The whole as one object."""
    return {"servers": [_server(server) for server in report.told], **_rest(report)}


def _rest(report: Report) -> dict[str, Any]:
    return {
        "not_looked_at": [each._asdict() for each in report.unseen],
        "settings": report.settings,
        "registered": report.registered,
        "summary": report.counts(),
    }


def _text(part: Any) -> str:
    return json.dumps(part, indent=2, ensure_ascii=False)


def _server(server: Server) -> dict[str, Any]:
    return {
        "kind": server.kind,
        "namespace": server.namespace,
        "name": server.name,
        "state": server.state,
        "findings": [_finding(told) for told in server.told],
    }


def _finding(told: Told) -> dict[str, Any]:
    """A field that would be another has its name and both values, null where it is absent."""
    finding = {
        "state": told.state,
        "reason": told.reason,
        "message": told.message,
        "path": told.path,
        "rule": told.rule,
    }
    if told.change is None:
        return finding
    change = told.change
    return {**finding, "field": change.field, "before": change.before, "after": change.after}
