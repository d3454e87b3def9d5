"""A server takes no place from pods that run already.

Field    spec.priorityClassName of a new pod and of every template; spec.priority of a new pod
Absent   nothing; Kubernetes fills in the cluster's default class before the webhook is asked
Refused  a class whose name begins with system-, and a class that preempts, unless the setting
         priorityClasses.allowed lists it or Kubernetes filled it in; a warning where a template
         names a class that is not listed, because only its pods say whether the class preempts; a
         priority above 0 without a class
Source   KEP-902 NonPreemptingPriority: the Priority admission plugin sets preemptionPolicy from the
         class and refuses another value; metadata.managedFields names the fields that were written
"""

from collections.abc import Sequence
from typing import Any

from webhook.rules.rule import Pod, PodRule, Settings, Violation

KEY = "priorityClassName"
SYSTEM = "system-"
_CHOICE = ": choose a class of priorityClasses.allowed, one that never preempts, or none"


def check(pod: Pod, settings: Settings) -> Sequence[Violation]:
    """Refuse a class that may preempt others; a live pod keeps the one that it has."""
    if not (pod.origin.creating or pod.origin.template):
        return ()
    name = pod.spec.get(KEY)
    if not name:
        return _without_class(pod)
    return () if name in settings.priority_classes.allowed else _unlisted(pod, name)


def _unlisted(pod: Pod, name: Any) -> Sequence[Violation]:
    never = pod.spec.get("preemptionPolicy") == "Never"
    if not isinstance(name, str) or name.startswith(SYSTEM):
        return [pod.violation(KEY, "must not be a class of the system", detail=_CHOICE)]
    if never:
        return ()
    if pod.origin.template:
        detail = ": list it in priorityClasses.allowed if it preempts"
        return [pod.violation(KEY, "may be refused to its pods", detail=detail, advice=True)]
    if _filled_in(pod):
        return ()
    return [pod.violation(KEY, "must not preempt other pods", detail=_CHOICE)]


def _without_class(pod: Pod) -> Sequence[Violation]:
    priority = pod.spec.get("priority")
    if priority is None or (type(priority) is int and priority <= 0) or not pod.origin.new_pod:
        return ()
    return [pod.violation("priority", "must be left to the priority class")]


def _filled_in(pod: Pod) -> bool:
    """Whether the class is the cluster's default, because nobody wrote it.

    The API server records what was written before admission fills in anything, whatever a client
    says about it; where there is no record, the class counts as written.
    """
    entries = pod.metadata.list("managedFields")
    return bool(entries) and not any(map(_writes_class, entries))


def _writes_class(entry: Any) -> bool:
    fields = entry.get("fieldsV1") if isinstance(entry, dict) else None
    spec = fields.get("f:spec", {}) if isinstance(fields, dict) else None
    return not isinstance(spec, dict) or f"f:{KEY}" in spec


RULE: PodRule = PodRule(id="priority-class", check=check, overridable=False)
