"""Taking the gate from a pod, so that the scheduler may place it (KEP-3521)."""

from typing import Any

from webhook import names
from webhook.kube.api import Api
from webhook.kube.errors import Invalid, NotFound
from webhook.kube.paths import namespaced

Json = dict[str, Any]


def gate_index(pod: Json) -> int | None:
    """Where our gate stands among those of a pod; None where it has none."""
    held = [gate["name"] for gate in pod["spec"].get(names.GATES) or []]
    return held.index(names.GATE) if names.GATE in held else None


async def remove_gate(api: Api, namespace: str, name: str, uid: str, at: int) -> Json | None:
    """Take it; returns the pod as it is then, None where somebody else took the gate or the pod.

    Raises ApiError, Invalid where some admission refuses that the gate goes.
    """
    pods = namespaced("v1", "pods", namespace)
    gate = f"/spec/{names.GATES}/{at}"
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": f"{gate}/name", "value": names.GATE},
        {"op": "remove", "path": gate},
    ]
    try:
        return await api.patch(f"{pods}/{name}", operations, kind="json")
    except NotFound:
        return None
    except Invalid:
        # A test that fails and an admission policy that refuses have the same status.
        found = await api.list(pods, field_selector=f"metadata.name={name}")
        if any(pod["metadata"]["uid"] == uid and gate_index(pod) == at for pod in found.items):
            raise
        return None
