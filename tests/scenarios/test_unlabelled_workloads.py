"""In a managed namespace no kind of workload makes a pod that is not hardened, labelled or not."""

from collections.abc import Callable

import pytest

from tests.builders import (
    KINDS,
    NAME,
    NOT_LABELLED,
    SERVER,
    Manifest,
    bare_pod,
    of_kind,
    server,
)
from tests.scenarios.cluster import Cluster

MAKING_PODS = sorted(set(KINDS) - {"Deployment", "PodTemplate"})


@pytest.mark.parametrize("kind", MAKING_PODS)
def test_pods_of_an_unlabelled_workload_are_hardened(managed: Cluster, kind: str) -> None:
    workload = managed.create(of_kind(kind, labels=NOT_LABELLED)).stored

    pod = managed.made_pod(workload).stored
    labels = pod["metadata"]["labels"]
    assert labels.items() >= {(SERVER, "true"), (NAME, "github-tools")}
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert "volumes" not in pod["spec"]
    assert pod["spec"]["schedulingGates"]


@pytest.mark.parametrize("kind", MAKING_PODS)
def test_contradicting_pods_of_an_unlabelled_workload_are_refused(
    managed: Cluster, kind: str
) -> None:
    workload = managed.create(of_kind(kind, labels=NOT_LABELLED, hostNetwork=True)).stored

    assert managed.made_pod(workload).refused_by == {"host-namespaces"}


def test_an_unlabelled_deployment_is_hardened_with_its_pods(managed: Cluster) -> None:
    stored = managed.create(server(labels=NOT_LABELLED)).stored

    pod = managed.made_pod(stored).stored
    for labels in (stored["spec"]["template"]["metadata"]["labels"], pod["metadata"]["labels"]):
        assert labels.items() >= {(SERVER, "true"), (NAME, "github-tools")}
    context = stored["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["containers"][0]["securityContext"] == context


@pytest.mark.parametrize("manifest", [server, bare_pod], ids=["Deployment", "Pod"])
def test_contradictions_of_an_unlabelled_server_are_refused_at_once(
    managed: Cluster, manifest: Callable[..., Manifest]
) -> None:
    refused = managed.create(manifest(labels=NOT_LABELLED, hostNetwork=True))

    assert refused.refused_by == {"host-namespaces"}


@pytest.mark.parametrize("value", ["false", "no", ""], ids=repr)
def test_no_value_of_the_label_exempts_a_pod(managed: Cluster, value: str) -> None:
    assert managed.create(bare_pod(labels={SERVER: value})).refused_by == {"identity"}


def test_a_generated_name_is_no_way_around_the_review(managed: Cluster) -> None:
    plain, privileged = bare_pod(labels=NOT_LABELLED), bare_pod(labels=NOT_LABELLED, hostPID=True)
    deployment = server(labels=NOT_LABELLED)
    for manifest in (plain, privileged, deployment):
        del manifest["metadata"]["name"]
        manifest["metadata"]["generateName"] = "tools-"

    stored = managed.create(plain).stored

    assert stored["metadata"]["labels"] == {SERVER: "true", NAME: "tools"}
    assert stored["spec"]["securityContext"]["runAsNonRoot"] is True
    assert managed.create(privileged).refused_by == {"host-namespaces"}
    assert managed.create(deployment).refused_by == {"identity"}
