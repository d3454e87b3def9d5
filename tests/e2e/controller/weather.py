"""A server `weather` on port 3000, and the Services that its author may write beside it."""

from collections.abc import Mapping
from typing import Any

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import events, made
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object

NAME = "weather"
OURS = f"{NAME}-mcp"
PORTS = [{"name": "http", "containerPort": 3000}]


def weather(name: str = NAME, **annotations: str) -> Object:
    """A labelled Deployment."""
    containers = [builders.container(ports=PORTS)]
    found = builders.server(name, annotations=annotations, replicas=0, containers=containers)
    found["spec"]["selector"] = {"matchLabels": {"app": name[:40]}}
    found["spec"]["template"]["metadata"]["labels"] = {"app": name[:40]}
    return found


def service(name: str = NAME, selector: Mapping[str, str] | None = None, **spec: Any) -> Object:
    """A Service of its author's, to port 3000."""
    port = {"name": "web", "port": 3000, "protocol": "TCP", "targetPort": 3000}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": dict(selector or {"app": name[:40]}), "ports": [port], **spec},
    }


def told(namespace: Namespace) -> dict[str, list[str]]:
    """The notes of our Events here, by their reasons."""
    found: dict[str, list[str]] = {}
    for event in events(namespace.cluster, namespace.name):
        found.setdefault(event["reason"], []).append(event["note"])
    return found


def is_made(namespace: Namespace, name: str = OURS) -> Object:
    """The Service that is made, once it is there."""
    found: Object | None = namespace.cluster.wait_for(
        f"Service {name}", lambda: made(namespace, "services").get(name)
    )
    assert found
    return found


def looked_at(control: Control, namespace: Namespace, name: str = NAME) -> None:
    """Have the server looked at once more, and wait until it was."""

    before = control.rested_looks()
    body = {"spec": {"template": {"metadata": {"labels": {"look": f"{before:.0f}"}}}}}
    assert namespace.raw("PATCH", f"deployments/{name}", body, MERGE_PATCH).status == 200
    control.wait_for_look(before)


def is_theirs(namespace: Namespace, name: str, resource: str = "services") -> Object:
    """An object that carries nothing of ours any more, once it does not."""

    def free() -> Object | None:
        found: Object = namespace.get(f"{resource}/{name}")
        metadata = found["metadata"]
        managers = {each["manager"] for each in metadata["managedFields"]}
        free = "ownerReferences" not in metadata and "mcp-admission" not in managers
        return found if free and OURS_LABEL not in metadata.get("labels", {}) else None

    found = namespace.cluster.wait_for(f"{name} without anything of ours", free)
    assert found
    return found


OURS_LABEL = "mcp-admission.dev/name"
