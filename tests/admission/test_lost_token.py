"""Somebody who names a ServiceAccount and says nothing about its token hears that it is gone."""

from typing import Any

import pytest

from tests.admission.case import (
    MANAGED,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    mutated,
    pod,
)
from tests.in_memory.defaults import copied
from tests.rules.case import settings_of
from webhook.admission.workload import KINDS

ASKING = "mcp-admission.dev/service-account-token"
GONE = f'serviceAccountName gets no token: ask by {ASKING}: "true" (service-account-token)'
NOT_HERE = (
    "serviceAccountName gets no token, and none may be asked for here: "
    "ask the cluster administrator (service-account-token)"
)


def test_a_deployment_is_told_once() -> None:
    document = deployment(serviceAccountName="agent")
    answer = answer_to(document)

    assert answer.warnings == (GONE,)
    assert answer.findings[0].path == "/spec/template/spec/serviceAccountName"
    stored = mutated(document)
    assert answer_to(stored).warnings == ()
    assert answer_to(stored, hook=VALIDATE).warnings == ()
    changed = copied(stored)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "example.test/mcp:2"
    assert answer_to(changed, stored).warnings == ()


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, False),
        ({"serviceAccountName": ""}, False),
        ({"serviceAccountName": "default"}, False),
        ({"serviceAccountName": "agent", "automountServiceAccountToken": False}, False),
        ({"serviceAccountName": "agent", "automountServiceAccountToken": None}, True),
        ({"serviceAccountName": "agent"}, True),
        ({"serviceAccount": "agent"}, True),
        ({"serviceAccountName": "agent", "serviceAccount": "agent"}, True),
    ],
)
def test_only_who_lost_something_without_saying_so(spec: Json, told: bool) -> None:
    assert bool(answer_to(deployment(**spec)).warnings) is told


@pytest.mark.parametrize("asks", ["true", "false"])
def test_who_spoke_about_it_knows(asks: str) -> None:
    document = deployment(annotations={ASKING: asks}, serviceAccountName="agent")

    assert answer_to(document).warnings == ()


@pytest.mark.parametrize("kind", sorted(kind for kind, path in KINDS.values() if path))
def test_every_workload_is_told(kind: str) -> None:
    (path,) = (path for each, path in KINDS.values() if each == kind)
    container = {"name": "main", "image": "example.test/mcp:1"}
    document: Json = {
        "metadata": {"labels": {SERVER: "true"}},
        "spec": {"serviceAccountName": "agent", "containers": [container]},
    }
    for key in reversed(path):
        document = {key: document}
    document |= {"kind": kind, "metadata": {"name": "tools", "labels": {SERVER: "true"}}}

    answers = [answer_to(document), answer_to(document, hook=VALIDATE)]

    assert {text for answer in answers for text in answer.warnings} == {GONE}


def test_a_bare_pod_is_told_and_the_pod_of_a_workload_is_not() -> None:
    bare = pod(serviceAccountName="agent")
    owned = copied(bare)
    owner = {"kind": "StatefulSet", "name": "tools", "controller": True}
    owned["metadata"]["ownerReferences"] = [owner]

    assert answer_to(bare).warnings == (GONE,)
    assert answer_to(owned).warnings == ()


@pytest.mark.parametrize(
    ("keys", "warnings"),
    [
        ({}, (NOT_HERE,)),
        ({"serviceAccountTokens": {"managed": "allow"}}, (GONE,)),
        ({"rules": {"service-account-token": "off"}}, ()),
    ],
)
def test_the_way_out_is_one_that_exists(keys: Any, warnings: tuple[str, ...]) -> None:
    document = deployment(serviceAccountName="agent")

    assert answer_to(document, settings=settings_of(**keys), scope=MANAGED).warnings == warnings
