"""Servers that say nothing about what the page decides, but for one thing at a time."""

from typing import Any

Json = dict[str, Any]
PREFIX = "mcp-admission.dev/"
KINDS = ("Deployment", "Pod")


def server(
    kind: str = "Deployment",
    *,
    asks: dict[str, str] | None = None,
    container: Json | None = None,
    replicas: int | None = None,
    name: str = "github-tools",
    **spec: Any,
) -> Json:
    """A labelled server.

    `asks` are the product's annotations, `container` holds fields of its only container, other
    keyword arguments are fields of the pod's spec.
    """
    metadata: Json = {"name": name, "labels": {f"{PREFIX}server": "true"}}
    if asks:
        metadata["annotations"] = {PREFIX + key: value for key, value in asks.items()}
    main = {
        "name": "main",
        "image": "registry.example/mcp/github-tools:1.12.0",
        **(container or {}),
    }
    pod: Json = {"containers": [main], **spec}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": pod}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    deployed: Json = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if replicas is not None:
        deployed["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": deployed}


def in_context(**fields: Any) -> Json:
    """A Deployment whose container has these fields in its security context."""
    return server(container={"securityContext": fields})
