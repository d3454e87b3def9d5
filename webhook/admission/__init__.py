"""One review, from request to answer: a pure function without HTTP, files or clocks."""

from webhook.admission.answer import (
    LONGEST_WARNING,
    MALFORMED,
    PODS_REFUSED,
    Answer,
    Finding,
    Severity,
    advice,
    line,
)
from webhook.admission.budget import SMALL
from webhook.admission.coverage import callers_of_pods, covered, labelled, pods_covered
from webhook.admission.drift import (
    CURRENT,
    OUT_OF_DATE,
    REFUSED,
    STATES,
    UNPROTECTED,
    Change,
    Drift,
    as_created,
    changes,
    drift_of,
    drift_of_pod,
)
from webhook.admission.handler import review
from webhook.admission.mode import PODS_WOULD_BE_REFUSED, WOULD_BE_REFUSED
from webhook.admission.workload import (
    DEPLOYMENTS,
    KINDS,
    PODS,
    Hook,
    Request,
    Scope,
    Workload,
    stored,
)
from webhook.admission.workload_name import draft_command
from webhook.rules.pod_security_refusals import pod_security_refusals

__all__ = [
    "CURRENT",
    "DEPLOYMENTS",
    "KINDS",
    "LONGEST_WARNING",
    "MALFORMED",
    "OUT_OF_DATE",
    "PODS",
    "PODS_REFUSED",
    "PODS_WOULD_BE_REFUSED",
    "REFUSED",
    "SMALL",
    "STATES",
    "UNPROTECTED",
    "WOULD_BE_REFUSED",
    "Answer",
    "Change",
    "Drift",
    "Finding",
    "Hook",
    "Request",
    "Scope",
    "Severity",
    "Workload",
    "advice",
    "as_created",
    "callers_of_pods",
    "changes",
    "covered",
    "draft_command",
    "drift_of",
    "drift_of_pod",
    "labelled",
    "line",
    "pod_security_refusals",
    "pods_covered",
    "review",
    "stored",
]
