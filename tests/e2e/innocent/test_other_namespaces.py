"""Where nothing is labelled nothing is different, down to the byte."""

import json
import re
from typing import Any

import pytest

from tests.builders import KINDS, NOT_LABELLED, Manifest, bare_pod, container, of_kind
from tests.e2e import management
from tests.e2e.conftest import MANAGED
from tests.e2e.namespace import MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.system import NAMESPACE

HOSTILE: dict[str, Any] = {
    "hostNetwork": True,
    "hostPID": True,
    "containers": [
        container(securityContext={"privileged": True, "runAsUser": 0}, imagePullPolicy="Never")
    ],
    "volumes": [{"name": "node", "hostPath": {"path": "/"}}],
}
MINE: dict[str, Any] = {"nodeName": "node-1", **HOSTILE}
# What no two objects have in common, whoever looks at them on their way.
OWN = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rb'|"resourceVersion":"\d+"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|kube-api-access-\w{5}'
)


def answers(namespace: Namespace) -> list[tuple[int, list[str], bytes]]:
    """What the API server says to requests about objects of every kind, without what is unique."""
    plain = [of_kind(kind, labels=NOT_LABELLED) for kind in KINDS]
    hostile = [of_kind(kind, "hostile", labels=NOT_LABELLED, **HOSTILE) for kind in KINDS]
    pods = [bare_pod(labels=NOT_LABELLED), bare_pod("hostile", labels=NOT_LABELLED, **MINE)]
    found = [
        namespace.raw("POST", f"{manifest['kind'].lower()}s?dryRun=All", manifest)
        for manifest in (*plain, *hostile, *pods)
    ]
    namespace.create(bare_pod(labels=NOT_LABELLED, schedulerName="nobody"))
    image = {"spec": {"containers": [{"name": "mcp", "image": "registry.example/mcp:2"}]}}
    debugger = {"spec": {"ephemeralContainers": [{"name": "d", "image": "tools"}]}}
    for resource, body in (
        ("pods/github-tools?dryRun=All", {"metadata": {"labels": {"a": "b"}}}),
        ("pods/github-tools?dryRun=All", image),
        ("pods/github-tools/status?dryRun=All", {"metadata": {"labels": {"a": "b"}}}),
        ("pods/github-tools/ephemeralcontainers?dryRun=All", debugger),
    ):
        form = STRATEGIC_PATCH if "spec" in body else MERGE_PATCH
        found.append(namespace.raw("PATCH", resource, body, form))
    return [
        (
            answer.status,
            answer.warnings,
            OWN.sub(b"", answer.body).replace(namespace.name.encode(), b"here"),
        )
        for answer in found
    ]


def test_every_answer_in_other_namespaces_is_the_same_with_and_without_the_product(
    product: Product, namespace: Namespace
) -> None:
    other = Namespace(product, product.cluster.namespace("without-the-product"))

    here = answers(namespace)
    with product.uninstalled():
        there = answers(other)

    assert len(here) == 2 * len(KINDS) + 2 + 4
    assert {status for status, _, _ in here} <= {200, 201}
    assert here == there
    assert not [line for line in product.logged() if line.get("namespace") == namespace.name]


@pytest.mark.parametrize("name", ["kube-system", NAMESPACE])
def test_system_namespaces_are_never_reviewed(
    product: Product, namespace: Namespace, name: str
) -> None:
    system = Namespace(product, name)
    system.label(MANAGED)
    # What is labelled after it is reviewed: the API server knows both labels.
    management.begin(namespace)

    objects: list[Manifest] = [of_kind(kind, **HOSTILE) for kind in KINDS]
    for manifest in (*objects, bare_pod(**MINE)):
        answer = system.raw("POST", f"{manifest['kind'].lower()}s?dryRun=All", manifest)
        assert answer.status == 201, answer.body
        assert "mcp-admission.dev/name" not in json.dumps(answer.json())

    system.label(dict.fromkeys(MANAGED))
    assert not [line for line in product.logged() if line.get("namespace") == name]
