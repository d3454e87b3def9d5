"""Who may write what the controller makes: on a real API server, with its own controllers."""

from typing import Any

import pytest

from tests.chart.test_managed_label import grant
from tests.e2e.policy_reports.report_definitions import install
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane
from webhook.objects import REPORT_APIS

Json = dict[str, Any]
PLACE, MERGE = "tenant", "application/merge-patch+json"
PATHS = {
    "Service": "/api/v1/namespaces/{}/services",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    **{each.kind: f"/apis/{each.version}/namespaces/{{}}/{each.resource}" for each in REPORT_APIS},
}
SPECS: dict[str, Json] = {
    "Service": {"spec": {"ports": [{"port": 80}]}},
    "Secret": {"type": "Opaque"},
    "NetworkPolicy": {"spec": {"podSelector": {}}},
    **{each.kind: {"apiVersion": each.version, "kind": each.kind} for each in REPORT_APIS},
}
OURS = {"app.kubernetes.io/managed-by": "mcp-admission", "mcp-admission.dev/name": "crm"}
THEIRS = {"app.kubernetes.io/managed-by": "Helm"}
VERBS = ["create", "get", "patch", "update", "delete"]
WRITING: list[Json] = [
    {"apiGroups": [""], "resources": ["services", "secrets"], "verbs": VERBS},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": VERBS},
    {"apiGroups": ["openreports.io"], "resources": ["reports"], "verbs": VERBS},
    {"apiGroups": ["wgpolicyk8s.io"], "resources": ["policyreports"], "verbs": VERBS},
]
OWNED: Json = {
    "apiGroups": ["mcp-admission.dev"],
    "resources": ["ownedobjects"],
    "verbs": ["update"],
}
NAMES = [
    ("Service", "crm-mcp"),
    ("Service", "crm"),
    ("Secret", "crm-mcp-config"),
    ("Secret", "crm-mcp-files"),
    ("NetworkPolicy", "crm-mcp-access"),
    ("NetworkPolicy", "mcp-admission-baseline"),
    ("Report", "crm-mcp-report"),
    ("PolicyReport", "crm-mcp-report"),
]


def an_object(kind: str, name: str, **metadata: Any) -> Json:
    return {"metadata": {"name": name, **metadata}, **SPECS[kind]}


def write(
    cluster: ControlPlane, user: str, kind: str, name: str, patch: Json | None = None
) -> tuple[int, str]:
    """Change it, or delete it where nothing is to be changed; nothing is stored."""
    method, path = "PATCH" if patch else "DELETE", f"{PATHS[kind].format(PLACE)}/{name}?dryRun=All"
    answer = cluster.raw(method, path, patch, MERGE, as_user=cluster.user(user))
    return answer.status, answer.body.decode()


def create(cluster: ControlPlane, user: str, kind: str, found: Json) -> int:
    path = f"{PATHS[kind].format(PLACE)}?dryRun=All"
    return cluster.raw("POST", path, found, as_user=cluster.user(user)).status


@pytest.fixture(scope="module")
def owned(own_cluster: ControlPlane) -> ControlPlane:
    """A cluster with the policy, its users, and objects of the controller and of others."""
    for file in sorted(FOLDER.glob("8*.yaml")):
        own_cluster.kubectl("apply", "--filename", str(file))
    grant(own_cluster, "tenant", *WRITING)
    grant(own_cluster, "keeper", *WRITING, OWNED)
    install(own_cluster)
    own_cluster.create("/api/v1/namespaces", {"metadata": {"name": PLACE}})
    own_cluster.namespace_is_usable(PLACE)
    for kind, name in NAMES:
        own_cluster.create(PATHS[kind].format(PLACE), an_object(kind, name, labels=OURS))
    for kind, path in PATHS.items():
        own_cluster.create(path.format(PLACE), an_object(kind, "theirs", labels=THEIRS))
    own_cluster.wait_for(
        "policy in force", lambda: write(own_cluster, "tenant", *NAMES[0])[0] == 403
    )
    return own_cluster


@pytest.mark.parametrize(("kind", "name"), NAMES)
@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"annotations": {"a": "b"}}},
        {"metadata": {"labels": dict.fromkeys(OURS)}},
        {"metadata": {"finalizers": ["example.com/kept"]}},
        {"metadata": {"ownerReferences": []}},
        None,
    ],
    ids=["annotation", "label", "finalizer", "owner", "deletion"],
)
def test_a_tenant_writes_nothing_that_is_the_controllers(
    owned: ControlPlane, kind: str, name: str, patch: Json | None
) -> None:
    status, said = write(owned, "tenant", kind, name, patch)

    unchanged = patch == {"metadata": {"ownerReferences": []}}
    assert status == 403 or (unchanged and status == 200), said
    assert write(owned, "keeper", kind, name, patch)[0] == 200
    if status == 403:
        assert "change the server that it is made for" in said


@pytest.mark.parametrize("kind", PATHS)
def test_what_is_not_of_label_and_name_is_its_authors(owned: ControlPlane, kind: str) -> None:
    assert (
        write(owned, "tenant", kind, "theirs", {"metadata": {"annotations": {"a": "b"}}})[0] == 200
    )
    assert write(owned, "tenant", kind, "theirs")[0] == 200
    assert create(owned, "tenant", kind, an_object(kind, "new-mcp")) == 201
    other = {**OURS, "mcp-admission.dev/name": "other"}
    assert create(owned, "tenant", kind, an_object(kind, "new", labels=other)) == 201
    relabelled = {"metadata": {"labels": {**OURS, "mcp-admission.dev/name": "theirs"}}}
    assert write(owned, "tenant", kind, "theirs", relabelled)[0] == 403


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_tenant_makes_no_object_that_passes_for_the_controllers(
    owned: ControlPlane, kind: str, name: str
) -> None:
    found = an_object(
        kind, name.replace("crm", "new"), labels={**OURS, "mcp-admission.dev/name": "new"}
    )

    assert create(owned, "tenant", kind, found) == 403


def test_the_cluster_itself_collects_and_empties(owned: ControlPlane) -> None:
    owned.create("/api/v1/namespaces", {"metadata": {"name": "leaving"}})
    owned.namespace_is_usable("leaving")
    owner = owned.create("/api/v1/namespaces/leaving/configmaps", {"metadata": {"name": "owner"}})
    reference = {
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
    }  # fmt: skip
    for kind, path in PATHS.items():
        name = {"Secret": "crm-mcp-config", "NetworkPolicy": "mcp-admission-baseline"}.get(
            kind, "crm-mcp"
        )
        owners = {} if kind == "NetworkPolicy" else {"ownerReferences": [reference]}
        owned.create(path.format("leaving"), an_object(kind, name, labels=OURS, **owners))
    owned.raw("DELETE", "/api/v1/namespaces/leaving/configmaps/owner")
    service = f"{PATHS['Service'].format('leaving')}/crm-mcp"
    owned.wait_for("collection", lambda: owned.raw("GET", service).status == 404, 60)
    assert owned.raw("DELETE", "/api/v1/namespaces/leaving").status == 200
    owned.wait_for(
        "end of the namespace",
        lambda: owned.raw("GET", "/api/v1/namespaces/leaving").status == 404,
        60,
    )
