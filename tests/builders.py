"""The objects that people apply: MCP servers that say nothing about security."""

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]

SERVER = "mcp-admission.dev/server"
NAME = "mcp-admission.dev/name"
INJECTED = "mcp-admission.dev/injected"
GATE = "mcp-admission.dev/isolation"
OPTED_IN: Mapping[str, str] = {SERVER: "true"}
NOT_LABELLED: Mapping[str, str] = {}
IMAGE = "registry.example/mcp:1"

KINDS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
    "PodTemplate": "v1",
}


def container(**fields: Any) -> Manifest:
    """A container without any opinion, but for these fields."""
    return {"name": "mcp", "image": IMAGE, **fields}


def server(
    name: str = "github-tools",
    *,
    labels: Mapping[str, str] = OPTED_IN,
    annotations: Mapping[str, str] | None = None,
    replicas: int | None = None,
    **spec: Any,
) -> Manifest:
    """A Deployment, labelled on itself alone; keyword arguments are fields of its pods."""
    app = {"app": name}
    template = {
        "metadata": {"labels": app},
        "spec": {"containers": [container()], **spec},
    }
    counted = {} if replicas is None else {"replicas": replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": dict(labels),
            "annotations": dict(annotations or {}),
        },
        "spec": {**counted, "selector": {"matchLabels": app}, "template": template},
    }


def bare_pod(
    name: str = "github-tools", *, labels: Mapping[str, str] = OPTED_IN, **spec: Any
) -> Manifest:
    """A Pod that nobody owns."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {"containers": [container()], **spec},
    }


def of_kind(
    kind: str,
    name: str = "github-tools",
    *,
    labels: Mapping[str, str] = OPTED_IN,
    **spec: Any,
) -> Manifest:
    """A workload of any kind that makes pods, labelled on itself and on its pod template."""
    app = {"app": name}
    template: Manifest = {
        "metadata": {"labels": {**app, **labels}},
        "spec": {"containers": [container()], **spec},
    }
    if kind in {"Job", "CronJob"}:
        template["spec"].setdefault("restartPolicy", "Never")
    found: Manifest = {
        "apiVersion": KINDS[kind],
        "kind": kind,
        "metadata": {"name": name, "labels": dict(labels)},
    }
    if kind == "PodTemplate":
        return {**found, "template": template}
    return {**found, "spec": _spec(kind, app, template)}


def _spec(kind: str, app: Manifest, template: Manifest) -> Manifest:
    if kind == "CronJob":
        return {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    if kind == "Job":
        return {"template": template}
    if kind == "ReplicationController":
        return {"selector": app, "template": template}
    more = {"serviceName": "none"} if kind == "StatefulSet" else {}
    return {**more, "selector": {"matchLabels": app}, "template": template}
