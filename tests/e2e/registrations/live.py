"""One object of every kind at rest in a namespace, and one request for each row of the table.

Every request is a dry run: the serving process counts those apart, so that what controllers do at
the same time is not in the way.
"""

from typing import Any, NamedTuple

from tests.builders import IMAGE, NAME, Manifest, bare_pod, container, of_kind
from tests.e2e.namespace import MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.manifests.expected_calls import Row
from tests.manifests.objects import KINDS
from tools.cluster.clients import Response

OWN = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "1Gi"}}
MORE = {"requests": {"cpu": "200m"}}
AT_REST: dict[str, Manifest] = {
    "Deployment": {"paused": True, "replicas": 0},
    "StatefulSet": {"replicas": 0},
    "ReplicaSet": {"replicas": 0},
    "ReplicationController": {"replicas": 0},
    "Job": {"suspend": True},
    "CronJob": {"suspend": True},
}
SCHEDULE = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "live", "uid": "0"}
BY_SCHEDULE = {"ownerReferences": [{**SCHEDULE, "controller": True}]}
TARGET = {"apiVersion": "v1", "kind": "Node", "name": "node-1"}
SPEC: dict[str, Any] = {
    "pods": {"activeDeadlineSeconds": 600},
    "pods/ephemeralcontainers": {"ephemeralContainers": [{"name": "debugger", "image": IMAGE}]},
    "pods/resize": {"containers": [{"name": "mcp", "resources": MORE}]},
    "pods/status": {"activeDeadlineSeconds": 600},
    "deployments": {"minReadySeconds": 1},
    "deployments/scale": {"replicas": 1},
}


class Request(NamedTuple):
    """What is asked of the API server."""

    method: str
    resource: str
    body: Any
    form: str = "application/json"

    def ask(self, namespace: Namespace) -> Response:
        """Send it, as a dry run."""
        path = f"{self.resource}?dryRun=All"
        return namespace.raw(self.method, path, self.body, self.form)


def workload(kind: str, name: str, labels: dict[str, str]) -> Manifest:
    """A workload that makes no pod, without labels of its own but for these."""
    made = of_kind(kind, name, labels=labels, nodeSelector={"nobody": "here"})
    if not labels:
        del made["metadata"]["labels"]
    return made | ({"spec": made["spec"] | AT_REST[kind]} if kind in AT_REST else {})


def pod(name: str, labels: dict[str, str]) -> Manifest:
    """A pod with resources, without labels but for these."""
    made = bare_pod(name, labels=labels, containers=[container(resources=OWN)])
    if not labels:
        del made["metadata"]["labels"]
    return made


def populate(namespace: Namespace, labels: dict[str, str]) -> None:
    """Make one object of each kind that is registered, and let the pod run."""
    for kind in sorted({*KINDS.values()} - {"Pod", "Binding", "Scale"}):
        namespace.create(workload(kind, "live", labels))
    namespace.create(pod("live", labels))

    def running() -> bool:
        namespace.release_all()
        return bool(namespace.get("pods/live")["status"].get("phase") == "Running")

    namespace.cluster.wait_for("running pod", running)
    (status,) = namespace.get("pods/live")["status"]["containerStatuses"]
    said = {"status": {"containerStatuses": [{**status, "resources": OWN}]}}
    assert namespace.raw("PATCH", "pods/live/status", said, MERGE_PATCH).status == 200


def request(row: Row, labels: dict[str, str]) -> Request:
    """The request that a row of the table is about."""
    kind = KINDS[row.group, row.resource]
    if kind == "Binding":
        return _binding(row)
    resource, _, subresource = row.resource.partition("/")
    if row.operation == "CREATE":
        made = pod("new", labels) if kind == "Pod" else workload(kind, "new", labels)
        made["metadata"] |= BY_SCHEDULE if row.change == "schedule" else {}
        return Request("POST", resource, made)
    path = f"{resource}/live/{subresource}".rstrip("/")
    changes = {
        "none": {},
        "label": {"metadata": {"labels": {"team": "a"}}},
        "spec": {"spec": SPEC.get(row.resource)},
        "schedule": {"metadata": BY_SCHEDULE},
    }
    form = MERGE_PATCH if kind == "Scale" else STRATEGIC_PATCH
    return Request("PATCH", path, changes[row.change], form)


def _binding(row: Row) -> Request:
    carried: dict[str, Any] = {
        "none": {},
        "label": {"labels": {"team": "a"}},
        "product label": {"labels": {NAME: "live"}},
        "product annotation": {"annotations": {NAME: "live"}},
    }[row.change]
    path = row.resource.replace("pods/", "pods/live/")
    body = {"kind": "Binding", "apiVersion": "v1", "metadata": {"name": "live", **carried}}
    return Request("POST", path, {**body, "target": TARGET})
