"""Objects of the product edited, taken, left behind or made again: it keeps them, and keeps calm.

Bounded by ownership that cannot be edited away, by backoff, and by the policy of the managed label.
"""

from typing import Any

import pytest

from tests import builders
from tests.builders import GATE
from tests.hostile.guard import LEASE, Guard
from tests.hostile.tenants import MERGE, RBAC, Tenant, administrate
from tests.hostile.victim import settled
from tools.cluster.clients import Response

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

BASELINE = "networkpolicies/mcp-admission-baseline"
WIDE: Json = {"ingress": [{}], "egress": [{}]}
FORBIDDEN = {403, 422}
STRANGER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "0-0-0-0"}
EDITS: dict[str, Json] = {
    "owner": {"metadata": {"ownerReferences": [STRANGER]}},
    "managed fields": {"metadata": {"managedFields": [{}]}},
    "label": {"metadata": {"labels": {"app.kubernetes.io/managed-by": "somebody"}}},
    "all of them": {
        "metadata": {
            "ownerReferences": [STRANGER],
            "managedFields": [{}],
            "labels": {"app.kubernetes.io/managed-by": "somebody"},
        }
    },
}
SERVICE = "services/leaving-mcp"
MANAGED = "mcp-admission.dev/managed"
# The controller waits a little longer each time; it never waits longer than this for a taken name.
SECONDS_FOR_A_NAME = 90
PORTS = [{"name": "mcp", "containerPort": 8099}]


@pytest.mark.parametrize("edit", EDITS)
def test_the_baseline_policy_cannot_be_edited_away_and_widened(attacker: Tenant, edit: str) -> None:
    """Whoever may edit policies says that it is somebody else's, and then opens it."""
    settled(attacker)
    before = _policy(attacker)
    assert before

    answers = [
        attacker.raw("PATCH", BASELINE, body, MERGE) for body in (EDITS[edit], {"spec": WIDE})
    ]

    assert {each.status for each in answers} <= {200, *FORBIDDEN}
    attacker.cluster.wait_for("policy as it was", lambda: _policy(attacker) == before, 30)
    attacker.create("pods", builders.bare_pod("next"))
    attacker.cluster.wait_for("open gate", lambda: GATE not in _gates(attacker, "next"), 30)


def test_a_name_that_was_taken_is_used_once_it_is_free(guard: Guard, attacker: Tenant) -> None:
    """Foreign objects of our names, made before the server and deleted after it."""
    foreign: dict[str, Json] = {
        "services/held-mcp": {"spec": {"ports": [{"port": 80}]}},
        "secrets/held-mcp-config": {"data": {}},
        BASELINE: {"spec": {"podSelector": {}}},
    }
    taken = {
        path: made
        for path, fields in foreign.items()
        if (made := _make(attacker, path, fields)).status == 201
    }
    attacker.create("secrets", {"metadata": {"name": "configuration"}, "data": {"KEY": "eA=="}})
    asks = {"config-from": "configuration"}
    server = builders.server("held", replicas=1, asks=asks, container={"ports": PORTS})
    attacker.create("deployments", server)
    guard.cluster.wait_for("Event", lambda: _events(attacker) or len(taken) < len(foreign))
    print(f"taken: {sorted(taken)}")

    freed = {path for path in taken if attacker.raw("DELETE", path).status == 200}

    for path in foreign:
        uid = taken[path].json()["metadata"]["uid"] if path in freed else ""
        guard.cluster.wait_for(
            f"our {path}", lambda path=path, uid=uid: _is_ours(attacker, path, uid),  # type: ignore[misc]
            SECONDS_FOR_A_NAME,
        )  # fmt: skip


