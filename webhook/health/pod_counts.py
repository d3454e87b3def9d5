"""How many pods a workload wants, how many of them are ready, and whose a pod is."""

from typing import Any, NamedTuple

Json = dict[str, Any]
POD_HASH = "pod-template-hash"
"""The label of each pod of a Deployment."""


class PodCounts(NamedTuple):
    """`rolled`: every pod is of the present template, and the status is about it."""

    wanted: int
    ready: int
    rolled: bool = True


def pod_counts(found: Json, kind: str) -> PodCounts:
    """The counts of a workload of this kind.

    A CronJob wants no pod itself. A Job wants one until it has ended; one that has succeeded counts
    as ready. What has no status yet has none ready.
    """
    status = found.get("status") or {}
    if kind == "Pod":
        lives = not has_ended(found) and "deletionTimestamp" not in found["metadata"]
        return PodCounts(int(lives), int(is_ready(found)))
    if kind == "CronJob":
        return PodCounts(0, 0)
    if kind == "Job":
        ended = any(_is_true(each, "Complete", "Failed") for each in conditions(found))
        done = (status.get("ready") or 0) + (status.get("succeeded") or 0)
        return PodCounts(0 if ended or found["spec"].get("suspend") else 1, done)
    if kind == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled") or 0, status.get("numberReady") or 0
        return PodCounts(wanted, ready, (status.get("updatedNumberScheduled") or 0) >= wanted)
    return PodCounts(
        found["spec"].get("replicas", 1),
        status.get("readyReplicas") or 0,
        is_observed(found) and _of_one_template(status, kind),
    )


def lacks_pods(found: Json, kind: str) -> bool:
    """Whether fewer pods are there than are wanted, ready or not."""
    key = {"DaemonSet": "currentNumberScheduled", "Job": "active"}.get(kind, "replicas")
    there = (found.get("status") or {}).get(key) or 0
    return bool(there < pod_counts(found, kind).wanted)


def is_observed(found: Json) -> bool:
    """Whether the status is about the present spec."""
    seen = (found.get("status") or {}).get("observedGeneration") or 0
    return int(seen) >= int(found["metadata"].get("generation", 1))


def is_ready(pod: Json) -> bool:
    """Whether a pod has the condition Ready, and is not being deleted."""
    ready = any(_is_true(each, "Ready") for each in conditions(pod))
    return ready and "deletionTimestamp" not in pod["metadata"]


def deployment_name(pod: Json) -> str | None:
    """The Deployment whose ReplicaSet owns a pod, as far as the pod shows it."""
    owner = controller_of(pod)
    if owner is None or owner["kind"] != "ReplicaSet":
        return None
    name, _, ending = str(owner["name"]).rpartition("-")
    return name if ending == (pod["metadata"].get("labels") or {}).get(POD_HASH) else None


def controller_of(found: Json) -> Json | None:
    """The ownerReference to an object's controller; None without one. Anybody can write it."""
    owners = found["metadata"].get("ownerReferences") or []
    return next((each for each in owners if each.get("controller")), None)


def has_ended(pod: Json) -> bool:
    """Whether nothing of a pod runs any more."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def conditions(found: Json) -> list[Json]:
    """The conditions of a status."""
    return (found.get("status") or {}).get("conditions") or []


def condition(found: Json, kind: str) -> Json:
    """The condition of this type; empty without one."""
    return next((each for each in conditions(found) if each.get("type") == kind), {})


def _of_one_template(status: Json, kind: str) -> bool:
    if kind in ("ReplicaSet", "ReplicationController"):
        return True
    return (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0)


def _is_true(found: Json, *kinds: str) -> bool:
    return found.get("type") in kinds and found.get("status") == "True"
