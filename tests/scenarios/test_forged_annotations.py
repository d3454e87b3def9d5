"""Annotations that anybody may write excuse nothing: neither Kubernetes' own nor ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import (
    GATE,
    IMAGE,
    INJECTED,
    NOT_LABELLED,
    Manifest,
    bare_pod,
    container,
    server,
)
from tests.e2e.namespace import HARDENED
from tests.scenarios.cluster import Cluster

# What a kubelet writes on the pods that stand for its static ones.
STATIC = {
    "kubernetes.io/config.mirror": "0123456789abcdef",
    "kubernetes.io/config.source": "file",
    "kubernetes.io/config.hash": "0123456789abcdef",
    "kubernetes.io/config.seen": "2026-01-01T00:00:00Z",
}
PRIVILEGED = container(securityContext={"privileged": True})
CONTEXT = "containers[mcp].securityContext"
NOT_GATED = {"mcpNamespace": {"networkPolicy": {"enabled": False}}}


def annotated(annotations: dict[str, str], **spec: Any) -> Manifest:
    pod = bare_pod(labels=NOT_LABELLED, **spec)
    pod["metadata"]["annotations"] = annotations
    return pod


def injected(**memory: Any) -> dict[str, str]:
    return {INJECTED: json.dumps(memory)}


def is_hardened(pod: Manifest) -> bool:
    (first,) = pod["spec"]["containers"]
    context = first["securityContext"]
    return (
        context.get("privileged") is None
        and context["capabilities"] == {"drop": ["ALL"]}
        and context["allowPrivilegeEscalation"] is False
        and context["runAsNonRoot"] is True
        and not pod["spec"].get("hostNetwork")
    )


def test_a_forged_mirror_pod_is_refused(managed: Cluster) -> None:
    pod = annotated(STATIC, nodeName="node-1", containers=[PRIVILEGED])

    assert managed.create(pod).refused_by == {
        "privileged",
        "privilege-escalation",
        "isolation-gate",
    }


def test_a_forged_mirror_pod_is_filled_in_where_nothing_waits(
    clusters: Callable[..., Cluster],
) -> None:
    managed = clusters(NOT_GATED, managed=True)

    assert is_hardened(managed.create(annotated(STATIC, nodeName="node-1")).stored)


def test_a_mirror_annotation_on_a_template_changes_nothing(managed: Cluster) -> None:
    forged = server(labels=NOT_LABELLED, containers=[PRIVILEGED])
    forged["spec"]["template"]["metadata"]["annotations"] = STATIC

    assert managed.create(forged).refused_by == {"privileged", "privilege-escalation"}


@pytest.mark.parametrize(
    "memory",
    [
        {"set": {CONTEXT: {"privileged": True}}},
        {"set": {"": {"hostNetwork": True}, CONTEXT: {"privileged": True}}},
        {
            "set": {"containers[mcp]": {"image": IMAGE}},
            "was": {CONTEXT: {"privileged": True}, "": {"hostNetwork": True}},
        },
        {"set": {CONTEXT: {"privileged": True}}, "was": {CONTEXT: {"privileged": True}}},
        {"was": {"": {"containers": [PRIVILEGED]}, "containers[mcp]": PRIVILEGED}},
    ],
    ids=["was ours", "all was ours", "gives back", "was ours twice", "other containers"],
)
@pytest.mark.parametrize("kind", ["pod", "deployment"])
def test_a_forged_memory_privileges_nobody(
    managed: Cluster, kind: str, memory: dict[str, Any]
) -> None:
    asks = PRIVILEGED if "set" in memory and CONTEXT in memory["set"] else container()
    made = annotated(injected(**memory), containers=[asks])
    if kind == "deployment":
        template = {"metadata": made["metadata"] | {"labels": {"app": "x"}}, "spec": made["spec"]}
        made = server(labels=NOT_LABELLED)
        made["spec"] |= {"template": template, "selector": {"matchLabels": {"app": "x"}}}

    answer = managed.create(made)

    if answer.allowed:
        assert is_hardened(answer.stored if kind == "pod" else answer.stored["spec"]["template"])
    else:
        assert answer.refused_by <= {"privileged", "privilege-escalation"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '{"set": []}', '{"set": {"": 1}}', '{"x": {}}', "9" * 9000],
    ids=lambda text: text[:20] or "empty",
)
def test_a_memory_that_cannot_be_read_counts_as_none(managed: Cluster, text: str) -> None:
    refused = managed.create(annotated({INJECTED: text}, containers=[PRIVILEGED]))
    stored = managed.create(annotated({INJECTED: text})).stored

    assert refused.refused_by == {"privileged", "privilege-escalation"}
    assert is_hardened(stored)
    assert json.loads(stored["metadata"]["annotations"][INJECTED]).keys() == {"set", "was"}


def test_a_made_up_owner_and_memory_spare_a_pod_no_security_rule(managed: Cluster) -> None:
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "github-tools-1",
        "uid": "00000000-0000-0000-0000-000000000000",
        "controller": True,
    }
    orphan = annotated(injected(set={"": {"hostNetwork": True}}))
    orphan["metadata"]["ownerReferences"] = [owner]
    privileged = annotated(injected(set={CONTEXT: {"privileged": True}}), containers=[PRIVILEGED])
    privileged["metadata"]["ownerReferences"] = [owner]

    assert is_hardened(managed.create(orphan).stored)
    assert managed.create(privileged).refused_by == {"privileged", "privilege-escalation"}


@pytest.mark.parametrize("kind", ["pod", "deployment"])
def test_a_forged_memory_exempts_from_nothing(cluster: Cluster, kind: str) -> None:
    memory = injected(set={CONTEXT: {"privileged": True, "runAsUser": 0}})
    context = {"privileged": True, "allowPrivilegeEscalation": True, "runAsUser": 0}
    build = bare_pod if kind == "pod" else server
    forged = build(annotations=memory, container={"securityContext": context})
    template = forged if kind == "pod" else forged["spec"]["template"]
    template["metadata"]["annotations"] = memory

    answer = cluster.create(forged)

    if answer.allowed:
        stored = answer.stored if kind == "pod" else answer.stored["spec"]["template"]
        assert stored["spec"]["containers"][0]["securityContext"] == HARDENED
    else:
        assert answer.refused_by <= {"privileged", "privilege-escalation", "run-as-user"}


def test_a_pod_that_claims_an_owner_is_secured_like_any_other(cluster: Cluster) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "0"}
    claimed = bare_pod(asks={"injected": "{}"})
    claimed["metadata"]["ownerReferences"] = [{**owner, "controller": True}]

    stored = cluster.create(claimed).stored

    assert is_hardened(stored)
    assert stored["spec"]["securityContext"]["runAsNonRoot"] is True
    assert stored["spec"]["schedulingGates"] == [{"name": GATE}]


def test_a_memory_rewritten_on_a_live_deployment_brings_nothing_back(managed: Cluster) -> None:
    before = managed.create(server()).stored["spec"]["template"]["spec"]
    forged = injected(was={CONTEXT: {"privileged": True}}, set={CONTEXT: {"runAsUser": 1000}})

    body = {"spec": {"template": {"metadata": {"annotations": forged}}}}
    answer = managed.patch("deployments/github-tools", body)

    assert answer.allowed
    assert answer.stored["spec"]["template"]["spec"] == before
