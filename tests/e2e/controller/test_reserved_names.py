"""Ownership cannot be edited away, a taken name is had as soon as it is free, no poll goes on."""

from functools import partial
from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import CONFIG, POLICIES, made, policies, secret
from tests.e2e.controller.weather import OURS, is_made, looked_at, service, told, weather
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object

BASELINE = "mcp-admission-baseline"
HOLD = "team.example/hold"
GONE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone", "uid": "gone"}
NOBODY: list[Object] = [{}]
EDITS: dict[str, Object] = {
    "managed-fields": {"managedFields": NOBODY},
    "owner": {"ownerReferences": [GONE]},
    "owner-and-managed-fields": {"ownerReferences": [GONE], "managedFields": NOBODY},
    "labels": {"labels": None, "managedFields": NOBODY, "finalizers": [HOLD]},
    "managed-by": {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "finalizers": [HOLD]},
}
WIDE = {"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]}


def isolated(namespace: Namespace) -> Object:
    """The spec of the baseline, once it is there."""
    namespace.apply(builders.bare_pod())
    namespace.cluster.wait_for("policy", lambda: BASELINE in policies(namespace))
    spec: Object = policies(namespace)[BASELINE]["spec"]
    return spec


def opens_for_another_pod(namespace: Namespace) -> None:
    namespace.kubectl("create", "-f", "-", sent=builders.bare_pod("other"))
    namespace.cluster.wait_for(
        "running pod", lambda: namespace.get("pods/other")["status"]["phase"] == "Running"
    )


@pytest.mark.parametrize("metadata", EDITS.values(), ids=EDITS)
def test_a_baseline_is_put_back_whatever_was_edited_with_it(
    control: Control, namespace: Namespace, metadata: Object
) -> None:
    before = isolated(namespace)
    path = f"{POLICIES.format(namespace.name)}/{BASELINE}?fieldManager=tool"
    for change in ({"metadata": metadata}, {"spec": WIDE}):
        answer = namespace.cluster.raw("PATCH", path, change, MERGE_PATCH)
        assert answer.status in (200, 404), answer.body

    def as_it_was() -> bool:
        found = policies(namespace).get(BASELINE, {})
        kept = found.get("metadata", {}).keys() & {"ownerReferences", "finalizers"}
        return found.get("spec") == before and not kept

    namespace.cluster.wait_for("policy as it was", as_it_was, 20)
    opens_for_another_pod(namespace)


def test_a_deletion_of_the_baseline_that_is_held_up_ends(
    control: Control, namespace: Namespace
) -> None:
    before = isolated(namespace)
    old = policies(namespace)[BASELINE]["metadata"]["uid"]
    path = f"{POLICIES.format(namespace.name)}/{BASELINE}"

    def held() -> bool:
        """Deleted while the finalizer is on it; the controller takes it away in between."""
        change = {"metadata": {"finalizers": [HOLD]}}
        namespace.cluster.raw("PATCH", path, change, MERGE_PATCH)
        namespace.cluster.raw("DELETE", path)
        found = policies(namespace).get(BASELINE)
        return found is None or found["metadata"]["uid"] != old

    namespace.cluster.wait_for("another policy", held)
    namespace.cluster.wait_for(
        "policy as it was",
        lambda: policies(namespace).get(BASELINE, {}).get("spec") == before,
        20,
    )
    opens_for_another_pod(namespace)


def test_an_object_of_a_server_is_put_back_without_its_managed_fields(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    owner = is_made(namespace)["metadata"]["ownerReferences"]
    other = {**owner[0], "uid": "another"}
    change: Any = {
        "metadata": {"managedFields": NOBODY, "ownerReferences": [other, *owner]},
    }
    for each in (change, {"spec": {"type": "NodePort"}}):
        assert namespace.raw("PATCH", f"services/{OURS}", each, MERGE_PATCH).status == 200

    namespace.cluster.wait_for(
        "Service as it was",
        lambda: namespace.get(f"services/{OURS}")["spec"]["type"] == "ClusterIP",
    )
    namespace.cluster.wait_for("Event", lambda: "ServicePutBack" in told(namespace))


def test_a_held_deletion_of_an_object_of_a_server_is_said_and_waited_for(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    old = is_made(namespace)["metadata"]["uid"]
    hold = {"metadata": {"finalizers": [HOLD]}}
    assert namespace.raw("PATCH", f"services/{OURS}", hold, MERGE_PATCH).status == 200
    namespace.kubectl("delete", "service", OURS, "--wait=false")

    namespace.cluster.wait_for("Event", lambda: "BeingDeleted" in told(namespace))
    (note,) = told(namespace)["BeingDeleted"]
    assert note == (
        f"Service {OURS} is being deleted, and kept by its finalizers {HOLD}: take them away"
    )
    free = {"metadata": {"finalizers": None}}
    assert namespace.raw("PATCH", f"services/{OURS}", free, MERGE_PATCH).status == 200
    namespace.cluster.wait_for("Service", lambda: OURS in made(namespace, "services"))
    assert is_made(namespace)["metadata"]["uid"] != old


@pytest.mark.parametrize("selector", [{"app": "weather"}, {"app": "other"}], ids=["leads", "away"])
def test_a_taken_name_is_had_as_soon_as_it_is_free(
    control: Control, namespace: Namespace, selector: dict[str, str]
) -> None:
    namespace.apply(service(OURS, selector))
    config = f"{OURS}-config"
    namespace.apply(secret(config, {"KEY": "theirs"}))
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(weather(**{"mcp-admission.dev/config-from": "crm"}))
    namespace.cluster.wait_for("Event", lambda: "NameTaken" in told(namespace))
    looked_at(control, namespace)
    assert not made(namespace, "services")
    for kind, name in (("service", OURS), ("secret", config)):
        namespace.kubectl("delete", kind, name)
        namespace.cluster.wait_for(name, partial(_is_there, namespace, f"{kind}s", name))


def _is_there(namespace: Namespace, resource: str, name: str) -> bool:
    return name in made(namespace, resource)


def test_a_service_that_led_to_its_server_is_told_of_when_it_leads_elsewhere(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(service(OURS, {"app": "weather"}))
    namespace.apply(weather())
    looked_at(control, namespace)
    assert told(namespace) == {}
    namespace.apply(service(OURS, {"app": "other"}))
    namespace.cluster.wait_for("Event", lambda: "NameTaken" in told(namespace))


def test_a_server_called_kubernetes_has_no_service_of_that_name(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather("kubernetes"))
    is_made(namespace, "kubernetes-mcp")
    assert "kubernetes" not in made(namespace, "services")


def test_a_paused_deployment_that_opted_out_is_cleaned_up_when_it_goes_on(
    control: Control, namespace: Namespace
) -> None:
    path = "deployments/weather"
    running = weather()
    running["spec"]["replicas"] = 1
    namespace.apply(running)
    is_made(namespace)
    namespace.cluster.wait_for(
        "pod", lambda: namespace.get(path).get("status", {}).get("availableReplicas") == 1
    )
    for label in ("false", None):
        out: Object = {
            "metadata": {"labels": {"mcp-admission.dev/server": label}},
            "spec": {"paused": True},
        }
        assert namespace.raw("PATCH", path, out, MERGE_PATCH).status == 200

    def seen() -> bool:
        found = namespace.get(path)
        return bool(found["status"]["observedGeneration"] == found["metadata"]["generation"])

    namespace.cluster.wait_for("paused", seen)
    assert made(namespace, "services")
    go_on = {"spec": {"paused": False}}
    assert namespace.raw("PATCH", path, go_on, MERGE_PATCH).status == 200
    namespace.cluster.wait_for("no Service", lambda: not made(namespace, "services"), 30)
