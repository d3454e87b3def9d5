"""The policy that guards the label of managed namespaces, on a real API server."""

import pytest

from tools.chart.helm import Json
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User

LABEL = "mcp-admission.dev/managed"
MERGE = "application/merge-patch+json"
RBAC = "rbac.authorization.k8s.io"
NAMESPACES = {
    "apiGroups": [""],
    "resources": ["namespaces", "namespaces/status", "namespaces/finalize"],
    "verbs": ["create", "get", "patch", "update"],
}
MANAGING = {
    "apiGroups": ["mcp-admission.dev"],
    "resources": ["managednamespaces"],
    "verbs": ["update"],
}


@pytest.fixture(scope="module")
def guarded(own_cluster: ControlPlane) -> ControlPlane:
    """A cluster with the policy, three users who may label namespaces, and a managed one."""
    for file in sorted(FOLDER.glob("8*.yaml")):
        own_cluster.kubectl("apply", "--filename", str(file))
    grant(own_cluster, "tenant", NAMESPACES)
    grant(own_cluster, "holder", NAMESPACES, MANAGING)
    grant(own_cluster, "holder-of-one", NAMESPACES, {**MANAGING, "resourceNames": ["one"]})
    for name, labels in {"managed": {LABEL: "true"}, "one": {}, "other": {}}.items():
        metadata = {"name": name, "labels": labels}
        own_cluster.create("/api/v1/namespaces", {"metadata": metadata})
    tenant = own_cluster.user("tenant")
    own_cluster.wait_for(
        "policy in force",
        lambda: labelled(own_cluster, tenant, "other", {LABEL: "true"})[0] == 403,
    )
    return own_cluster


def grant(cluster: ControlPlane, user: str, *rules: Json) -> None:
    api = f"{RBAC}/v1"
    role = {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": user}, "rules": rules}
    binding = {
        "apiVersion": api,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
    cluster.kubectl("apply", "--filename", "-", sent=[role, binding])


def labelled(cluster: ControlPlane, user: User, name: str, labels: Json) -> tuple[int, str]:
    """The answer to a patch of a namespace's labels, or of its subresource; nothing is stored."""
    path = f"/api/v1/namespaces/{name}?dryRun=All"
    answer = cluster.raw("PATCH", path, {"metadata": {"labels": labels}}, MERGE, as_user=user)
    return answer.status, answer.body.decode()


@pytest.mark.parametrize(
    ("user", "name", "labels", "status"),
    [
        ("tenant", "other", {LABEL: "true"}, 403),
        ("tenant", "other", {LABEL: "false"}, 403),
        ("tenant", "managed", {LABEL: None}, 403),
        ("tenant", "managed", {LABEL: "yes"}, 403),
        ("tenant", "managed/status", {LABEL: None}, 403),
        ("tenant", "managed", {"team": "a"}, 200),
        ("tenant", "managed", {LABEL: "true", "team": "a"}, 200),
        ("tenant", "other", {"team": "a"}, 200),
        ("holder", "other", {LABEL: "true"}, 200),
        ("holder", "managed", {LABEL: None}, 200),
        ("holder", "managed", {LABEL: "false"}, 200),
        ("holder", "other", {LABEL: "True"}, 422),
        ("holder", "managed", {LABEL: "yes"}, 422),
        ("holder-of-one", "one", {LABEL: "true"}, 200),
        ("holder-of-one", "other", {LABEL: "true"}, 403),
    ],
)
def test_only_holders_of_the_verb_change_the_managed_label_and_to_legal_values(
    guarded: ControlPlane, user: str, name: str, labels: Json, status: int
) -> None:
    found = labelled(guarded, guarded.user(user), name, labels)

    assert found[0] == status, found[1]
    if status == 403:
        assert "mcp-admission-managed-label" in found[1]
        assert "update on managednamespaces.mcp-admission.dev" in found[1]
    if status == 422:
        assert 'must be \\"true\\" or \\"false\\"' in found[1]


@pytest.mark.parametrize(("user", "status"), [("tenant", 403), ("holder", 201)])
def test_only_holders_of_the_verb_create_managed_namespaces(
    guarded: ControlPlane, user: str, status: int
) -> None:
    new = {"metadata": {"name": "new", "labels": {LABEL: "true"}}}
    found = guarded.raw("POST", "/api/v1/namespaces?dryRun=All", new, as_user=guarded.user(user))

    assert found.status == status, found.body


def test_finalizing_a_namespace_does_not_change_the_managed_label(guarded: ControlPlane) -> None:
    namespace = guarded.get("/api/v1/namespaces/managed")
    del namespace["metadata"]["labels"][LABEL]
    found = guarded.raw(
        "PUT", "/api/v1/namespaces/managed/finalize?dryRun=All", namespace,
        as_user=guarded.user("tenant"),
    )  # fmt: skip

    assert found.status == 403, found.body
    assert b"managednamespaces" in found.body
