"""What is no MCP server, and what its author may have meant to be one.

A label that is misspelled, or written as an annotation, opts nothing in.
"""

from collections.abc import Iterable
from itertools import islice

from webhook import names
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow
from webhook.admission.enforcement import MOST_OBJECTIONS
from webhook.admission.workload import Workload
from webhook.pods import keys
from webhook.pods.fields import Violation
from webhook.rules.checks import identity


def uncovered(workload: Workload) -> Answer:
    """Leave the object alone, with a warning where a label of ours is not where it counts."""
    pod, origin = workload.head, workload.head.origin
    annotations = [workload.annotations, pod.annotations] if origin.template else [pod.annotations]
    found = [] if workload.labels is pod.labels else _first(identity.unread(workload.labels))
    found += _first(identity.unread(pod.labels))
    found += [
        each.violation(key, str(keys.unread_annotation(key)), advice=True)
        for each in annotations
        for key in names.LABELS
        if each.has(key)
    ]
    return allow(_warnings(found))._replace(covered=False) if found else NOT_COVERED


def unread_labels(workload: Workload) -> list[Finding]:
    """Warnings about labels on the workload itself that nobody reads; rules see those of pods."""
    return _warnings(_first(identity.unread(workload.labels)))


def _first(violations: Iterable[Violation]) -> list[Violation]:
    """As many as are told of one rule: what is meant by each key takes a while to find out."""
    return list(islice(violations, MOST_OBJECTIONS))


def _warnings(violations: Iterable[Violation]) -> list[Finding]:
    return [
        Finding(identity.RULE.id, Severity.WARNING, violation.pointer, violation.message)
        for violation in violations
    ]
