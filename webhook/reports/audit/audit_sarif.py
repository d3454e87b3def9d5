"""For code scanning: a result for each finding, at the place in the API (SARIF 2.1.0)."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from webhook.admission.drift import OUT_OF_DATE
from webhook.fleet.report import REASONS, FleetReport, ServerFinding, ServerStatus, Skipped
from webhook.reports.sarif import OBJECT, SCHEMA, described, driver
from webhook.rules.registry import RULES
from webhook.rules.specification import specification


def render(report: FleetReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A log of one run; what was not looked at makes it one that has failed.

    What a rule refuses has that rule's id, as in `review`; everything else has its reason.
    """
    reasons = [{"id": key, "shortDescription": {"text": text}} for key, text in REASONS.items()]
    rules = [*reasons, *map(described, (OBJECT, *map(specification, RULES)))]
    places = {rule["id"]: at for at, rule in enumerate(rules)}
    run = {
        "tool": {"driver": driver(rules)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [
            _result(server, finding, places)
            for server in report.with_findings
            for finding in server.findings
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    yield f"{json.dumps(log, indent=2, ensure_ascii=False)}\n"


def _invocation(report: FleetReport) -> dict[str, Any]:
    if not report.skipped:
        return {"executionSuccessful": True}
    notices = [_notice(skipped) for skipped in report.skipped]
    return {"executionSuccessful": False, "toolExecutionNotifications": notices}


def _notice(skipped: Skipped) -> dict[str, Any]:
    text = f"{skipped.what} were not looked at: {skipped.why}"
    return {"level": "error", "message": {"text": text}}


def _result(server: ServerStatus, finding: ServerFinding, places: dict[str, int]) -> dict[str, Any]:
    rule = finding.rule or finding.reason
    called = f"{server.kind} {server.namespace}/{server.name}"
    uri = f"{quote(server.namespace)}/{quote(server.kind)}/{quote(server.name)}"
    return {
        "ruleId": rule,
        "ruleIndex": places.get(rule, -1),
        "level": "warning" if finding.state == OUT_OF_DATE else "error",
        "message": {"text": finding.line},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}},
                "logicalLocations": [
                    {"name": called, "fullyQualifiedName": finding.path or called}
                ],
            }
        ],
    }
