"""Whatever the shape of an object, a review ends in an answer, and its patch can be applied."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import GATE, INJECTED, MUTATE, NAME, SERVER, VALIDATE, Json
from tests.admission.policies import NAMES, POLICIES, SCOPES
from tests.in_memory.defaults import copied
from tests.in_memory.requests import applied, request
from webhook.admission.answer import Answer
from webhook.admission.handler import review
from webhook.admission.workload import KINDS, Hook, Request, Scope
from webhook.pods.journal import same
from webhook.settings.model import Settings

ODD: tuple[Any, ...] = (
    None, {}, [], "", "text", 0, -1, 2**63, 10**400, 0.5, float("inf"), True, False, [None], [[]],
    ["x"], [{}], [{"name": None}], [{"name": 7}], {"": None}, {"name": ["x"]}, {"a/b~c": {}},
    "9" * 300, "\x00\n", "true", "false", {SERVER: "true"}, {SERVER: True}, {NAME: 7},
    {INJECTED: "{}"}, {INJECTED: 7},
)  # fmt: skip
CONTEXT = {
    "runAsUser": 1,
    "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
    "seccompProfile": {},
}
FULL: Json = {
    "initContainers": [{"name": "i", "restartPolicy": "Always", "securityContext": CONTEXT}],
    "containers": [
        {
            "name": "main", "image": "example.test/mcp:1", "securityContext": CONTEXT,
            "imagePullPolicy": "IfNotPresent", "resources": {"limits": {"memory": "1Gi"}},
            "ports": [{"name": "mcp", "containerPort": 80, "hostPort": 0}],
            "envFrom": [{"secretRef": {"name": "one"}}],
            "volumeMounts": [{"name": "v", "mountPath": "/files"}],
            "livenessProbe": {"httpGet": {"port": 80}},
            "lifecycle": {"preStop": {"tcpSocket": {"port": 80}}},
        },
        {"name": "side"},
    ],
    "ephemeralContainers": [{"name": "e", "securityContext": CONTEXT}],
    "securityContext": {"sysctls": [{"name": "a"}], "seLinuxOptions": {}, "windowsOptions": {}},
    "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}}]}}],
    "tolerations": [{"key": "own"}], "nodeSelector": {"a": "b"}, "os": {"name": "linux"},
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name"}]}]}}},
    "imagePullSecrets": [{"name": "own"}], "schedulingGates": [{"name": GATE}],
    "resources": {"requests": {"cpu": "1"}}, "runtimeClassName": "gvisor", "overhead": {"cpu": "1"},
}  # fmt: skip
ASKED = {
    "mcp-admission.dev/env-from": "one,two",
    "mcp-admission.dev/files-from": "one",
    "mcp-admission.dev/service-account-token": "true",
    "container.apparmor.security.beta.kubernetes.io/main": "runtime/default",
}


def workload(resource: str) -> Json:
    """An object with a field of every kind that is read."""
    kind, path = KINDS[resource]
    metadata = {
        "name": "tools", "labels": {SERVER: "true", "app": "tools"}, "annotations": dict(ASKED),
        "ownerReferences": [{"kind": "ReplicaSet", "name": "tools-1", "controller": True}],
    }  # fmt: skip
    document: Json = {"metadata": metadata, "spec": FULL}
    for key in reversed(path):
        document = {key: document}
    if kind == "Deployment":
        document["spec"]["replicas"] = 3
    return copied({"kind": kind, "metadata": metadata, **document})


ASKABLE = [
    *((resource, "", operation) for resource in KINDS for operation in ("CREATE", "UPDATE")),
    *(("pods", part, "UPDATE") for part in ("ephemeralcontainers", "resize", "status")),
    ("pods", "binding", "CREATE"),
    ("deployments.apps", "scale", "UPDATE"),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else inner:
        yield from places(item, (*path, key))


def spoilt(document: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = copy.deepcopy(odd)
    return document


def holds(asked: Request, settings: Settings, scope: Scope) -> None:
    """Fail unless the review answers, with a patch that makes what it made of its own copy."""
    document = copy.deepcopy(asked.object)
    answer = review(asked, settings, scope)

    assert type(answer) is Answer
    assert answer.allowed or (answer.operations == () and answer.message)
    if answer.operations:
        edited = applied(document, answer)
        assert asked.subresource or same(edited, asked.object)


@st.composite
def reviews(draw: st.DrawFn) -> Request:
    resource, subresource, operation = draw(st.sampled_from(ASKABLE))
    document = workload(resource)
    old = copy.deepcopy(document) if operation == "UPDATE" else None
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(document))))
        document = spoilt(document, path, draw(st.sampled_from(ODD)))
    if old is not None and draw(st.booleans()):
        old = spoilt(old, draw(st.sampled_from(list(places(old)))), draw(st.sampled_from(ODD)))
    hook = draw(st.sampled_from([MUTATE, VALIDATE]))
    asked = {"resource": resource, "subresource": subresource, "operation": operation}
    return request(document, old, hook=hook, **asked)


@given(reviews(), NAMES, SCOPES)
def test_spoilt_objects_get_an_answer(asked: Request, policy: str, scope: Scope) -> None:
    holds(asked, POLICIES[policy], scope)


@pytest.mark.parametrize("resource", ["pods", "deployments.apps"])
def test_every_place_may_hold_anything(resource: str) -> None:
    document = workload(resource)
    for at, path in enumerate(places(document)):
        for odd in ODD[at % 8 :: 8]:
            asked = request(spoilt(document, path, odd), resource=resource)
            holds(asked, POLICIES["warn"], Scope.MANAGED)


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
@pytest.mark.parametrize("odd", ODD)
def test_containers_for_debugging_may_be_called_anything(odd: Any, hook: Hook) -> None:
    document = workload("pods")
    called = spoilt(document, ("spec", "ephemeralContainers", 0, "name"), odd)
    for new, old in ((called, document), (document, called), (called, called)):
        asked = request(new, old, subresource="ephemeralcontainers", hook=hook)
        holds(asked, POLICIES["warn"], Scope.MANAGED)
