"""`kubectl debug`: what is new is filled in and checked, the rest of the pod stays as it was."""

from typing import Any

import pytest
from hypothesis import given

from tests.admission.case import (
    MANAGED,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    errors,
    mutated,
    pod,
)
from tests.admission.objects import pods
from tests.admission.policies import NAMES, POLICIES
from tests.in_memory.defaults import copied
from tests.in_memory.requests import applied, request
from tests.rules import pods as hostile
from tests.rules.case import settings_of
from webhook.admission.handler import review
from webhook.pods.journal import same

DEBUGGER = {"name": "debugger", "image": "example.test/shell:1", "targetContainerName": "main"}
HARDENED = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
OLDER = pod(
    hostNetwork=True,
    containers=[{"name": "main", "image": "a", "securityContext": {"privileged": True}}],
)


def debugged(old: Json, *containers: Json) -> Json:
    """The pod with more ephemeral containers."""
    new = copied(old)
    present = new["spec"].get("ephemeralContainers", [])
    new["spec"]["ephemeralContainers"] = [*present, *map(copied, containers)]
    return new


def asked(new: Json, old: Json, **keys: Any) -> Any:
    return answer_to(new, old, subresource="ephemeralcontainers", **keys)


@pytest.mark.parametrize("old", [mutated(pod()), OLDER], ids=["hardened", "older-than-the-webhook"])
def test_a_new_container_is_hardened_and_nothing_else(old: Json) -> None:
    new = debugged(old, DEBUGGER)

    filled = applied(new, asked(new, old))

    assert filled == debugged(
        old, {**DEBUGGER, "imagePullPolicy": "Always", "securityContext": HARDENED}
    )
    assert asked(filled, old, hook=VALIDATE).allowed


@pytest.mark.parametrize("mode", ["observe", "warn"])
@pytest.mark.parametrize("old", [pod(), OLDER], ids=["never-filled-in", "older-than-the-webhook"])
def test_below_enforce_nothing_is_said_of_the_rest_of_the_pod(old: Json, mode: str) -> None:
    new = debugged(old, DEBUGGER)

    final = asked(new, old, hook=VALIDATE, settings=settings_of(mode=mode))

    assert (final.findings, final.would) == ((), "")


@given(pods() | hostile.pods(), pods() | hostile.pods(), NAMES)
def test_the_patch_for_any_container_makes_the_edited_pod(
    document: Json, other: Json, policy: str
) -> None:
    old = {**document, "metadata": {**document["metadata"], "labels": {SERVER: "true"}}}
    new = debugged(old, *other["spec"].get("containers", []))
    asking = request(new, old, subresource="ephemeralcontainers")
    answer = review(asking, POLICIES[policy], OPTED_IN)

    if answer.allowed:
        assert same(applied(new, answer), asking.object)


def test_an_ephemeral_container_gets_no_resources() -> None:
    ceilings = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})
    old = mutated(pod(), settings=ceilings)
    new = debugged(old, DEBUGGER)

    filled = applied(new, asked(new, old, settings=ceilings))

    assert "resources" not in filled["spec"]["ephemeralContainers"][0]
    assert asked(filled, old, hook=VALIDATE, settings=ceilings).allowed


REFUSED = [
    pytest.param(
        {"privileged": True}, ["privileged", "privilege-escalation"], id="sysadmin-profile"
    ),
    pytest.param({"capabilities": {"add": ["SYS_PTRACE"]}}, ["capabilities"], id="general-profile"),
    pytest.param({"capabilities": {"add": ["NET_ADMIN"]}}, ["capabilities"], id="netadmin-profile"),
    pytest.param({"runAsUser": 0}, ["run-as-user"], id="root"),
]


@pytest.mark.parametrize("hook_of", ["mutating", "validating"])
@pytest.mark.parametrize(("context", "rules"), REFUSED)
def test_debugging_profiles_are_refused(context: Json, rules: list[str], hook_of: str) -> None:
    old = mutated(pod())
    context = copied(context)
    if hook_of == "validating":
        context = {**copied(HARDENED), "imagePullPolicy": "Always", **context}
        context["capabilities"] = {"drop": ["ALL"], **context["capabilities"]}
    new = debugged(old, {**DEBUGGER, "securityContext": context, "imagePullPolicy": "Always"})
    answer = asked(new, old, hook=VALIDATE) if hook_of == "validating" else asked(new, old)

    assert set(errors(answer)) <= {*rules}
    assert rules[0] in errors(answer)
    assert "ephemeralContainers[debugger].securityContext" in answer.message
    last = answer.message.splitlines()[-1]
    assert last.startswith("  use kubectl debug --profile=restricted, remove or correct these")


