"""What binds a pod to a node brings neither labels nor annotations of the product."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import INJECTED, NAME, NOT_LABELLED, SERVER, bare_pod
from tests.scenarios.cluster import Cluster

THROUGH = pytest.mark.parametrize("resource", ["pods/github-tools/binding", "bindings"])
SCOPES = pytest.mark.parametrize("is_managed", [False, True], ids=["namespace", "managed"])
# No scheduler of this cluster knows the name: the pod waits for the test to bind it.
UNBOUND: dict[str, Any] = {"schedulerName": "nobody"}


@pytest.fixture
def ready(clusters: Callable[..., Cluster], is_managed: bool) -> Cluster:
    """A namespace with a server that waits for its node alone."""
    cluster = clusters(managed=is_managed)
    cluster.create(bare_pod(**UNBOUND))
    assert cluster.patch("pods/github-tools", {"spec": {"schedulingGates": []}}).allowed
    return cluster


@THROUGH
@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {SERVER: "true"}},
        {"labels": {NAME: "github-tools"}},
        {"labels": {"app": "x", SERVER: "false"}},
        {"annotations": {INJECTED: "{}"}},
        {"annotations": {SERVER: "true"}},
    ],
    ids=["label", "name", "opt-out", "record", "annotation"],
)
def test_a_binding_brings_no_label_and_no_annotation_of_the_product(
    cluster: Cluster, resource: str, metadata: dict[str, Any]
) -> None:
    cluster.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True, **UNBOUND))

    assert cluster.bind(resource, **metadata).refused_by == {"identity"}

    pod = cluster.get("pods/github-tools")
    assert not pod["metadata"].get("labels")
    assert "nodeName" not in pod["spec"]


@THROUGH
def test_a_binding_does_not_rename_a_server(managed: Cluster, resource: str) -> None:
    managed.create(bare_pod(**UNBOUND))

    assert managed.bind(resource, labels={NAME: "other-tools"}).refused_by == {"identity"}


@THROUGH
@SCOPES
def test_other_schedulers_bind_servers(ready: Cluster, resource: str) -> None:
    zone = {"topology.example.com/zone": "a"}

    assert ready.bind(resource, labels=zone).allowed

    pod = ready.get("pods/github-tools")
    assert pod["spec"]["nodeName"] == "node-1"
    carried = zone if ready.carries_labels_of_bindings() else {}
    assert carried.items() <= pod["metadata"]["labels"].items()


@THROUGH
@SCOPES
@pytest.mark.parametrize(
    ("profile", "refused_by"), [("unconfined", {"apparmor"}), ("runtime/default", set())]
)
def test_a_binding_does_not_switch_apparmor_off(
    ready: Cluster, resource: str, profile: str, refused_by: set[str]
) -> None:
    key = "container.apparmor.security.beta.kubernetes.io/main"

    assert ready.bind(resource, annotations={key: profile}).refused_by == refused_by

    pod = ready.get("pods/github-tools")
    if refused_by:
        assert "nodeName" not in pod["spec"]
    else:
        assert pod["metadata"]["annotations"][key] == profile, "kubelets would read it"
