"""What is told of a review: the metrics that count it, and the line in the log.

A line says which object was reviewed and what became of it, for a person with the uid in hand.
Most reviews change nothing and object to nothing: their lines are for `--log-level debug`. A line
is written as text, piece by piece: dict, record and JSON of it took a fifth of a request's time.
So are those about the pods of the controller's probe, and no findings of theirs are counted.
"""

import json
import logging

from webhook import names
from webhook.admission import Request, Scope
from webhook.observe.logs import PreparedRecord, cut, failure, quoted
from webhook.observe.metrics import Metrics, Review
from webhook.server.admission_review import metadata_text
from webhook.server.decision import Decision

LOG = logging.getLogger(__name__)
UNREMARKABLE = ("allowed", "not-covered")


def record_decision(
    request: Request, scope: Scope, decision: Decision, seconds: float, metrics: Metrics
) -> None:
    """Count a decision and log it: which object it is about, and nothing of its content.

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
        LOG.handle(PreparedRecord(LOG.name, level, "review", fields))


def _fields(request: Request, review: Review, decision: Decision, seconds: float) -> str:
    """The fields of a line as JSON, in an order that stays."""
    rules = dict.fromkeys(finding.rule for finding in decision.answer.findings)
    fields = (
        f'"hook": "{review.hook}", "scope": "{review.scope}", '
        f'"operation": {quoted(cut(review.operation))}, "kind": {quoted(cut(review.kind))}, '
        f'"namespace": {quoted(cut(request.namespace))}, {_name(request)}, '
        f'"uid": {quoted(cut(request.uid))}, "decision": "{review.decision}", '
        f'"rules": [{", ".join(map(quoted, rules))}], '
        f'"dry_run": {"true" if review.dry_run else "false"}, "seconds": {round(seconds, 6)!r}'
    )
    if decision.beside:
        fields += ', "settings": "accepted"'
    if decision.error:
        fields += f", {json.dumps(failure(decision.error))[1:-1]}"
    return fields


def _name(request: Request) -> str:
    if request.name:
        return f'"name": {quoted(cut(request.name))}'
    return f'"generateName": {quoted(cut(metadata_text(request.object, "generateName")))}'