def test_what_a_profile_can_do_nothing_about_does_not_name_one() -> None:
    old = mutated(pod())
    never = {**DEBUGGER, "imagePullPolicy": "Never"}

    answer = asked(debugged(old, never), old)

    assert errors(answer) == ["image-pull-policy"]
    assert "--profile" not in answer.message


def test_the_same_in_another_container_does_not_name_a_profile() -> None:
    privileged = {"name": "main", "image": "a", "securityContext": {"privileged": True}}

    assert "--profile" not in answer_to(pod(containers=[privileged])).message


def test_the_restricted_profile_is_admitted() -> None:
    old = mutated(pod())
    context = {
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "allowPrivilegeEscalation": False,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    new = debugged(old, {**DEBUGGER, "securityContext": context})

    assert asked(new, old).allowed


def test_those_that_are_there_already_are_left_alone() -> None:
    bad = {**DEBUGGER, "name": "older", "securityContext": {"privileged": True}}
    old = debugged(OLDER, bad)
    new = debugged(old, DEBUGGER)
    answer = asked(new, old)

    assert {told["path"].split("/")[3] for told in answer.operations} == {"1"}
    assert asked(applied(new, answer), old, hook=VALIDATE).allowed


def test_a_conflict_is_overridden_where_the_settings_say_so() -> None:
    override = settings_of(onConflict="override")
    new = debugged(OLDER, {**DEBUGGER, "securityContext": {"privileged": True, "runAsUser": 0}})
    answer = asked(new, OLDER, settings=override)

    assert applied(new, answer)["spec"]["ephemeralContainers"][0]["securityContext"] == HARDENED
    assert applied(new, answer)["spec"]["containers"] == OLDER["spec"]["containers"]
    assert all("ephemeralContainers[debugger]" in text for text in answer.warnings)


ROOT = [
    ({"runAsNonRoot": False}, "run-as-non-root"),
    ({"runAsUser": 0}, "run-as-user"),
    ({"seccompProfile": {"type": "Unconfined"}}, "seccomp-profile"),
    ({"seLinuxOptions": {"type": "spc_t"}}, "selinux"),
]


@pytest.mark.parametrize(("context", "rule"), ROOT)
def test_what_an_ephemeral_container_inherits_from_an_older_pod_is_checked(
    context: Json, rule: str
) -> None:
    old = pod(securityContext=context)
    answer = asked(debugged(old, DEBUGGER), old)

    assert errors(answer) == [rule]
    assert ("--profile" in answer.message) is (rule in {"run-as-non-root", "seccomp-profile"})


@pytest.mark.parametrize(("context", "_rule"), ROOT)
def test_what_it_does_not_inherit_is_the_pods_own_business(context: Json, _rule: str) -> None:
    old = pod(securityContext={**context, "sysctls": [{"name": "vm.swappiness"}]})
    own = {**HARDENED, "seLinuxOptions": {"type": "container_t"}}
    new = debugged(old, {**DEBUGGER, "securityContext": own, "imagePullPolicy": "Always"})

    assert asked(new, old).operations == ()
    assert asked(new, old).allowed


def test_labels_cannot_change_on_the_way() -> None:
    old = mutated(pod())
    new = debugged(old)
    del new["metadata"]["labels"][SERVER]

    assert errors(asked(new, old, hook=VALIDATE)) == ["identity"]


def test_pods_that_are_no_servers_are_not_looked_at() -> None:
    old = pod(labels={})
    new = debugged(old, {**DEBUGGER, "securityContext": {"privileged": True}})

    assert not asked(new, old).covered
    assert errors(asked(new, old, scope=MANAGED)) == ["privileged", "privilege-escalation"]


@pytest.mark.parametrize("key", ["containers", "ephemeralContainers"])
def test_faults_of_what_was_there_hide_none_of_what_is_new(key: str) -> None:
    """However many they are: what is new alone is looked at."""
    ports = [{"containerPort": 1, "hostPort": 1}] * 99
    many: Json = {key: [{"name": f"c{at}", "image": "a", "ports": ports} for at in range(100)]}
    older = pod(**many)

    answer = asked(debugged(older, DEBUGGER), older, hook=VALIDATE)

    assert not answer.allowed
    assert {each.rule for each in answer.findings} == {
        finding.rule for finding in asked(debugged(pod(), DEBUGGER), pod(), hook=VALIDATE).findings
    }
