"""Annotations that anybody may write excuse nothing: neither Kubernetes' own nor ours."""

import json
from typing import Any

import pytest

from tests.builders import (
    IMAGE,
    INJECTED,
    NOT_LABELLED,
    Manifest,
    bare_pod,
    container,
    server,
)
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules

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


def test_a_forged_mirror_pod_is_refused(managed: Namespace) -> None:
    pod = annotated(STATIC, nodeName="node-1", containers=[PRIVILEGED])

    answer = managed.raw("POST", "pods", pod)

    assert refusing_rules(answer) == {"privileged", "privilege-escalation", "isolation-gate"}


def test_a_forged_mirror_pod_is_filled_in_where_nothing_waits(
    product: Product, managed: Namespace
) -> None:
    with product.settings(NOT_GATED):
        stored = managed.create(annotated(STATIC, nodeName="node-1"))

    assert is_hardened(stored)


def test_a_mirror_annotation_on_a_template_changes_nothing(managed: Namespace) -> None:
    forged = server(labels=NOT_LABELLED, containers=[PRIVILEGED])
    forged["spec"]["template"]["metadata"]["annotations"] = STATIC

    answer = managed.raw("POST", "deployments", forged)

    assert refusing_rules(answer) == {"privileged", "privilege-escalation"}


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
    managed: Namespace, kind: str, memory: dict[str, Any]
) -> None:
    asks = PRIVILEGED if "set" in memory and CONTEXT in memory["set"] else container()
    made = annotated(injected(**memory), containers=[asks])
    if kind == "deployment":
        template = {"metadata": made["metadata"] | {"labels": {"app": "x"}}, "spec": made["spec"]}
        made = server(labels=NOT_LABELLED)
        made["spec"] |= {"template": template, "selector": {"matchLabels": {"app": "x"}}}

    answer = managed.raw("POST", f"{kind}s", made)

    if answer.status == 201:
        stored = answer.json()
        assert is_hardened(stored if kind == "pod" else stored["spec"]["template"])
    else:
        assert refusing_rules(answer) <= {"privileged", "privilege-escalation"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '{"set": []}', '{"set": {"": 1}}', '{"x": {}}', "9" * 9000],
    ids=lambda text: text[:20] or "empty",
)
def test_a_memory_that_cannot_be_read_counts_as_none(managed: Namespace, text: str) -> None:
    refused = managed.raw("POST", "pods", annotated({INJECTED: text}, containers=[PRIVILEGED]))
    stored = managed.create(annotated({INJECTED: text}))

    assert refusing_rules(refused) == {"privileged", "privilege-escalation"}
    assert is_hardened(stored)
    assert json.loads(stored["metadata"]["annotations"][INJECTED]).keys() == {"set", "was"}


def test_a_made_up_owner_and_memory_spare_a_pod_no_security_rule(managed: Namespace) -> None:
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

    assert is_hardened(managed.create(orphan))
    answer = managed.raw("POST", "pods", privileged)
    assert refusing_rules(answer) == {"privileged", "privilege-escalation"}


def test_a_memory_rewritten_on_a_live_deployment_brings_nothing_back(managed: Namespace) -> None:
    managed.create(server())
    before = managed.deployment()["spec"]["template"]["spec"]
    forged = injected(was={CONTEXT: {"privileged": True}}, set={CONTEXT: {"runAsUser": 1000}})

    body = {"spec": {"template": {"metadata": {"annotations": forged}}}}
    answer = managed.raw("PATCH", "deployments/github-tools", body, "application/merge-patch+json")

    assert answer.status == 200
    assert answer.json()["spec"]["template"]["spec"] == before
