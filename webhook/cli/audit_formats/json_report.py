"""For programs: every server that has something, with every field."""

import json
from collections.abc import Iterator
from typing import Any

from webhook.controller.fleet.report import Report, Server, Told


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`servers` has what there is to tell, `not_looked_at` what is not known; `summary` counts."""
    found = {
        "servers": [_server(server) for server in report.told],
        "not_looked_at": [each._asdict() for each in report.unseen],
        "settings": report.settings,
        "summary": report.counts(),
    }
    yield f"{json.dumps(found, indent=2, ensure_ascii=False)}\n"


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
