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


REMEDIES: Mapping[str, str] = {
    "ConfigMapKeyMissing": "add the key to the ConfigMap, or name another one",
    "ConfigMapMissing": "create the ConfigMap, or correct its name",
    "ContainerNotStarted": "correct what the kubelet objects to",
    "CrashLoop": "`kubectl logs --previous` shows how it ended",
    "ImageNotPulled": "correct the image, or give the pod the credentials of its registry",
    "InvalidImage": "correct the name of the image",
    "LimitRangeExceeded": "ask for what the LimitRange allows, or change it",
    "NamespaceTerminating": "deploy it in another namespace",
    "NoPodReady": "`kubectl describe` shows the conditions of its pods",
    "PodInvalid": "correct the field that is named",
    "PodSecurityRefused": "remove what violates the level, or lower that of the namespace",
    "PodsRefused": "correct what is refused, or ask whoever refuses it",
    "PolicyRefused": "correct what the policy refuses, or ask whoever wrote it",
    "PriorityClassMissing": "create the priority class, or correct its name",
    "QuotaExceeded": "free or raise the quota",
    "RolloutPaused": "`kubectl rollout resume` continues it",
    "RolloutTimedOut": "`kubectl describe` shows what its pods wait for",
    "RuntimeClassMissing": "create the runtime class, or set the one that nodes have",
    "SchedulingGated": "look at whoever opens the gates that are named",
    "SecretKeyMissing": "add the key to the Secret, or name another one",
    "SecretMissing": "create the Secret, or correct its name",
    "ServiceAccountMissing": "create the ServiceAccount, or correct its name",
    "Unschedulable": "let a node fit the pod, or ask for less",
    "WebhookRefused": "correct what the webhook refuses, or ask whoever runs it",
    "WebhookUnreachable": "let the webhook answer again",
}
"""How to mend what a cause says; the messages of the others say it themselves."""


def cause_id(reason: str) -> str:
    """The id of a reason in reports."""
    if reason.endswith(CONTRADICTS):
        reason = f"Annotation{CONTRADICTS}"
    return re.sub(r"(?<!^)(?=[A-Z])", "-", reason).lower()
