"""For programs: every finding and every operation of the patch."""

import json
from collections.abc import Iterator
from typing import Any

from webhook.offline.reviewer import Outcome, Report


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """`results` has what there is to tell, `errors` what cannot be read; `summary` counts all.

    `passed_over` has what was not reviewed, and why.
    """
    told = {
        "results": [_result(outcome) for outcome in report.told],
        "errors": [
            {"source": fault.source, "line": fault.line, "message": fault.sentence}
            for fault in report.faults
        ],
        "passed_over": [
            {"source": one.source, "reason": one.reason.value} for one in report.passed
        ],
        "summary": report.summary()._asdict(),
    }
    yield f"{json.dumps(told, indent=2, ensure_ascii=False)}\n"


def _result(outcome: Outcome) -> dict[str, Any]:
    result = {
        "source": outcome.manifest.source,
        "kind": outcome.manifest.kind,
        "namespace": outcome.namespace,
        "name": outcome.manifest.name,
        "covered": outcome.covered,
        "allowed": outcome.allowed,
        "pods_refused": outcome.pods_refused,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "path": finding.path,
                **outcome.mark(finding)._asdict(),
                "message": finding.message,
            }
            for finding in outcome.findings
        ],
        "patch": list(outcome.patch),
    }
    if outcome.given:
        result["pods_get"] = [each._asdict() for each in outcome.given]
    if outcome.callers:
        result["callers"] = outcome.callers
    if outcome.made is not None:
        result |= {"objects": outcome.made.objects, "not_made": outcome.made.not_made}
    return result
