"""What nodes do for themselves: their static pods, and one pod of a DaemonSet on each."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, OPTED_IN, Manifest, bare_pod, container, of_kind
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tools.cluster.control_plane import NODE
from tools.cluster.users import User

FLEET = {
    "mcpServerDefaults": {
        "perServer": "forbid",
        "tolerations": [{"key": "mcp", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]}
                    ]
                }
            }
        },
    }
}
STATIC: dict[str, Any] = {
    "hostNetwork": True,
    "nodeName": NODE,
    "automountServiceAccountToken": False,
    "tolerations": [{"operator": "Exists", "effect": "NoExecute"}],
    "containers": [container(securityContext={"privileged": True})],
    "volumes": [{"name": "node", "hostPath": {"path": "/etc", "type": ""}}],
}


@pytest.fixture(scope="module")
def node(product: Product) -> User:
    """The kubelet of the node."""
    return product.cluster.user(f"system:node:{NODE}", "system:nodes")


@pytest.fixture(params=["their own", "the fleet's"])
def placement(request: pytest.FixtureRequest, product: Product) -> Iterator[None]:
    """Servers choose their own nodes, or only the fleet does."""
    with product.settings(FLEET if request.param == "the fleet's" else {}):
        yield


def mirror(product: Product, labels: dict[str, str]) -> Manifest:
    """The pod that stands for a static one, as a kubelet creates it."""
    uid = product.cluster.get(f"/api/v1/nodes/{NODE}")["metadata"]["uid"]
    digest = "0123456789abcdef0123456789abcdef"
    pod = bare_pod(f"proxy-{NODE}", labels=labels, **STATIC)
    pod["metadata"] |= {
        "annotations": {
            "kubernetes.io/config.mirror": digest,
            "kubernetes.io/config.hash": digest,
            "kubernetes.io/config.source": "file",
            "kubernetes.io/config.seen": "2026-01-01T00:00:00Z",
        },
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "Node", "name": NODE, "uid": uid, "controller": True}
        ],
    }
    return pod


@pytest.mark.parametrize("labels", [NOT_LABELLED, OPTED_IN], ids=["", "labelled"])
@pytest.mark.parametrize("scope", ["namespace", "managed"])
def test_a_mirror_pod_of_a_kubelet_is_stored_as_it_is(
    request: pytest.FixtureRequest,
    product: Product,
    node: User,
    scope: str,
    labels: dict[str, str],
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    sent = mirror(product, dict(labels))

    answer = namespace.raw("POST", "pods", sent, as_user=node)

    assert (answer.status, answer.warnings) == (201, []), answer.body
    stored = answer.json()
    assert stored["metadata"].get("labels", {}) == labels
    assert stored["metadata"]["annotations"] == sent["metadata"]["annotations"]
    assert stored["spec"]["containers"][0]["securityContext"] == {"privileged": True}
    assert "schedulingGates" not in stored["spec"]
    assert not [line for line in product.logged() if line.get("namespace") == namespace.name]


def test_a_kubelet_writes_the_status_of_a_server(managed: Namespace, node: User) -> None:
    managed.create(bare_pod())
    managed.wait_until_running()

    body = {"status": {"message": "seen"}}
    answer = managed.raw("PATCH", "pods/github-tools/status", body, MERGE_PATCH, as_user=node)

    assert (answer.status, answer.warnings) == (200, []), answer.body


@pytest.mark.parametrize("scope", ["namespace", "managed"])
def test_a_pod_of_a_daemon_set_keeps_its_node(
    request: pytest.FixtureRequest, placement: None, scope: str
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    namespace.create(of_kind("DaemonSet"))

    (pod,) = namespace.wait_until_running()

    chosen = pod["spec"]["affinity"]["nodeAffinity"]
    (term,) = chosen["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    (field,) = term["matchFields"]
    assert (field["key"], field["values"]) == ("metadata.name", [pod["spec"]["nodeName"]])
    keys = {toleration["key"] for toleration in pod["spec"]["tolerations"]}
    assert keys >= {"node.kubernetes.io/disk-pressure", "node.kubernetes.io/not-ready"}
