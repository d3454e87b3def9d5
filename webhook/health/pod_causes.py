"""Why a pod does not run, by its status: what the scheduler and the kubelet say.

A pod that is ready has no cause, nor has one that has ended or is being deleted. A container that
is being created has none either: a volume whose Secret is missing shows as that for ever, which
`missing_parts` finds by what exists.
"""

import re
from collections.abc import Iterator
from typing import Any

from webhook import names
from webhook.health.pod_counts import condition, is_ready, pod_counts
from webhook.health.server_state import INCOMPLETE, NOT_RUNNING, Cause, in_one_line

Json = dict[str, Any]
STATUSES = ("initContainerStatuses", "containerStatuses")
NOT_PULLED = frozenset(
    (
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    )
)
CRASH_LOOP = "CrashLoopBackOff"
BEGINNING = frozenset(("ContainerCreating", "PodInitializing", ""))
MOST_RESTARTS_BY_CHANCE = 1

# An image of this name or a platform of it does not exist; credentials and networks come and go.
_NO_IMAGE = re.compile(r"not found|manifest unknown|does not exist|no match for platform")
_NOT_THERE = (
    (re.compile(r"couldn't find key \S+ in Secret \S+"), "SecretKeyMissing"),
    (re.compile(r"couldn't find key \S+ in ConfigMap \S+"), "ConfigMapKeyMissing"),
    (re.compile(r'secret "[^"]*" not found'), "SecretMissing"),
    (re.compile(r'configmap "[^"]*" not found'), "ConfigMapMissing"),
)
# The names and the uid of a pod are others in each pod, and say nothing.
_OF_POD = re.compile(r' \(pod: "[^"]*", container: [^)]*\)| pod=\S+$')


def pod_causes(pod: Json) -> tuple[Cause, ...]:
    """The causes that the status of a pod shows."""
    if not pod_counts(pod, "Pod").wanted or is_ready(pod):
        return ()
    waits = _not_scheduled(pod)
    return (waits,) if waits else tuple(_not_started(pod))


def _not_scheduled(pod: Json) -> Cause | None:
    shown = condition(pod, "PodScheduled")
    reason, message = shown.get("reason"), str(shown.get("message") or "")
    if shown.get("status") != "False" or reason not in ("SchedulingGated", "Unschedulable"):
        return None
    final = reason == "Unschedulable" and _is_unsatisfiable(message)
    if reason == "SchedulingGated":
        message = _gated(pod, message)
    since = shown.get("lastTransitionTime") or pod["metadata"].get("creationTimestamp") or ""
    seen = f"pod {pod['metadata']['name']} status.conditions[PodScheduled]"
    return Cause(NOT_RUNNING, reason, in_one_line(message), seen, final, since)


def _gated(pod: Json, message: str) -> str:
    """Which gates hold it; who opens ours is said, because nobody else knows."""
    held = [str(each.get("name")) for each in pod["spec"].get(names.GATES) or []]
    said = f"{message or 'held by scheduling gates'}: {', '.join(held[:5])}"
    if names.GATE in held:
        said += " (`mcp-admission control` opens it once the network policy is in force)"
    return said


def _is_unsatisfiable(message: str) -> bool:
    """Whether no node that is there is large enough; taints may go, pods may give way."""
    return (
        "Insufficient " in message
        and "Preemption is not helpful" in message
        and "No preemption victims" not in message
        and "taint" not in message
    )


def _not_started(pod: Json) -> Iterator[Cause]:
    since = pod["metadata"].get("creationTimestamp") or ""
    for statuses in STATUSES:
        for status in (pod.get("status") or {}).get(statuses) or []:
            if status.get("ready"):
                continue
            seen = f"pod {pod['metadata']['name']} status.{statuses}[{status.get('name')}]"
            cause = _waiting(status, seen) or _crashing(status, seen)
            if cause is not None:
                yield cause._replace(since=since)


def _waiting(status: Json, seen: str) -> Cause | None:
    """Why the kubelet has not started a container."""
    waiting = (status.get("state") or {}).get("waiting") or {}
    said, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    if said in BEGINNING or said == CRASH_LOOP:
        return None
    quote = in_one_line(_OF_POD.sub("", message)) or said
    if said == "InvalidImageName":
        return Cause(NOT_RUNNING, "InvalidImage", quote, seen, final=True)
    if said in NOT_PULLED:
        return _not_pulled(status, said, message, seen)
    for pattern, reason in _NOT_THERE:
        found = pattern.search(message)
        if found:
            return Cause(INCOMPLETE, reason, found.group(), seen)
    # Its user does not change by waiting.
    final = "runAsNonRoot" in message
    return Cause(NOT_RUNNING, "ContainerNotStarted", f"{said}: {quote}", seen, final)


def _not_pulled(status: Json, said: str, message: str, seen: str) -> Cause:
    """Attempts and pauses between them say the same in turns; it is worded alike in both."""
    final = said == "ErrImageNeverPull" or _NO_IMAGE.search(message) is not None
    detail = message.partition(": ErrImagePull: ")[2] if said == "ImagePullBackOff" else message
    quote = in_one_line(f"image {status.get('image')} is not pulled: {detail or said}")
    return Cause(NOT_RUNNING, "ImageNotPulled", quote, seen, final)


def _crashing(status: Json, seen: str) -> Cause | None:
    """A container that ended again and again, also while it runs for a moment in between.

    What it wrote as its last message is not quoted: it may say anything.
    """
    state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated") or {}
    waits = (state.get("waiting") or {}).get("reason") == CRASH_LOOP
    if not waits and (status.get("restartCount") or 0) <= MOST_RESTARTS_BY_CHANCE:
        return None
    ended = state.get("terminated") or last
    if not waits and not ended:
        return None
    how = f"{ended.get('reason') or 'Error'}, exit code {ended.get('exitCode')}" if ended else "?"
    message = f"container {status.get('name')} ends again and again, the last time with {how}"
    return Cause(NOT_RUNNING, "CrashLoop", in_one_line(message), seen)
