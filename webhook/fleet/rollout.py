"""The rollout of a Deployment, by the status that the Deployment's controller writes.

A rollout is done when `kubectl rollout status` says so.
"""

from typing import Any, NamedTuple

Json = dict[str, Any]
DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
REPLICA_FAILURE = "ReplicaFailure"
LOOK = "look at its new pods"


class RolloutProgress(NamedTuple):
    """The progress in one line; `stuck` where it does not continue by itself."""

    line: str
    done: bool = False
    stuck: bool = False


def rollout_progress(found: Json) -> RolloutProgress:
    """The progress of the latest template of a Deployment."""
    spec, status = found["spec"], found.get("status") or {}
    if spec.get("paused"):
        return RolloutProgress("the Deployment is paused: resume it, and pods roll", stuck=True)
    if (status.get("observedGeneration") or 0) < found["metadata"].get("generation", 1):
        return RolloutProgress("the Deployment's controller has not seen it yet")
    if _timed_out(status):
        seconds = spec.get("progressDeadlineSeconds", 600)
        why = _refusal(status) or LOOK
        return RolloutProgress(f"no progress for {seconds} s: {why}", stuck=True)
    return _counted(spec.get("replicas", 1), status)


def _counted(wanted: int, status: Json) -> RolloutProgress:
    there, new, ready = (
        status.get(key) or 0 for key in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if new < wanted:
        why = _refusal(status)
        line = f"{new} of {wanted} new pods are there"
        return RolloutProgress(f"{line}: {why}" if why else line)
    if there > new:
        return RolloutProgress(f"old pods that are left: {there - new}")
    if ready < new:
        return RolloutProgress(f"{ready} of {new} new pods are available")
    return RolloutProgress(f"{ready} of {wanted} pods are new and available", done=True)


def _refusal(status: Json) -> str:
    """The API server's reason why no more pods can be created; empty without one."""
    return next(
        (
            str(each.get("message") or "")
            for each in status.get("conditions") or []
            if each.get("type") == REPLICA_FAILURE and each.get("status") == "True"
        ),
        "",
    )


def _timed_out(status: Json) -> bool:
    """Whether the Deployment's controller has given up waiting."""
    return any(each.get("reason") == DEADLINE_EXCEEDED for each in status.get("conditions") or [])
