"""What each reason of a cause means, and its id in reports.

Events and causes have CamelCase words, as Kubernetes does. Reports write the same word as an id,
like the ids of rules: `QuotaExceeded` is `quota-exceeded`.
"""

import re
from collections.abc import Mapping

CONTRADICTS = "Contradicts"
CAUSES: Mapping[str, str] = {
    "AccessRefused": "the settings do not allow what it asks to reach, or who may reach it",
    "AnnotationContradicts": "workload and pod template have different values of an annotation",
    "ConfigMapKeyMissing": "a ConfigMap lacks a key that a container asks for",
    "ConfigMapMissing": "a ConfigMap that a container asks for does not exist",
    "ConfigMissing": "the Secret that config-from names does not exist",
    "ConfigRefused": "the Secret of config-from lacks a key, or holds what cannot be copied",
    "ContainerMissing": "the annotation for the server container names none",
    "ContainerNotStarted": "the kubelet cannot start a container",
    "CrashLoop": "a container ends again and again",
    "ImageNotPulled": "an image cannot be pulled",
    "InvalidImage": "an image has a name that is none",
    "LimitRangeExceeded": "a LimitRange of the namespace refuses its pods",
    "NamespaceTerminating": "its namespace is being deleted",
    "NoPodReady": "pods are wanted, and none is ready",
    "PodInvalid": "the API server finds its pods invalid",
    "PodSecurityRefused": "Pod Security of the namespace refuses its pods",
    "PodsRefused": "the API server refuses its pods",
    "PolicyRefused": "a ValidatingAdmissionPolicy refuses its pods",
    "PortUnknown": "no port is declared that its Service could lead to",
    "PriorityClassMissing": "the priority class of its pods does not exist",
    "QuotaExceeded": "a quota of the namespace has no room for its pods",
    "RolloutPaused": "its rollout is paused, and no pod is ready",
    "RolloutTimedOut": "its rollout made no progress before its deadline",
    "RuntimeClassMissing": "the runtime class of its pods does not exist",
    "SchedulingGated": "a scheduling gate holds its pods",
    "SecretKeyMissing": "a Secret lacks a key that a container asks for",
    "SecretMissing": "a Secret that its pods need does not exist",
    "ServiceAccountMissing": "the ServiceAccount of its pods does not exist",
    "Unschedulable": "no node has room for its pods",
    "WebhookRefused": "an admission webhook refuses its pods",
    "WebhookUnreachable": "an admission webhook that must see its pods does not answer",
}
"""The reasons that a cause may have. Those about an annotation begin with its name instead."""


def cause_id(reason: str) -> str:
    """The id of a reason in reports."""
    if reason.endswith(CONTRADICTS):
        reason = f"Annotation{CONTRADICTS}"
    return re.sub(r"(?<!^)(?=[A-Z])", "-", reason).lower()
