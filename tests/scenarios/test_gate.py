"""A new server waits for its network policy: nobody but the controller removes the gate."""

from typing import Any

import pytest

from tests.builders import GATE, bare_pod
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from tests.e2e.system import SETTINGS
from tests.scenarios.cluster import Cluster

POD = "pods/github-tools"
TENANT = "alice"
CONTROLLER = SETTINGS["isolation"]["controllerUser"]
GATES = [{"name": GATE}]
WITHOUT_GATE: dict[str, tuple[str, Any]] = {
    "null": (MERGE_PATCH, {"spec": {"schedulingGates": None}}),
    "an empty list": (MERGE_PATCH, {"spec": {"schedulingGates": []}}),
    "a removed item": (JSON_PATCH, [{"op": "remove", "path": "/spec/schedulingGates/0"}]),
    "a strategic delete": (
        STRATEGIC_PATCH,
        {"spec": {"schedulingGates": [{"name": GATE, "$patch": "delete"}]}},
    ),
    "a strategic replace": (
        STRATEGIC_PATCH,
        {"spec": {"schedulingGates": [{"$patch": "replace"}]}},
    ),
}


@pytest.mark.parametrize("way", WITHOUT_GATE)
def test_no_patch_of_a_tenant_removes_the_gate(cluster: Cluster, way: str) -> None:
    cluster.create(bare_pod())
    form, body = WITHOUT_GATE[way]

    assert cluster.acting_as(TENANT).patch(POD, body, form).refused_by == {"isolation-gate"}

    assert cluster.get(POD)["spec"]["schedulingGates"] == GATES


@pytest.mark.parametrize(
    ("user", "refused_by"),
    [
        pytest.param(TENANT, {"isolation-gate"}, id="tenant"),
        pytest.param("system:kube-scheduler", {"isolation-gate"}, id="scheduler"),
        pytest.param(CONTROLLER, set(), id="controller"),
    ],
)
def test_the_gate_is_removed_by_the_controller_alone(
    cluster: Cluster, user: str, refused_by: set[str]
) -> None:
    cluster.create(bare_pod())

    removed = cluster.acting_as(user).patch(POD, {"spec": {"schedulingGates": []}})

    assert removed.refused_by == refused_by


@pytest.mark.parametrize("user", [TENANT, "system:kube-scheduler"])
def test_no_put_of_a_user_removes_the_gate(cluster: Cluster, user: str) -> None:
    ungated = cluster.create(bare_pod()).stored
    del ungated["spec"]["schedulingGates"]

    assert cluster.acting_as(user).update(ungated).refused_by == {"isolation-gate"}


def test_an_administrator_may_remove_the_gate_in_an_emergency(cluster: Cluster) -> None:
    ungated = cluster.create(bare_pod()).stored
    del ungated["spec"]["schedulingGates"]

    assert cluster.update(ungated).allowed
