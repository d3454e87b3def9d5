"""Whatever is there can be deleted: one by one, all at once, or with its namespace."""

import pytest

from tests.builders import KINDS, bare_pod, of_kind
from tests.e2e.namespace import Namespace

EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "github-tools"}}


@pytest.mark.parametrize("scope", ["namespace", "managed"])
def test_servers_of_every_kind_are_deleted_by_their_tenant(
    request: pytest.FixtureRequest, scope: str
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    kinds = sorted(set(KINDS) - {"PodTemplate"})
    for kind in kinds:
        namespace.create(of_kind(kind, kind.lower()))
    namespace.create(bare_pod())

    names = [f"{kind.lower()}/{kind.lower()}" for kind in kinds]
    deleted = namespace.kubectl(
        "delete", "pod/github-tools", *names, "--cascade=foreground", as_user=namespace.tenant
    )

    assert deleted.stderr == ""
    namespace.cluster.wait_for("deletion of all pods", lambda: not namespace.get("pods")["items"])


def test_a_collection_of_gated_pods_is_deleted(managed: Namespace) -> None:
    for number in range(3):
        managed.create(bare_pod(f"tools-{number}"))

    assert managed.raw("DELETE", "pods").status == 200

    managed.cluster.wait_for("deletion", lambda: not managed.get("pods")["items"])


def test_a_server_is_evicted(managed: Namespace) -> None:
    managed.create(bare_pod())
    managed.wait_until_running()

    assert managed.raw("POST", "pods/github-tools/eviction", EVICTION).status == 201


def test_a_managed_namespace_goes_with_all_that_is_in_it(managed: Namespace) -> None:
    for kind in ("Deployment", "DaemonSet"):
        managed.create(of_kind(kind))
    managed.create(bare_pod())
    path = f"/api/v1/namespaces/{managed.name}"

    assert managed.cluster.raw("DELETE", path).status == 200

    managed.cluster.wait_for(
        "deletion of the namespace", lambda: managed.cluster.raw("GET", path).status == 404
    )
