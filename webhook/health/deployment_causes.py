"""Why a Deployment does not run, by its status alone.

Its controller writes the conditions. ReplicaFailure quotes why no pod can be created. Progressing
says whether a rollout is under way: while it is, a Deployment without a ready pod is none that does
not run. Available says since when too few pods have been ready.
"""

from collections.abc import Iterator
from typing import Any

from webhook.health.pod_counts import condition, is_observed, pod_counts
from webhook.health.refused_pods import refused_pods_cause
from webhook.health.server_state import NOT_RUNNING, Cause, in_one_line, weighed

Json = dict[str, Any]
REPLICA_FAILURE, PROGRESSING, AVAILABLE = "ReplicaFailure", "Progressing", "Available"
DEADLINE_EXCEEDED, COMPLETE = "ProgressDeadlineExceeded", "NewReplicaSetAvailable"


def deployment_causes(found: Json) -> tuple[Cause, ...]:
    """The causes that the status of a Deployment shows.

    None of one that wants no pod, and none where the status is about an older spec: what it says
    may be mended by now.
    """
    counts = pod_counts(found, "Deployment")
    if not counts.wanted or not is_observed(found):
        return ()
    refused = tuple(refused_pods(found, "Deployment"))
    return weighed(refused or _unexplained(found, counts.ready), counts)


def refused_pods(found: Json, called: str) -> Iterator[Cause]:
    """Why no more pods of what is `called` so can be created, as its controller quotes it."""
    failure = condition(found, REPLICA_FAILURE)
    if failure.get("status") == "True":
        yield refused_pods_cause(
            str(failure.get("message") or failure.get("reason") or ""),
            _seen(called, REPLICA_FAILURE),
            failure.get("lastTransitionTime") or "",
        )


def _unexplained(found: Json, ready: int) -> Iterator[Cause]:
    """That no pod is ready, where no rollout is under way that may change it."""
    progress = condition(found, PROGRESSING)
    reason, status = progress.get("reason"), progress.get("status")
    if reason == DEADLINE_EXCEEDED:
        yield _cause("RolloutTimedOut", found, PROGRESSING)
    elif ready:
        return
    elif found["spec"].get("paused"):
        yield _cause("RolloutPaused", found, PROGRESSING)
    elif reason == COMPLETE and status == "True":
        yield _cause("NoPodReady", found, AVAILABLE)


def _cause(reason: str, found: Json, kind: str) -> Cause:
    shown = condition(found, kind)
    message = in_one_line(str(shown.get("message") or shown.get("reason") or "no pod is ready"))
    since = shown.get("lastTransitionTime") or ""
    return Cause(NOT_RUNNING, reason, message, _seen("Deployment", kind), since=since)


def _seen(called: str, shown: str) -> str:
    return f"{called} status.conditions[{shown}]"
