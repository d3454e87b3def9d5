"""Minimal objects of every registered kind, written without the product's own tables."""

from typing import Any

Json = dict[str, Any]

OPT_IN = "mcp-admission.dev/server"
KINDS = {
    ("", "pods"): "Pod",
    ("", "pods/ephemeralcontainers"): "Pod",
    ("", "pods/resize"): "Pod",
    ("", "pods/status"): "Pod",
    ("", "bindings"): "Binding",
    ("", "pods/binding"): "Binding",
    ("", "podtemplates"): "PodTemplate",
    ("", "replicationcontrollers"): "ReplicationController",
    ("apps", "deployments"): "Deployment",
    ("apps", "deployments/scale"): "Scale",
    ("apps", "statefulsets"): "StatefulSet",
    ("apps", "daemonsets"): "DaemonSet",
    ("apps", "replicasets"): "ReplicaSet",
    ("batch", "jobs"): "Job",
    ("batch", "cronjobs"): "CronJob",
}
POD_SPEC = {"containers": [{"name": "main", "image": "example.org/tools:1"}]}


def body(kind: str, own: Json | None = None, template: Json | None = None) -> Json:
    """Build one object with its own labels and those of its pod template."""
    head: Json = {"kind": kind, "metadata": {"name": "github-tools"} | _labels(own)}
    pod_template = {"metadata": _labels(template), "spec": POD_SPEC}
    match kind:
        case "Pod":
            return head | {"spec": POD_SPEC}
        case "Binding":
            return head | {"target": {"kind": "Node", "name": "n"}}
        case "Scale":
            return head | {"spec": {"replicas": 1}}
        case "PodTemplate":
            return head | {"template": pod_template}
        case "CronJob":
            return head | {"spec": {"jobTemplate": {"spec": {"template": pod_template}}}}
        case _:
            return head | {"spec": {"template": pod_template}}


def with_labels(document: Json, labels: Json) -> Json:
    metadata = document["metadata"]
    return document | {"metadata": metadata | {"labels": metadata.get("labels", {}) | labels}}


def with_annotations(document: Json, annotations: Json) -> Json:
    return document | {"metadata": document["metadata"] | {"annotations": annotations}}


def _labels(labels: Json | None) -> Json:
    return {"labels": labels} if labels else {}
