"""For programs: every server that has something, with every field."""

import json
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from webhook.controller.fleet.report import Report, Server, Told


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`servers` has what there is to tell, `not_looked_at` what is not known; `summary` counts.

    Servers come one at a time: the text of ten thousand is long.
    """
    rest = {
        "not_looked_at": [each._asdict() for each in report.unseen],
        "settings": report.settings,
        "registered": report.registered,
        "summary": report.counts(),
    }
    between = ""
    yield '{\n  "servers": ['
    for server in report.told:
        yield f"{between}\n{indent(_text(_server(server)), '    ')}"
        between = ","
    end = "\n  " if between else ""
    yield f"{end}],{_text(rest).removeprefix('{')}\n"


def _text(found: Any) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)


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
    found = {
        "state": told.state,
        "reason": told.reason,
        "message": told.message,
        "path": told.path,
        "rule": told.rule,
    }
    if told.change is None:
        return found
    change = told.change
    return {**found, "field": change.field, "before": change.before, "after": change.after}
