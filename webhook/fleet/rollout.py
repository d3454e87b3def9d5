"""The rollout of a Deployment, by the status that the Deployment's controller writes.

A rollout is done when `kubectl rollout status` says so.
"""

from typing import Any, NamedTuple

from webhook import health

Json = dict[str, Any]
LOOK = "look at its new pods"


class RolloutProgress(NamedTuple):
    """The progress in one line; `stuck` where it does not continue by itself."""

    line: str
    done: bool = False
    stuck: bool = False


def rollout_progress(found: Json) -> RolloutProgress:
    """The progress of the latest template of a Deployment."""
    spec = found["spec"]
    if spec.get("paused"):
        return RolloutProgress("the Deployment is paused: resume it, and pods roll", stuck=True)
    if not health.is_observed(found):
        return RolloutProgress("the Deployment's controller has not seen it yet")
    if health.condition(found, health.PROGRESSING).get("reason") == health.DEADLINE_EXCEEDED:
        seconds = spec.get("progressDeadlineSeconds", 600)
        why = _refusal(found) or LOOK
        return RolloutProgress(f"no progress for {seconds} s: {why}", stuck=True)
    return _counted(spec.get("replicas", 1), found)


def _counted(wanted: int, found: Json) -> RolloutProgress:
    status = found.get("status") or {}
    there, new, ready = (
        status.get(key) or 0 for key in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if new < wanted:
        why = _refusal(found)
        line = f"{new} of {wanted} new pods are there"
        return RolloutProgress(f"{line}: {why}" if why else line)
    if there > new:
        return RolloutProgress(f"old pods that are left: {there - new}")
    if ready < new:
        return RolloutProgress(f"{ready} of {new} new pods are available")
    return RolloutProgress(f"{ready} of {wanted} pods are new and available", done=True)


def _refusal(found: Json) -> str:
    """The API server's reason why no more pods can be created; empty without one."""
    failure = health.condition(found, health.REPLICA_FAILURE)
    return str(failure.get("message") or "") if failure.get("status") == "True" else ""
