"""The policy that guards the label of managed namespaces, on a real API server."""

import pytest

from tools.chart.helm import Json
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User

LABEL = "mcp-admission.dev/managed"
SERVERS = "mcp-admission-mcp"
MERGE = "application/merge-patch+json"
RBAC = "rbac.authorization.k8s.io"
NAMESPACES = {
    "apiGroups": [""],
    "resources": ["namespaces", "namespaces/status", "namespaces/finalize"],
    "verbs": ["create", "delete", "get", "patch", "update"],
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
    named = {"managed": {LABEL: "true"}, "out": {LABEL: "false"}, "one": {}, "other": {}}
    for name, labels in named.items():
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


@pytest.mark.parametrize(
    ("user", "name", "status"),
    [
        ("tenant", "managed", 403),
        ("tenant", "out", 200),
        ("tenant", "other", 200),
        ("holder", "managed", 200),
        ("holder-of-one", "managed", 403),
    ],
)
def test_only_holders_of_the_verb_delete_managed_namespaces(
    guarded: ControlPlane, user: str, name: str, status: int
) -> None:
    path = f"/api/v1/namespaces/{name}?dryRun=All"
    found = guarded.raw("DELETE", path, as_user=guarded.user(user))

    assert found.status == status, found.body
    if status == 403:
        assert b"could be made again without the label" in found.body


@pytest.mark.parametrize(
    ("user", "name", "labels", "status"),
    [
        ("tenant", SERVERS, {}, 403),
        ("tenant", SERVERS, {"team": "a"}, 403),
        ("tenant", SERVERS, {LABEL: "true"}, 403),
        ("tenant", "another", {}, 201),
        ("holder", SERVERS, {}, 201),
        ("holder", SERVERS, {LABEL: "true"}, 201),
    ],
)
def test_the_namespace_of_the_chart_is_not_made_again_without_its_label(
    guarded: ControlPlane, user: str, name: str, labels: Json, status: int
) -> None:
    new = {"metadata": {"name": name, "labels": labels}}
    found = guarded.raw("POST", "/api/v1/namespaces?dryRun=All", new, as_user=guarded.user(user))

    assert found.status == status, found.body


def test_a_managed_namespace_that_is_being_deleted_ends(guarded: ControlPlane) -> None:
    """The controller that ends it, and whoever deletes it once more, need no right of ours."""
    held = {"metadata": {"name": "held", "labels": {LABEL: "true"}, "finalizers": ["a.test/hold"]}}
    guarded.create("/api/v1/namespaces", held)
    tenant, path = guarded.user("tenant"), "/api/v1/namespaces/held"
    assert guarded.raw("DELETE", path, as_user=tenant).status == 403
    assert guarded.raw("DELETE", path).status == 200
    assert guarded.raw("DELETE", path, as_user=tenant).status in (200, 409)
    free = {"metadata": {"finalizers": None}}
    assert guarded.raw("PATCH", path, free, MERGE, as_user=tenant).status == 200
    found = guarded.get(path)
    found["spec"]["finalizers"] = []
    guarded.raw("PUT", f"{path}/finalize", found, as_user=tenant)

    guarded.wait_for("no namespace", lambda: guarded.raw("GET", path).status == 404)
