"""What is kept of a namespace, and of each pod of a server in it."""

from typing import Any, NamedTuple

from webhook import names
from webhook.controller.installation import is_managed
from webhook.controller.owned import SecurityLabels, security_labels

Json = dict[str, Any]


class NamespaceState(NamedTuple):
    """What is kept of a namespace."""

    uid: str
    managed: bool
    going: bool
    security: SecurityLabels


class PodState(NamedTuple):
    """What is kept of a pod of a server: the place of its gate, and its age, if it has one."""

    uid: str
    gate: int | None
    since: str = ""


def observe_pod(found: Json) -> PodState:
    """What is kept of a pod."""
    metadata, gate = found["metadata"], gate_index(found)
    since = "" if gate is None else metadata.get("creationTimestamp") or ""
    return PodState(metadata["uid"], gate, since)


def gate_index(pod: Json) -> int | None:
    """Where our gate stands among those of a pod; None where it has none."""
    held = [gate["name"] for gate in pod["spec"].get(names.GATES) or []]
    return held.index(names.GATE) if names.GATE in held else None


def observe_namespace(found: Json) -> NamespaceState:
    """What is kept of a namespace."""
    metadata = found["metadata"]
    return NamespaceState(
        uid=metadata["uid"],
        managed=is_managed(metadata.get("labels") or {}),
        going="deletionTimestamp" in metadata,
        security=security_labels(found),
    )
