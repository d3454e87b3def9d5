"""What is told of a review: the metrics that count it, and the line in the log.

A line says which object was reviewed and what became of it, for a person with the uid in hand.
"""

import logging
from typing import Any

from webhook.admission import Hook, Request, Scope
from webhook.observe.logs import cut, failure
from webhook.observe.metrics import Metrics, Review
from webhook.server.admission_review import Decision, metadata_text

LOG = logging.getLogger(__name__)


def record_decision(
    request: Request, scope: Scope, decision: Decision, seconds: float, metrics: Metrics
) -> None:
    """Count a decision and log it: which object it is about, and nothing of its content.

    Values from the body are cut to the length of the longest name in Kubernetes.
    """
    word = _outcome(decision, request.hook)
    hook, operation, kind = request.hook.value, request.operation, request.kind
    counted = Review(hook, scope.value, operation, kind, word, request.dry_run)
    metrics.reviewed(counted, seconds)
    for finding in decision.answer.findings:
        metrics.findings[finding.rule, finding.severity.value].inc()
    fields: dict[str, Any] = {
        "hook": hook,
        "scope": scope.value,
        "operation": cut(operation),
        "kind": cut(kind),
        "namespace": cut(request.namespace),
        **_name(request),
        "uid": cut(request.uid),
        "decision": word,
        "rules": list(dict.fromkeys(finding.rule for finding in decision.answer.findings)),
        "dry_run": request.dry_run,
        "seconds": round(seconds, 6),
    }
    if decision.beside:
        fields["settings"] = "accepted"
    if decision.error:
        metrics.internal_errors.inc()
        LOG.error("review", extra={"fields": fields | failure(decision.error)})
    else:
        LOG.info("review", extra={"fields": fields})


def _outcome(decision: Decision, hook: Hook) -> str:
    """The decision in one word."""
    answer = decision.answer
    if decision.error:
        return "error"
    if not answer.allowed:
        return "refused"
    if not answer.covered:
        return "not-covered"
    return "patched" if answer.operations and hook is Hook.MUTATE else "allowed"


def _name(request: Request) -> dict[str, str]:
    if request.name:
        return {"name": cut(request.name)}
    return {"generateName": cut(metadata_text(request.object, "generateName"))}
