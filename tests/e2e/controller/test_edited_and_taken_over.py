"""What is made is edited, or applied by somebody else: put back with a word, or theirs."""

import time
from base64 import b64encode
from typing import Any

import pytest
import yaml

from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import CONFIG, POLICIES, made, policies, secret, values
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
from tests.e2e.namespace import APPLY_PATCH, MERGE_PATCH, Namespace
from tools.cluster.waiting import wait_for

BASELINE = "mcp-admission-baseline"
FORCED = ("--server-side", "--force-conflicts")
CONFIGURED = {"mcp-admission.dev/config-from": "crm"}


def put_back(namespace: Namespace, kind: str) -> str:
    """The one note about what was put back."""
    notes = namespace.cluster.wait_for("Event", lambda: told(namespace).get(f"{kind}PutBack"))
    assert notes
    (note,) = notes
    return note


def edit(namespace: Namespace, place: str, change: dict[str, Any], manager: str) -> None:
    place = f"{place}?fieldManager={manager}"
    assert namespace.raw("PATCH", place, change, MERGE_PATCH).status == 200


def test_an_edit_of_our_object_is_put_back_and_reported_once_with_its_fields_and_manager(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    before = is_made(namespace)["spec"]
    change = {"spec": {"type": "NodePort", "selector": {"app": "other"}}}
    for _ in range(3):
        edit(namespace, f"services/{OURS}", change, "their-tool")
        namespace.cluster.wait_for(
            "Service as it was",
            lambda: (
                [namespace.get(f"services/{OURS}")["spec"].get(key) for key in ("type", "selector")]
                == [before[key] for key in ("type", "selector")]
            ),
        )

    assert put_back(namespace, "Service") == (
        "their-tool changed spec.type, spec.ports, spec.selector[app] of Service weather-mcp, "
        "which was put back: change the Deployment or the settings, or use an object of another "
        "name"
    )
    assert {each for each in told(namespace) if "Service" in each} == {"ServicePutBack"}


def test_repeated_edits_of_our_object_are_put_back_later_each_time(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    written, ends = 0, time.monotonic() + 8

    def fought() -> bool:
        nonlocal written
        found = namespace.get(f"services/{OURS}")
        if found["spec"]["type"] == "ClusterIP":
            written += 1
            edit(namespace, f"services/{OURS}", {"spec": {"type": "NodePort"}}, "their-tool")
        return time.monotonic() > ends

    wait_for("eight seconds of a fight", fought, 30)
    assert 2 <= written <= 4
    put_back(namespace, "Service")


def test_a_removed_label_of_our_object_is_reported_though_it_leaves_no_manager(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    gone = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
    edit(namespace, f"services/{OURS}", gone, "kubectl-label")
    is_made(namespace)
    assert put_back(namespace, "Service").startswith(
        "somebody changed metadata.labels[app.kubernetes.io/managed-by] of Service weather-mcp, "
    )


def test_an_edited_secret_is_put_back_and_no_value_is_reported(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(weather(**CONFIGURED))
    name = f"{OURS}-config"
    namespace.cluster.wait_for("Secret", lambda: name in made(namespace, "secrets"))
    encoded = b64encode(b"hunter2").decode()
    edit(namespace, f"secrets/{name}", {"data": {"API_URL": encoded, "MORE": encoded}}, "tool")
    note = put_back(namespace, "Secret")
    assert "tool changed data[API_URL], data[MORE] of Secret weather-mcp-config" in note
    assert "hunter2" not in note
    assert encoded not in note
    namespace.cluster.wait_for(
        "values as they were", lambda: values(made(namespace, "secrets")[name]) == CONFIG
    )


APPLIED = [
    pytest.param((), id="client-side"),
    pytest.param(FORCED, id="server-side"),
]


@pytest.mark.parametrize("options", APPLIED)
def test_a_service_that_somebody_applies_is_theirs_alone(
    control: Control, namespace: Namespace, options: tuple[str, ...]
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    theirs = service(OURS, {"app": "other"}, type="NodePort")
    namespace.apply(theirs, *options)

    found = is_theirs(namespace, OURS)
    assert found["spec"]["type"] == "NodePort"
    assert found["spec"]["selector"] == {"app": "other"}
    assert [port["port"] for port in found["spec"]["ports"]] == [3000]
    namespace.cluster.wait_for("Event", lambda: told(namespace))
    namespace.apply(theirs, *options)
    looked_at(control, namespace)
    after = namespace.get(f"services/{OURS}")
    assert after["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"]
    note = "Service weather-mcp belongs to somebody else and stays as it is: rename or delete it"
    assert told(namespace) == {"NameTaken": [note]}

    namespace.kubectl("delete", "deployment", NAME, "--wait=true")
    assert namespace.get(f"services/{OURS}")["metadata"]["uid"] == found["metadata"]["uid"]


@pytest.mark.parametrize("options", APPLIED)
def test_a_service_of_the_user_that_leads_to_the_server_is_not_reported(
    control: Control, namespace: Namespace, options: tuple[str, ...]
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    namespace.apply(service(OURS, {"app": NAME}), *options)
    is_theirs(namespace, OURS)
    looked_at(control, namespace)
    assert told(namespace) == {}
    namespace.kubectl("delete", "service", OURS)
    looked_at(control, namespace)
    is_made(namespace)


@pytest.mark.parametrize("options", APPLIED)
def test_our_manifest_that_a_user_applies_back_is_theirs_and_not_fought_over(
    control: Control, namespace: Namespace, options: tuple[str, ...]
) -> None:
    """`kubectl get -o yaml | kubectl apply -f -`: our reference and our labels are in it."""
    namespace.apply(weather())
    dumped = is_made(namespace)
    for key in ("uid", "resourceVersion", "managedFields", "creationTimestamp"):
        dumped["metadata"].pop(key)
    for key in ("clusterIP", "clusterIPs"):
        dumped["spec"].pop(key)
    dumped.pop("status")
    dumped |= {"apiVersion": "v1", "kind": "Service"}
    for _ in range(2):
        namespace.apply(yaml.dump(dumped), *options)
        looked_at(control, namespace)
    found = namespace.get(f"services/{OURS}")
    looked_at(control, namespace)
    assert namespace.get(f"services/{OURS}") == found
    assert found["metadata"]["ownerReferences"] == dumped["metadata"]["ownerReferences"]
    assert found["spec"]["selector"] == dumped["spec"]["selector"]
    assert told(namespace) == {}


def test_an_object_without_our_owner_reference_belongs_to_the_user(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(weather(**CONFIGURED))
    is_made(namespace)
    name = f"{OURS}-config"
    namespace.cluster.wait_for("Secret", lambda: name in made(namespace, "secrets"))
    free = {"metadata": {"ownerReferences": None}}
    edit(namespace, f"services/{OURS}", {**free, "spec": {"type": "NodePort"}}, "tool")
    edit(namespace, f"secrets/{name}", free, "tool")

    namespace.cluster.wait_for("Event", lambda: told(namespace))
    namespace.apply(secret("crm", {**CONFIG, "API_URL": "https://other.example"}))
    looked_at(control, namespace)
    assert namespace.get(f"services/{OURS}")["spec"]["type"] == "NodePort"
    assert values(namespace.get(f"secrets/{name}"))["API_URL"] == CONFIG["API_URL"]
    # The Service leads to the server as before.
    note = (
        "Secret weather-mcp-config belongs to somebody else and stays as it is: rename or delete it"
    )
    assert told(namespace) == {"NameTaken": [note]}


@pytest.mark.parametrize("options", APPLIED)
def test_a_secret_and_a_policy_that_somebody_applies_are_theirs_alone(
    control: Control, namespace: Namespace, options: tuple[str, ...]
) -> None:
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(weather(**CONFIGURED))
    name = f"{OURS}-config"
    namespace.cluster.wait_for("Secret", lambda: name in made(namespace, "secrets"))
    theirs = {**secret(name, {"API_URL": "mine"}), "data": {"MORE": b64encode(b"x").decode()}}
    namespace.apply(theirs, *options)

    found = is_theirs(namespace, name, "secrets")
    assert values(found) == {"API_URL": "mine", "MORE": "x"}
    assert namespace.get("secrets/crm")
    namespace.cluster.wait_for("Event", lambda: set(told(namespace)) == {"NameTaken"})


def test_the_policy_that_isolates_is_put_back_whoever_applies_another(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    namespace.cluster.wait_for("policy", lambda: BASELINE in policies(namespace))
    before = policies(namespace)[BASELINE]["spec"]
    path = f"{POLICIES.format(namespace.name)}/{BASELINE}"
    wide = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": BASELINE},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
    }
    forced = f"{path}?fieldManager=their-tool&force=true"
    assert namespace.cluster.raw("PATCH", forced, wide, APPLY_PATCH).status == 200

    def as_it_was() -> bool:
        return bool(policies(namespace)[BASELINE]["spec"] == before)

    namespace.cluster.wait_for("policy as it was", as_it_was)
    note = put_back(namespace, "NetworkPolicy")
    assert note.startswith("their-tool changed spec.")
    assert f" of NetworkPolicy {BASELINE}, which was put back: " in note
