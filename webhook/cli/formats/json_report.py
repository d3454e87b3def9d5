"""For programs: every finding and every operation of the patch."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from webhook.cli.offline import Outcome, summary


def render(outcomes: Sequence[Outcome], *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`results` has the MCP servers, `summary` counts the other objects too."""
    report = {
        "results": [_result(outcome) for outcome in outcomes if outcome.covered],
        "summary": summary(outcomes)._asdict(),
    }
    yield f"{json.dumps(report, indent=2, ensure_ascii=False)}\n"


def _result(outcome: Outcome) -> dict[str, Any]:
    return {
        "source": outcome.manifest.source,
        "kind": outcome.manifest.kind,
        "namespace": outcome.namespace,
        "name": outcome.manifest.name,
        "allowed": outcome.allowed,
        "pods_refused": outcome.pods_refused,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "path": finding.path,
                "message": finding.message,
            }
            for finding in outcome.findings
        ],
        "patch": list(outcome.patch),
    }
