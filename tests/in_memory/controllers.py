"""The pods that Kubernetes' own controllers make of a workload, as they ask for them."""

from typing import Any

from tests.in_memory.defaults import copied, template_of

Json = dict[str, Any]

# The kind of the object that owns the pods, and what it is called.
OWNERS = {
    "Deployment": ("ReplicaSet", "{}-7d4b9c6f5"),
    "CronJob": ("Job", "{}-29310915"),
}


def pod_of(workload: Json) -> Json:
    """The pod that the controller of a workload posts."""
    kind, name = OWNERS.get(workload["kind"], (workload["kind"], "{}"))
    owner = name.format(workload["metadata"]["name"])
    template = copied(template_of(workload))
    metadata = template.get("metadata", {})
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": "0-0-0-0-0"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **metadata,
            "generateName": f"{owner}-",
            "ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": True}],
        },
        "spec": template["spec"],
    }


def restarted(deployment: Json, at: str = "2024-05-01T10:00:00Z") -> Json:
    """What `kubectl rollout restart` sends."""
    new = copied(deployment)
    metadata = template_of(new).setdefault("metadata", {})
    metadata.setdefault("annotations", {})["kubectl.kubernetes.io/restartedAt"] = at
    return new
