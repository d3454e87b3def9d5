"""In a managed namespace no kind of workload makes a pod that is not hardened, labelled or not."""

from collections.abc import Callable
from typing import Any

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
from tests.e2e.namespace import Namespace
from tests.e2e.refusals import refusing_rules, rules_in

MAKING_PODS_BY_THEMSELVES = sorted(set(KINDS) - {"Deployment", "CronJob", "PodTemplate"})


def start(namespace: Namespace, kind: str, **spec: Any) -> None:
    """Create an unlabelled workload, and run it where its time has not come."""
    namespace.create(of_kind(kind, labels=NOT_LABELLED, **spec))
    if kind == "CronJob":
        namespace.kubectl("create", "job", "now", "--from=cronjob/github-tools")


def refusals(namespace: Namespace) -> list[str]:
    """What controllers say about the pods that they could not make."""
    events = namespace.get("events")["items"]
    return [event["message"] for event in events if event["reason"] == "FailedCreate"]


@pytest.mark.parametrize("kind", [*MAKING_PODS_BY_THEMSELVES, "CronJob"])
def test_its_pods_are_hardened(managed: Namespace, kind: str) -> None:
    start(managed, kind)

    (pod,) = managed.wait_for_pods()
    labels = pod["metadata"]["labels"]
    assert labels.items() >= {(SERVER, "true"), (NAME, "github-tools")}
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert "volumes" not in pod["spec"]
    assert pod["spec"]["schedulingGates"]


@pytest.mark.parametrize("kind", [*MAKING_PODS_BY_THEMSELVES, "CronJob"])
def test_contradicting_pods_are_refused(managed: Namespace, kind: str) -> None:
    start(managed, kind, hostNetwork=True)

    said, *_ = managed.cluster.wait_for("refused pod", lambda: refusals(managed))
    assert rules_in(said) == {"host-namespaces"}
    assert managed.pods() == []


def test_a_deployment_is_hardened_with_its_pods(managed: Namespace) -> None:
    stored = managed.create(server(labels=NOT_LABELLED))

    (pod,) = managed.wait_for_pods()
    for labels in (stored["spec"]["template"]["metadata"]["labels"], pod["metadata"]["labels"]):
        assert labels.items() >= {(SERVER, "true"), (NAME, "github-tools")}
    context = stored["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["containers"][0]["securityContext"] == context


@pytest.mark.parametrize("manifest", [server, bare_pod], ids=["Deployment", "Pod"])
def test_contradictions_are_refused_at_once(
    managed: Namespace, manifest: Callable[..., Manifest]
) -> None:
    made = manifest(labels=NOT_LABELLED, hostNetwork=True)

    assert refusing_rules(managed.apply(made, check=False)) == {"host-namespaces"}


@pytest.mark.parametrize("value", ["false", "no", ""], ids=repr)
def test_a_label_does_not_exempt_a_pod(managed: Namespace, value: str) -> None:
    answer = managed.raw("POST", "pods", bare_pod(labels={SERVER: value}))

    assert refusing_rules(answer) == {"identity"}


def test_a_generated_name_is_no_way_around(managed: Namespace) -> None:
    prefix = {"generateName": "tools-", "name": None}
    plain, privileged = bare_pod(labels=NOT_LABELLED), bare_pod(labels=NOT_LABELLED, hostPID=True)
    deployment = server(labels=NOT_LABELLED)
    for manifest in (plain, privileged, deployment):
        manifest["metadata"] |= prefix

    stored = managed.create(plain)

    assert stored["metadata"]["labels"] == {SERVER: "true", NAME: "tools"}
    assert stored["spec"]["securityContext"]["runAsNonRoot"] is True
    assert refusing_rules(managed.raw("POST", "pods", privileged)) == {"host-namespaces"}
    assert refusing_rules(managed.raw("POST", "deployments", deployment)) == {"identity"}