def test_a_paused_server_that_opted_out_is_not_polled(guard: Guard, attacker: Tenant) -> None:
    """Its pods stay as they are as long as it is paused: nobody asks again and again.

    The Lease, which the leader renews every two seconds, says how much time has passed.
    """
    path = "deployments/leaving"
    container = {"ports": PORTS}
    attacker.create("deployments", builders.server("leaving", replicas=1, container=container))
    guard.cluster.wait_for("Service", lambda: attacker.raw("GET", SERVICE).status == 200)
    assert attacker.raw("PATCH", path, {"spec": {"paused": True}}, MERGE).status == 200
    out = {"metadata": {"labels": {builders.SERVER: "false"}}}
    assert attacker.raw("PATCH", path, out, MERGE).status == 200

    counted = []
    for _ in range(3):
        before = _reconciled(guard)
        _renewals(guard, 5)
        counted.append(_reconciled(guard) - before)

    print(f"reconciled in ten seconds each: {counted}")
    assert counted[-1] <= 2
    assert attacker.raw("GET", SERVICE).status == 200


def test_a_managed_namespace_cannot_be_deleted_and_made_again_without_its_label(
    guard: Guard,
) -> None:
    """Somebody who may make and delete namespaces, and not decide which are managed."""
    name = guard.cluster.namespace("remade")
    administrate(guard.cluster, name, {MANAGED: "true"})
    user = guard.cluster.user("maker-of-namespaces")
    rule = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["*"]}
    role = {"metadata": {"name": "maker"}, "rules": [rule]}
    subject = {"kind": "User", "name": user.name, "apiGroup": "rbac.authorization.k8s.io"}
    bound = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "maker"}
    binding = {"metadata": {"name": "maker"}, "roleRef": bound, "subjects": [subject]}
    guard.cluster.create(f"{RBAC}/clusterroles", role)
    guard.cluster.create(f"{RBAC}/clusterrolebindings", binding)
    path = f"/api/v1/namespaces/{name}"
    guard.cluster.wait_for(
        "rights", lambda: guard.cluster.raw("GET", path, as_user=user).status == 200
    )

    answer = guard.cluster.raw("DELETE", path, as_user=user)

    if answer.status not in FORBIDDEN:
        guard.cluster.wait_for("end", lambda: guard.cluster.raw("GET", path).status == 404)
        made = {"metadata": {"name": name}}
        answer = guard.cluster.raw("POST", "/api/v1/namespaces", made, as_user=user)
        if answer.status == 201:
            guard.cluster.wait_for("label", lambda: _is_managed(guard, path), 10)
    assert answer.status in {201, *FORBIDDEN}


def _policy(tenant: Tenant) -> Any:
    """What the baseline policy says; None where it is gone."""
    return tenant.raw("GET", BASELINE).json().get("spec")


def _make(tenant: Tenant, path: str, fields: Json) -> Response:
    resource, _, name = path.partition("/")
    return tenant.raw("POST", resource, {"metadata": {"name": name}, **fields})


def _is_ours(tenant: Tenant, path: str, uid: str) -> bool:
    answer = tenant.raw("GET", path)
    if answer.status != 200 or answer.json()["metadata"]["uid"] == uid:
        return False
    labels = answer.json()["metadata"].get("labels") or {}
    return bool(labels.get("app.kubernetes.io/managed-by") == "mcp-admission")


def _is_managed(guard: Guard, path: str) -> bool:
    labels = guard.cluster.get(path)["metadata"].get("labels") or {}
    return bool(labels.get(MANAGED) == "true")


def _gates(tenant: Tenant, name: str) -> str:
    return str(tenant.raw("GET", f"pods/{name}").json()["spec"].get("schedulingGates"))


def _events(tenant: Tenant) -> list[Json]:
    """What was said about taken names."""
    path = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"
    return [each for each in tenant.cluster.get(path)["items"] if each["reason"] == "NameTaken"]


def _reconciled(guard: Guard) -> float:
    return guard.metric("control", "reconcile_duration_seconds_count", reconciler="server")


def _renewals(guard: Guard, count: int) -> None:
    """Wait until the Lease was renewed so often."""
    for _ in range(count):
        before = guard.cluster.get(LEASE)["spec"]["renewTime"]
        guard.release.wait_for(
            "renewal",
            lambda before=before: guard.cluster.get(LEASE)["spec"]["renewTime"] != before,  # type: ignore[misc]
        )
