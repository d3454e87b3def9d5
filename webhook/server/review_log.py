"""What is told of a review: the metrics that count it, the line in the log, and its span.

A line says which object was reviewed, who sent it, what became of it and why, for a person with
the uid in hand. The reasons are those that the user was told, in as many words at most.
Most reviews change nothing and object to nothing: their lines are for `--log-level debug`. A line
is written as text, piece by piece: dict, record and JSON of it took a fifth of a request's time.
So are those about the pods of the controller's probe, and no findings of theirs are counted.
"""

import json
import logging
from typing import Any

from webhook import names
from webhook.admission import Answer, Finding, Request, Scope
from webhook.observe.logs import MOST_REASONS, PreparedRecord, cut, failure, quoted
from webhook.observe.metrics import Metrics, Review
from webhook.server.admission_review import metadata_text
from webhook.server.decision import Decision

LOG = logging.getLogger(__name__)
_PATCHED: tuple[dict[str, Any], ...] = ({},)
UNREMARKABLE = ("allowed", "not-covered")


def record_decision(  # noqa: PLR0913, PLR0917 - what is told of a review, and who counts it
    request: Request,
    scope: Scope,
    decision: Decision,
    seconds: float,
    metrics: Metrics,
    trace_id: str = "",
) -> None:
    """Count a decision and log it: which object it is about, and of its content only the reasons.

    Values from the body are cut to the length of the longest name in Kubernetes.
    """
    word, answer = decision.word(request.hook), decision.answer
    counted = Review(
        request.hook.value, scope.value, request.operation, request.kind, word, request.dry_run
    )
    metrics.reviewed(counted, seconds)
    # What the controller asks about every few seconds is nobody's pod.
    probe = request.dry_run and request.name.startswith(names.PROBE_POD)
    for finding in () if probe else answer.findings:
        metrics.findings[finding.rule, finding.severity.value].inc()
    level = logging.DEBUG if probe else logging.INFO
    if decision.error:
        metrics.internal_errors.inc()
        level = logging.ERROR
    elif word in UNREMARKABLE and not (answer.findings or answer.warnings or decision.beside):
        level = logging.DEBUG
    if LOG.isEnabledFor(level):
        fields = _fields(request, counted, decision, seconds)
        if trace_id:
            fields += f', "trace_id": "{trace_id}"'
        LOG.handle(PreparedRecord(LOG.name, level, "review", fields))


def _fields(request: Request, review: Review, decision: Decision, seconds: float) -> str:
    """The fields of a line as JSON, in an order that stays."""
    rules = dict.fromkeys(finding.rule for finding in decision.answer.findings)
    reasons = reasons_of(decision.answer)
    fields = (
        f'"hook": "{review.hook}", "scope": "{review.scope}", '
        f'"operation": {quoted(cut(review.operation))}, "kind": {quoted(cut(review.kind))}, '
        f'"namespace": {quoted(cut(request.namespace))}, {_name(request)}, '
        f'"uid": {quoted(cut(request.uid))}, "user": {quoted(cut(request.user))}, '
        f'"decision": "{review.decision}", "rules": [{", ".join(map(quoted, rules))}], '
        f'"reasons": [{", ".join(map(quoted, reasons))}], '
        f'"dry_run": {"true" if review.dry_run else "false"}, "seconds": {round(seconds, 6)!r}'
    )
    if decision.beside:
        fields += ', "settings": "accepted"'
    if decision.error:
        fields += f", {json.dumps(failure(decision.error))[1:-1]}"
    return fields


def span_attributes(request: Request, scope: Scope, decision: Decision) -> dict[str, Any]:
    """What a span says of a review: nothing of the object, and of the request no user."""
    return {
        "admission.uid": cut(request.uid),
        "admission.hook": request.hook.value,
        "admission.scope": scope.value,
        "admission.operation": cut(request.operation),
        "admission.kind": cut(request.kind),
        "admission.dry_run": request.dry_run,
        "admission.decision": decision.word(request.hook),
        "admission.rules": [*dict.fromkeys(each.rule for each in decision.answer.findings)],
        "k8s.namespace.name": cut(request.namespace),
    }


def reasons_of(answer: Answer) -> tuple[str, ...]:
    """What a line says of an answer's findings, or of its message or warnings without a finding."""
    said = [finding.message for finding in answer.findings[:MOST_REASONS] if finding.message]
    if not answer.findings:
        said = [answer.message] if answer.message else [*answer.warnings[:MOST_REASONS]]
    return tuple(map(cut, said))


def _name(request: Request) -> str:
    if request.name:
        return f'"name": {quoted(cut(request.name))}'
    return f'"generateName": {quoted(cut(metadata_text(request.object, "generateName")))}'


def told_request(request: Request) -> Request:
    """What the log says of a request, and nothing else of its object."""
    name = {"generateName": metadata_text(request.object, "generateName")}
    return request._replace(object={"metadata": name}, user=cut(request.user), groups=())


def told_answer(answer: Answer) -> Answer:
    """What is counted and logged of an answer that is kept as bytes."""
    logged = answer.findings[:MOST_REASONS]
    counted = [Finding(each.rule, each.severity, "", "") for each in answer.findings]
    counted[: len(logged)] = [
        Finding(each.rule, each.severity, "", cut(each.message)) for each in logged
    ]
    return answer._replace(
        message="" if answer.findings else cut(answer.message),
        operations=_PATCHED if answer.operations else (),
        findings=tuple(counted),
    )
