"""The pods that Kubernetes' own controllers make of a workload, as they ask for them."""

import re
from collections.abc import Iterable
from typing import Any

from tests.in_memory.defaults import copied, template_of

Json = dict[str, Any]

# The kind of the object that owns the pods, and what it is called.
OWNERS = {
    "Deployment": ("ReplicaSet", "{}-7d4b9c6f5"),
    "CronJob": ("Job", "{}-29310915"),
}


# What a pod is given at its creation, because Kubernetes may have added something there.
_GIVEN = re.compile(
    r"/spec/((c|initC)ontainers/\d+/resources|tolerations|nodeSelector|imagePullSecrets)\b"
)


def beside_given(operations: Iterable[Json]) -> set[str]:
    """The places of a pod's patch, without what every new pod of a template is given."""
    return {told["path"] for told in operations if not _GIVEN.match(told["path"])}


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


def job_of(cron_job: Json, run: str) -> Json:
    """The Job that the controller, or `kubectl create job --from`, posts for one run."""
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cron_job["metadata"]["name"]}
    return {
        "kind": "Job",
        "metadata": {
            "name": run,
            "ownerReferences": [{**owner, "uid": "0-0", "controller": True}],
        },
        "spec": copied(cron_job["spec"]["jobTemplate"]["spec"]),
    }


def restarted(deployment: Json, at: str = "2024-05-01T10:00:00Z") -> Json:
    """What `kubectl rollout restart` sends."""
    new = copied(deployment)
    metadata = template_of(new).setdefault("metadata", {})
    metadata.setdefault("annotations", {})["kubectl.kubernetes.io/restartedAt"] = at
    return new
