"""A Service `<id>` of an earlier version goes on, is seen off, or is let go."""

from typing import Any

import pytest

from tests.e2e.controller.control import Control
from tests.e2e.controller.weather import (
    NAME,
    OURS,
    is_made,
    is_theirs,
    looked_at,
    service,
    told,
    weather,
)
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object

LABELS = {"app.kubernetes.io/managed-by": "mcp-admission", "mcp-admission.dev/name": NAME}
SELECTOR = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": NAME}


def former(namespace: Namespace) -> Object:
    """As an earlier version made it for the Deployment."""
    uid = namespace.deployment(NAME)["metadata"]["uid"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME, "uid": uid}
    port = {"name": "mcp", "port": 80, "protocol": "TCP", "targetPort": "http"}
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": NAME, "labels": LABELS, "ownerReferences": [owner]},
        "spec": {"type": "ClusterIP", "selector": SELECTOR, "ports": [port]},
    }
    path = f"{namespace.path('services')}?fieldManager=mcp-admission"
    found: Object = namespace.cluster.create(path, body)
    return found


def test_a_former_service_that_only_we_wrote_works_like_the_new_one(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    before = former(namespace)
    is_made(namespace)
    namespace.cluster.wait_for("Event", lambda: told(namespace))
    (note,) = told(namespace)["ServiceRenamed"]
    assert note.startswith(
        "Service weather is called weather-mcp now: let clients call weather-mcp"
    )
    assert set(told(namespace)) == {"ServiceRenamed"}

    change: dict[str, Any] = {"metadata": {"annotations": {"mcp-admission.dev/port": "3001"}}}
    ports = [{"name": "http", "containerPort": 3000}, {"name": "more", "containerPort": 3001}]
    containers = [{"name": "mcp", "image": "registry.example/mcp:1", "ports": ports}]
    change["spec"] = {"template": {"spec": {"containers": containers}}}
    assert namespace.raw("PATCH", f"deployments/{NAME}", change, MERGE_PATCH).status == 200

    def targets() -> list[str]:
        found = [namespace.get(f"services/{name}") for name in (NAME, OURS)]
        return [each["spec"]["ports"][0]["targetPort"] for each in found]

    namespace.cluster.wait_for("both ports", lambda: targets() == ["more", "more"])
    assert namespace.get(f"services/{NAME}")["metadata"]["uid"] == before["metadata"]["uid"]
    namespace.kubectl("delete", "service", NAME)
    looked_at(control, namespace)
    assert namespace.raw("GET", f"services/{NAME}").status == 404


@pytest.mark.parametrize("options", [(), ("--server-side", "--force-conflicts")])
def test_a_former_service_that_its_user_applies_too_is_theirs(
    control: Control, namespace: Namespace, options: tuple[str, ...]
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    before = former(namespace)
    theirs = service(type="NodePort")
    namespace.apply(theirs, *options)

    found = is_theirs(namespace, NAME)
    assert found["metadata"]["uid"] == before["metadata"]["uid"]
    assert found["spec"]["type"] == "NodePort"
    assert found["spec"]["selector"] == {"app": NAME}
    assert [port["port"] for port in found["spec"]["ports"]] == [3000]
    namespace.apply(theirs, *options)
    namespace.kubectl("delete", "deployment", NAME, "--wait=true")
    assert namespace.get(f"services/{NAME}")["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_former_service_that_somebody_annotated_stays_as_it_is(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    former(namespace)
    namespace.kubectl("annotate", "service", NAME, "team=a")
    found = is_theirs(namespace, NAME)
    assert found["spec"]["selector"] == SELECTOR
    assert found["spec"]["ports"][0]["port"] == 80


def test_opting_out_deletes_the_former_service(control: Control, namespace: Namespace) -> None:
    namespace.apply(weather())
    former(namespace)
    is_made(namespace)
    label = "mcp-admission.dev/server=false"
    namespace.kubectl("label", "deployment", NAME, label, "--overwrite")
    namespace.cluster.wait_for("no Service", lambda: not namespace.get("services")["items"])
