"""Rules and a workload that contradicts them: refused, overridden or warned about, as one says."""

from typing import Any

import pytest

from tests.admission.case import VALIDATE, Json, answer_to, deployment, errors, mutated
from tests.in_memory.defaults import template_of
from tests.in_memory.requests import applied
from tests.rules.case import settings_of


def with_context(**context: Any) -> Json:
    container = {"name": "main", "image": "example.test/mcp:1", "securityContext": context}
    return deployment(containers=[container])


CONFLICTS = [
    pytest.param("run-as-non-root", {"runAsNonRoot": False}, "runAsNonRoot", True, id="non-root"),
    pytest.param("run-as-user", {"runAsUser": 0}, "runAsUser", 1000, id="user"),
    pytest.param(
        "seccomp-profile", {"seccompProfile": {"type": "Unconfined"}}, "seccompProfile",
        {"type": "RuntimeDefault"}, id="seccomp",
    ),
    pytest.param(
        "privilege-escalation", {"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation",
        False, id="escalation",
    ),
    pytest.param(
        "capabilities", {"capabilities": {"drop": ["NET_RAW"]}}, "capabilities", {"drop": ["ALL"]},
        id="capabilities",
    ),
    pytest.param("proc-mount", {"procMount": "Unmasked"}, "procMount", None, id="proc-mount"),
]  # fmt: skip


@pytest.mark.parametrize("action", ["deny", "override", "warn"])
@pytest.mark.parametrize("by", ["onConflict", "rules"])
@pytest.mark.parametrize(("rule", "context", "key", "ours"), CONFLICTS)
def test_a_conflict_is_settled_as_the_settings_say(
    rule: str, context: Json, key: str, *, ours: Any, by: str, action: str
) -> None:
    settings = settings_of(**{by: action if by == "onConflict" else {rule: action}})
    document = with_context(**context)
    answer = answer_to(document, settings=settings)

    if action == "deny":
        assert errors(answer) == [rule]
        return
    assert f"containers[main].securityContext.{key}" in answer.warnings[0]
    assert answer.warnings[0].endswith(f"({rule})")
    stored = applied(document, answer)
    left = template_of(stored)["spec"]["containers"][0]["securityContext"].get(key)
    assert left == (ours if action == "override" else context[key])
    assert answer_to(stored, settings=settings, hook=VALIDATE).allowed


def test_a_rule_that_is_off_says_nothing() -> None:
    off = settings_of(rules={"run-as-user": "off"})
    stored = mutated(with_context(runAsUser=0), settings=off)

    assert template_of(stored)["spec"]["containers"][0]["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize("action", ["override", "deny"])
def test_what_cannot_be_overridden_is_refused(action: str) -> None:
    document = deployment(volumes=[{"name": "h", "hostPath": {"path": "/"}}])

    assert errors(answer_to(document, settings=settings_of(onConflict=action))) == ["host-path"]


def test_every_reason_is_given_at_once() -> None:
    document = deployment(
        hostNetwork=True,
        containers=[{"name": "main", "image": "a", "imagePullPolicy": "Never",
                     "securityContext": {"privileged": True, "runAsUser": 0}}],
        initContainers=[{"name": "init", "image": "b", "securityContext": {"runAsNonRoot": False}}],
    )  # fmt: skip
    answer = answer_to(document)

    assert {*errors(answer)} == {
        "host-namespaces", "privileged", "privilege-escalation", "run-as-user", "image-pull-policy",
        "run-as-non-root",
    }  # fmt: skip
    assert all(finding.path.startswith("/spec/template/spec/") for finding in answer.findings)
