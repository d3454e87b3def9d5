"""What binds a pod to a node brings neither labels of ours nor an end to its waiting."""

from typing import Any

import pytest

from tests.builders import INJECTED, NAME, NOT_LABELLED, SERVER, bare_pod
from tests.e2e.namespace import Namespace
from tests.e2e.refusals import refusing_rules
from tools.cluster.clients import Response

BOTH_WAYS = pytest.mark.parametrize("resource", ["pods/github-tools/binding", "bindings"])
# No scheduler of this cluster knows the name: the pod waits for the test to bind it.
UNBOUND: dict[str, Any] = {"schedulerName": "nobody"}


def bind(namespace: Namespace, resource: str, **metadata: Any) -> Response:
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "github-tools", **metadata},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "node-1"},
    }
    return namespace.raw("POST", resource, body)


@BOTH_WAYS
@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {SERVER: "true"}},
        {"labels": {NAME: "github-tools"}},
        {"labels": {"app": "x", SERVER: "false"}},
        {"annotations": {INJECTED: "{}"}},
    ],
    ids=["label", "name", "opt-out", "annotation"],
)
def test_a_binding_brings_nothing_of_ours(
    namespace: Namespace, resource: str, metadata: dict[str, Any]
) -> None:
    namespace.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True, **UNBOUND))

    assert refusing_rules(bind(namespace, resource, **metadata)) == {"identity"}

    pod = namespace.get("pods/github-tools")
    assert "labels" not in pod["metadata"]
    assert "nodeName" not in pod["spec"]


@BOTH_WAYS
def test_a_binding_does_not_rename_a_server(managed: Namespace, resource: str) -> None:
    managed.create(bare_pod(**UNBOUND))

    answer = bind(managed, resource, labels={NAME: "other-tools"})

    assert refusing_rules(answer) == {"identity"}


@BOTH_WAYS
def test_a_binding_does_not_end_the_waiting_for_a_network_policy(
    namespace: Namespace, resource: str
) -> None:
    namespace.create(bare_pod(**UNBOUND))

    answer = bind(namespace, resource)

    assert (answer.status, answer.json()["reason"]) == (409, "Conflict")
    assert "has non-empty .spec.schedulingGates" in answer.json()["message"]
    assert "nodeName" not in namespace.get("pods/github-tools")["spec"]


@BOTH_WAYS
@pytest.mark.parametrize("scope", ["namespace", "managed"])
def test_other_schedulers_bind_servers(
    request: pytest.FixtureRequest, scope: str, resource: str
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    namespace.release(namespace.create(bare_pod(**UNBOUND)))

    answer = bind(namespace, resource, labels={"topology.example.com/zone": "a"})

    assert answer.status == 201
    pod = namespace.get("pods/github-tools")
    assert pod["spec"]["nodeName"] == "node-1"
    carried = {"topology.example.com/zone": "a"} if labels_reach_the_pod(namespace) else {}
    assert carried.items() <= pod["metadata"]["labels"].items()


@BOTH_WAYS
@pytest.mark.parametrize("scope", ["namespace", "managed"])
@pytest.mark.parametrize(("profile", "status"), [("unconfined", 403), ("runtime/default", 201)])
def test_a_binding_does_not_switch_apparmor_off(
    request: pytest.FixtureRequest, scope: str, resource: str, profile: str, status: int
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    namespace.release(namespace.create(bare_pod(**UNBOUND)))
    key = "container.apparmor.security.beta.kubernetes.io/main"

    answer = bind(namespace, resource, annotations={key: profile})

    assert answer.status == status
    pod = namespace.get("pods/github-tools")
    if status == 201:
        assert pod["metadata"]["annotations"][key] == profile, "kubelets would read it"
    else:
        assert refusing_rules(answer) == {"apparmor"}
        assert "nodeName" not in pod["spec"]


def labels_reach_the_pod(namespace: Namespace) -> bool:
    """Whether this Kubernetes copies labels of a Binding: PodTopologyLabelsAdmission, KEP-4742."""
    version = namespace.cluster.versions["kube-apiserver"]
    return int(version.split(".")[1]) >= 35
