"""A pod, or the template of one, as rules see it: every container list, in one place.

Kubernetes visits init containers, containers and ephemeral containers alike; so do the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from webhook.rules import names
from webhook.rules.fields import Fields, Violation

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Origin:
    """What a pod cannot tell by itself about where it comes from.

    `asks` are the product's annotations of the workload and its template together; `name` is the
    name of the workload, or of the pod's owner, or of the bare pod.
    """

    namespace: str = ""
    name: str = ""
    asks: Mapping[str, str] = field(default_factory=dict)
    managed: bool = False
    template: bool = False
    kind: str = "Pod"
    bare: bool = True
    creating: bool = True


class Container:
    """One container of any list, with its pod."""

    __slots__ = ("fields", "pod", "security_context")

    def __init__(self, fields: Fields, pod: Pod) -> None:
        self.fields = fields
        self.pod = pod
        self.security_context = fields.child("securityContext")


class Pod:
    """The metadata and the spec of a pod or of a pod template."""

    def __init__(self, metadata: Fields, spec: Fields, origin: Origin) -> None:
        self.metadata = metadata
        self.spec = spec
        self.origin = origin
        self.security_context = spec.child("securityContext")
        self.containers = [
            Container(fields, self) for key in CONTAINER_LISTS for fields in spec.items(key)
        ]

    @cached_property
    def labels(self) -> Fields:
        """The labels, present or not."""
        return self.metadata.child("labels")

    @cached_property
    def annotations(self) -> Fields:
        """The annotations, present or not."""
        return self.metadata.child("annotations")

    @cached_property
    def windows(self) -> bool:
        """Whether the pod declares Windows, where the API refuses Linux security fields."""
        return self.spec.child("os").get("name") == "windows"

    @cached_property
    def user_namespace(self) -> bool:
        """Whether the pod runs in a user namespace, where UID 0 is nobody on the node."""
        return self.spec.get("hostUsers") is False

    @cached_property
    def server(self) -> Container | None:
        """The container that is the MCP server; sidecars get no secrets and no defaults.

        It is the one that the workload names, else the one with a port named `mcp`, else the
        first. None where the named one does not exist.
        """
        regular = [c for c in self.containers if c.fields.label.startswith("containers[")]
        wanted = self.origin.asks.get(names.CONTAINER)
        if wanted is not None:
            return next((c for c in regular if c.fields.get("name") == wanted), None)
        with_port = (c for c in regular if "mcp" in c.fields.names("ports"))
        return next(with_port, regular[0] if regular else None)

    @cached_property
    def volumes(self) -> list[Fields]:
        """The volumes, each labelled by its name."""
        return self.spec.items("volumes")

    def security_contexts(self) -> Iterable[Fields]:
        """The security contexts of the pod and of every container."""
        yield self.security_context
        for container in self.containers:
            yield container.security_context

    def violation(self, key: str, sentence: str, **more: Any) -> Violation:
        """Object to a field of the spec."""
        return self.spec.violation(key, sentence, **more)
