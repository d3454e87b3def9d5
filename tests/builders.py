"""The objects that people apply: MCP servers that say nothing about security, but for one thing.

Keyword arguments that a builder does not name are fields of the pod's spec. `container` holds
fields of the only container, `asks` the annotations of the product without their prefix.
"""

from collections.abc import Callable, Mapping
from typing import Any

Manifest = dict[str, Any]

PREFIX = "mcp-admission.dev/"
SERVER = PREFIX + "server"
NAME = PREFIX + "name"
INJECTED = PREFIX + "injected"
GATE = PREFIX + "isolation"
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
    asks: Mapping[str, str] | None = None,
    container: Mapping[str, Any] | None = None,
    replicas: int | None = None,
    **spec: Any,
) -> Manifest:
    """A Deployment, labelled on itself alone."""
    app = {"app": name}
    template = {"metadata": {"labels": app}, "spec": _pod_spec(container, spec)}
    counted = {} if replicas is None else {"replicas": replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(name, labels, annotations, asks),
        "spec": {**counted, "selector": {"matchLabels": app}, "template": template},
    }


def bare_pod(
    name: str = "github-tools",
    *,
    labels: Mapping[str, str] = OPTED_IN,
    annotations: Mapping[str, str] | None = None,
    asks: Mapping[str, str] | None = None,
    container: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Manifest:
    """A Pod without an owner."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(name, labels, annotations, asks),
        "spec": _pod_spec(container, spec),
    }


SERVERS: Mapping[str, Callable[..., Manifest]] = {"Deployment": server, "Pod": bare_pod}


def in_context(**fields: Any) -> Manifest:
    """A Deployment whose container has these fields in its security context."""
    return server(container={"securityContext": fields})


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


def _metadata(
    name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None,
    asks: Mapping[str, str] | None,
) -> Manifest:
    asked = {PREFIX + key: value for key, value in (asks or {}).items()}
    metadata: Manifest = {"name": name, "labels": dict(labels)}
    if annotations or asked:
        metadata["annotations"] = {**(annotations or {}), **asked}
    return metadata


def _pod_spec(fields: Mapping[str, Any] | None, spec: Manifest) -> Manifest:
    return {"containers": [container(**(fields or {}))], **spec}


def _spec(kind: str, app: Manifest, template: Manifest) -> Manifest:
    if kind == "CronJob":
        return {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    if kind == "Job":
        return {"template": template}
    if kind == "ReplicationController":
        return {"selector": app, "template": template}
    more = {"serviceName": "none"} if kind == "StatefulSet" else {}
    return {**more, "selector": {"matchLabels": app}, "template": template}
