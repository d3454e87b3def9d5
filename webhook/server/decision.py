"""One review: its decision and answer, its metrics and its log line."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from webhook.admission.answer import Answer
from webhook.admission.request import Hook, Request, Scope
from webhook.observe.logs import cut, failure
from webhook.observe.metrics import Metrics, Review
from webhook.server.wire import encode_review, metadata_text
from webhook.settings.model import Settings

LOG = logging.getLogger(__name__)

Reviewer = Callable[[Request, Settings, Scope], Answer]


class Decision(NamedTuple):
    """The answer as bytes and as data; `error` is the failure of the review itself."""

    body: bytes
    answer: Answer
    error: Exception | None = None


def make_decision(
    reviewer: Reviewer, request: Request, settings: Settings, scope: Scope
) -> Decision:
    """Answer a request; a review that fails refuses the object and says where to look."""
    try:
        answer = reviewer(request, settings, scope)
        return Decision(encode_review(request.uid, answer, request.hook), answer)
    except Exception as error:  # noqa: BLE001 - one object that no rule expected is not an outage
        answer = Answer(
            allowed=False,
            code=500,
            message="mcp-admission failed while it reviewed this object, so it is not admitted: "
            f"the administrator finds the cause in its log under uid {cut(request.uid)}",
        )
        return Decision(encode_review(request.uid, answer, request.hook), answer, error)


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
    if decision.error:
        metrics.internal_errors.inc()
        LOG.error("review", extra={"fields": fields | failure(decision.error)})
    else:
        LOG.info("review", extra={"fields": fields})


def _name(request: Request) -> dict[str, str]:
    if request.name:
        return {"name": cut(request.name)}
    return {"generateName": cut(metadata_text(request.object, "generateName"))}
