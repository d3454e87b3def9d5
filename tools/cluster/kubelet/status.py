"""The status of a pod, as a kubelet writes it."""

from typing import Any

from tools.cluster.kubelet.running import now

Json = dict[str, Any]

HOST = "192.0.2.1"


def of_pod(pod: Json, address: str, phase: str, containers: list[Json]) -> Json:
    """The whole of it; conditions keep the time since when they are as they are."""
    ready = bool(containers) and all(each["ready"] for each in containers)
    started = bool(containers)
    wanted = {
        "PodReadyToStartContainers": started,
        "Initialized": True,
        "Ready": ready,
        "ContainersReady": ready,
    }
    before = {each["type"]: each for each in pod["status"].get("conditions") or []}
    others = [each for kind, each in before.items() if kind not in wanted]
    status = {
        "phase": phase,
        "conditions": [*others, *(_condition(kind, wanted[kind], before) for kind in wanted)],
        "hostIP": HOST,
        "hostIPs": [{"ip": HOST}],
        "startTime": pod["status"].get("startTime") or now(),
        "containerStatuses": containers,
    }
    if started:
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    return status


def of_others(pod: Json, address: str) -> Json:
    """Of a pod whose containers are said to run."""
    containers = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": each["image"],
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": now()}},
        }
        for each in pod["spec"]["containers"]
    ]
    return of_pod(pod, address, "Running", containers)


def _condition(kind: str, holds: bool, before: dict[str, Json]) -> Json:
    status = "True" if holds else "False"
    known = before.get(kind, {})
    same = known.get("status") == status
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": known["lastTransitionTime"] if same else now(),
    }
