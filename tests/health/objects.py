"""Workloads and pods as the API server has them, with statuses of Kubernetes' own."""

from typing import Any

Json = dict[str, Any]
SINCE = "2026-03-01T10:00:00Z"


def condition(kind: str, status: str = "True", **fields: str) -> Json:
    return {"type": kind, "status": status, "lastTransitionTime": SINCE, **fields}


def progressing(reason: str, status: str = "True") -> Json:
    return condition("Progressing", status, reason=reason, message=f"{reason}!")


def replica_failure(message: str) -> Json:
    return condition("ReplicaFailure", reason="FailedCreate", message=message)


def deployment(*conditions: Json, ready: int = 0, updated: int = 0, **spec: Any) -> Json:
    """One whose status is about its present spec; `updated` of its pods are of its template."""
    return {
        "metadata": {"name": "web", "namespace": "tools", "generation": 3},
        "spec": {"replicas": 1, **spec},
        "status": {
            "observedGeneration": 3,
            "replicas": max(ready, updated),
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "conditions": list(conditions),
        },
    }


def pod(*conditions: Json, spec: Json | None = None, **status: Any) -> Json:
    return {
        "metadata": {"name": "web-5c9d-x1", "namespace": "tools", "creationTimestamp": SINCE},
        "spec": spec or {},
        "status": {"phase": "Pending", "conditions": list(conditions), **status},
    }


def waiting(reason: str, message: str = "", **fields: Any) -> Json:
    """The status of a container that the kubelet has not started."""
    said = {"reason": reason, "message": message}
    return {"name": "mcp", "image": "mcp:1", "ready": False, "state": {"waiting": said}, **fields}
