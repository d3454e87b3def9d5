"""How far a rollout is, from what the Deployment's controller has written into the status.

It is done where `kubectl rollout status` takes it for done.
"""

from typing import Any, NamedTuple

Json = dict[str, Any]
DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
REPLICA_FAILURE = "ReplicaFailure"


class Progress(NamedTuple):
    """One line that says how far it is; `stuck` where it does not go on by itself."""

    line: str
    done: bool = False
    stuck: bool = False


def progress(found: Json) -> Progress:
    """How far the latest template of a Deployment is rolled out."""
    spec, status = found["spec"], found.get("status") or {}
    if spec.get("paused"):
        return Progress("the Deployment is paused: resume it, and pods roll", stuck=True)
    if (status.get("observedGeneration") or 0) < found["metadata"].get("generation", 1):
        return Progress("the Deployment's controller has not seen it yet")
    if _timed_out(status):
        seconds = spec.get("progressDeadlineSeconds", 600)
        why = _refusal(status) or "look at its new pods"
        return Progress(f"no progress for {seconds} s: {why}", stuck=True)
    return _counted(spec.get("replicas", 1), status)


def _counted(wanted: int, status: Json) -> Progress:
    there, new, ready = (
        status.get(key) or 0 for key in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if new < wanted:
        why = _refusal(status)
        return Progress(f"{new} of {wanted} new pods are there{why and f': {why}'}")
    if there > new:
        return Progress(f"old pods that are left: {there - new}")
    if ready < new:
        return Progress(f"{ready} of {new} new pods are available")
    return Progress(f"{ready} of {wanted} pods are new and available", done=True)


def _refusal(status: Json) -> str:
    """Why no more pods can be made, in the words of the API server; empty where they can."""
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
