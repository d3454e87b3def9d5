"""Workloads whose templates we leave alone: their authors are warned, their pods enforced."""

from typing import Any

import pytest

from tests.admission.case import MANAGED, MUTATE, OPTED_IN, SERVER, VALIDATE, Json, answer_to
from tests.in_memory.defaults import TEMPLATES, copied
from tests.rules.case import settings_of
from webhook.admission.workload import Scope

OTHERS = sorted({*TEMPLATES} - {"Pod", "Deployment"})
ALL = pytest.mark.parametrize("kind", OTHERS)


def workload(kind: str, labels: Any = None, **spec: Any) -> Json:
    """A workload of the kind, labelled in its template unless said otherwise."""
    container = {"name": "main", "image": "example.test/mcp:1"}
    own = {SERVER: "true"} if labels is None else labels
    document: Json = {
        "metadata": {"labels": own},
        "spec": {"containers": [container], **spec},
    }
    for key in reversed(TEMPLATES[kind]):
        document = {key: document}
    return {"kind": kind, **document, "metadata": {"name": "tools"}}


@ALL
def test_a_plain_one_passes_without_a_word(kind: str) -> None:
    for hook in (MUTATE, VALIDATE):
        answer = answer_to(workload(kind), hook=hook)

        assert (answer.allowed, answer.covered) == (True, True)
        assert (answer.operations, answer.warnings) == ((), ())


@ALL
@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_what_its_pods_would_be_refused_for_is_said_early(
    kind: str, operation: str, scope: Scope
) -> None:
    document = workload(kind, hostNetwork=True, hostPID=True)
    old = copied(document) if operation == "UPDATE" else None

    answer = answer_to(document, old, scope=scope, hook=VALIDATE)

    assert answer.allowed
    assert answer.operations == ()
    assert answer.warnings == tuple(
        f"pods will be refused: {key} must be false (host-namespaces)"
        for key in ("hostNetwork", "hostPID")
    )
    assert answer.pods_refused


@ALL
def test_a_warning_alone_refuses_no_pod(kind: str) -> None:
    lenient = settings_of(rules={"host-namespaces": "warn"})

    answer = answer_to(workload(kind, hostNetwork=True), hook=VALIDATE, settings=lenient)

    assert answer.warnings == ("hostNetwork must be false (host-namespaces)",)
    assert not answer.pods_refused


@ALL
def test_the_mutating_hook_says_nothing(kind: str) -> None:
    answer = answer_to(workload(kind, hostNetwork=True))

    assert (answer.allowed, answer.warnings, answer.operations) == (True, (), ())


@ALL
def test_one_that_a_controller_made_is_left_to_its_owner(kind: str) -> None:
    document = workload(kind, hostNetwork=True)
    document["metadata"]["ownerReferences"] = [{"kind": "X", "name": "x", "controller": True}]

    assert not answer_to(document, scope=MANAGED, hook=VALIDATE).covered


@ALL
@pytest.mark.parametrize("labels", [{}, {SERVER: "false"}])
def test_one_that_is_no_server_is_left_alone(kind: str, labels: Json) -> None:
    assert not answer_to(workload(kind, labels, hostNetwork=True), hook=VALIDATE).covered
    assert answer_to(workload(kind, labels), scope=MANAGED, hook=VALIDATE).covered


@ALL
def test_the_fleet_does_not_replace_what_it_says(kind: str) -> None:
    forbid = settings_of(mcpServerDefaults={"perServer": "forbid"})
    document = workload(kind, affinity={"own": {}}, tolerations=[{"key": "own"}])

    assert answer_to(document, settings=forbid, hook=VALIDATE).warnings == ()


@ALL
def test_what_is_overridden_in_its_pods_is_said(kind: str) -> None:
    override = settings_of(onConflict="override")
    answer = answer_to(workload(kind, hostNetwork=True), settings=override, hook=VALIDATE)

    assert answer.warnings == ("hostNetwork overridden: must be false (host-namespaces)",)


@ALL
def test_config_from_is_said_to_be_for_deployments(kind: str) -> None:
    document = workload(kind)
    document["metadata"]["annotations"] = {"mcp-admission.dev/config-from": "values"}

    (warning,) = answer_to(document, hook=VALIDATE).warnings

    assert warning.startswith(
        "metadata.annotations[mcp-admission.dev/config-from] is for Deployments"
    )
