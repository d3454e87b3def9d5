"""Which objects are MCP servers: by scope, by label, by selector, and what opting out means."""

from typing import Any

import pytest

from tests.admission.case import (
    DEFAULTS,
    MANAGED,
    MUTATE,
    NAME,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    errors,
    mutated,
    pod,
)
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.requests import applied
from tests.rules.case import settings_of
from webhook.admission.workload import Hook, Scope
from webhook.settings.model import Settings

TEAM = {"team": "tools", "tier": "mcp"}
SELECTING = settings_of(selectors=[{}, TEAM])
NONE: Json = {}

OF_PODS = [
    pytest.param(NONE, False, id="unlabelled"),
    pytest.param({SERVER: "true"}, True, id="labelled"),
    pytest.param({SERVER: "false"}, False, id="opted-out"),
    pytest.param({SERVER: "yes"}, True, id="mistyped"),
    pytest.param({SERVER: ""}, True, id="empty"),
    pytest.param({NAME: "tools"}, False, id="named-alone"),
    pytest.param(TEAM, True, id="selected"),
    pytest.param({**TEAM, "more": "x"}, True, id="selected-among-others"),
    pytest.param({"team": "tools"}, False, id="half-selected"),
    pytest.param({"team": "tools", "tier": "web"}, False, id="selected-by-key-alone"),
]


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
@pytest.mark.parametrize(("labels", "covered"), OF_PODS)
def test_pods_are_servers_by_label_and_selector(labels: Json, covered: bool, hook: Hook) -> None:
    assert answer_to(pod(labels=labels), settings=SELECTING, hook=hook).covered is covered


@pytest.mark.parametrize("labels", [NONE, {SERVER: "true"}, {SERVER: "false"}, TEAM])
def test_everything_in_a_managed_namespace_is_a_server(labels: Json) -> None:
    assert answer_to(pod(labels=labels), scope=MANAGED).covered
    assert answer_to(deployment(labels=labels), scope=MANAGED).covered


@pytest.mark.parametrize("labels", [{SERVER: "yes"}, {SERVER: ""}, {SERVER: "True"}])
@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_mistyped_labels_are_refused(labels: Json, scope: Scope) -> None:
    for document in (pod(labels=labels), deployment(labels=labels)):
        for hook in (MUTATE, VALIDATE):
            answer = answer_to(document, scope=scope, hook=hook)

            assert "identity" in errors(answer)
            assert f'metadata.labels[{SERVER}] must be "true"' in answer.message


OF_DEPLOYMENTS = [
    pytest.param(NONE, NONE, False, id="unlabelled"),
    pytest.param({SERVER: "true"}, NONE, True, id="labelled"),
    pytest.param(NONE, {SERVER: "true"}, True, id="template-labelled"),
    pytest.param({SERVER: "false"}, NONE, False, id="opted-out"),
    pytest.param(TEAM, NONE, True, id="selected"),
    pytest.param(NONE, TEAM, True, id="template-selected"),
    pytest.param({**TEAM, SERVER: "false"}, NONE, False, id="selected-and-opted-out"),
    pytest.param({SERVER: "false"}, TEAM, False, id="template-selected-and-opted-out"),
]


def of(labels: Json, of_template: Json = NONE) -> Json:
    return deployment(labels=labels, template={"labels": {"app": "tools", **of_template}})


@pytest.mark.parametrize(("labels", "of_template", "covered"), OF_DEPLOYMENTS)
def test_deployments_are_servers_by_their_template_too(
    labels: Json, of_template: Json, covered: bool
) -> None:
    answer = answer_to(of(labels, of_template), settings=SELECTING)

    assert answer.covered is covered


@pytest.mark.parametrize(("labels", "of_template", "covered"), OF_DEPLOYMENTS)
@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_servers_carry_the_label_on_every_level(
    labels: Json, of_template: Json, covered: bool, scope: Scope
) -> None:
    if (covered or scope is MANAGED) and labels.get(SERVER) != "false":
        stored = mutated(of(labels, of_template), settings=SELECTING, scope=scope)

        assert stored["metadata"]["labels"][SERVER] == "true"
        assert template_of(stored)["metadata"]["labels"][SERVER] == "true"
        assert template_of(stored)["metadata"]["labels"][NAME] == "tools"


def relabelled(live: Json, labels: Any) -> Json:
    new = copied(live)
    new["metadata"]["labels"] = labels
    return new


def test_opting_in_a_live_deployment_hardens_it_and_says_that_it_rolls() -> None:
    live = deployment(labels={})
    answer = answer_to(relabelled(live, {SERVER: "true"}), live)

    assert applied(deployment(), answer) == mutated(deployment())
    assert (
        f"metadata.labels[{SERVER}] is new: the hardened template rolls the pods"
        in (answer.warnings[0])
    )


def test_opting_in_a_live_deployment_is_refused_like_creating_one() -> None:
    live = deployment(labels={}, hostNetwork=True)

    assert errors(answer_to(relabelled(live, {SERVER: "true"}), live)) == ["host-namespaces"]


def test_creating_one_says_nothing_of_rolling() -> None:
    assert answer_to(deployment()).warnings == ()


LEAVING = {SERVER: "false"}


def test_opting_out_takes_our_labels_and_memory_along() -> None:
    live = mutated(deployment(annotations={"mcp-admission.dev/container": "main"}))
    answer = answer_to(relabelled(live, LEAVING), live)

    template = template_of(applied(relabelled(live, LEAVING), answer))
    assert template["metadata"] == {"labels": {"app": "tools"}, "annotations": {}}
    assert "opts out: injected fields are removed, and the pods roll" in answer.warnings[0]
    assert answer_to(relabelled(live, LEAVING), live, hook=VALIDATE).allowed


def test_an_annotation_that_the_template_had_by_itself_stays() -> None:
    asked = {"mcp-admission.dev/container": "main"}
    live = mutated(deployment(template={"annotations": asked, "labels": {"app": "tools"}}))
    left = mutated(relabelled(live, LEAVING), live)

    assert template_of(left)["metadata"]["annotations"] == asked


def test_opting_out_without_a_memory_of_its_own_uses_the_stored_one() -> None:
    live = mutated(deployment())
    new = relabelled(deployment(), LEAVING)
    template_of(new)["spec"] = copied(template_of(live)["spec"])

    assert template_of(mutated(new, live)) == template_of(deployment())


def test_one_that_never_was_a_server_may_say_so() -> None:
    assert not answer_to(deployment(labels=LEAVING)).covered
    assert not answer_to(deployment(labels=LEAVING), deployment(labels={})).covered
    assert not answer_to(deployment(labels=LEAVING), deployment(labels=LEAVING)).covered


@pytest.mark.parametrize("label", [SERVER, NAME])
def test_labels_left_in_the_template_go_with_the_opt_out(label: str) -> None:
    stored = mutated(of(LEAVING, {label: "true"}))

    assert template_of(stored)["metadata"]["labels"] == {"app": "tools"}


def test_a_deployment_that_opts_out_may_opt_in_again() -> None:
    live = mutated(deployment())
    left = mutated(relabelled(live, LEAVING), live)

    assert mutated(relabelled(left, {SERVER: "true"}), left) == live


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
@pytest.mark.parametrize("settings", [DEFAULTS, settings_of(onConflict="warn")])
def test_nobody_opts_out_in_a_managed_namespace(hook: Hook, settings: Settings) -> None:
    live = mutated(deployment(), scope=MANAGED)
    for old in (None, live, deployment(labels={})):
        answer = answer_to(relabelled(live, LEAVING), old, settings, MANAGED, hook=hook)

        assert errors(answer) == ["identity"]
        assert (
            'must not be "false" in a managed namespace: deploy it in another one' in answer.message
        )


def test_one_that_had_opted_out_before_the_namespace_was_managed_is_hardened() -> None:
    old = deployment(labels=LEAVING)
    new = copied(old)
    template_of(new)["spec"]["containers"][0]["image"] = "example.test/mcp:2"

    stored = mutated(new, old, scope=MANAGED)

    assert template_of(stored)["metadata"]["labels"][SERVER] == "true"
    assert template_of(stored)["spec"]["automountServiceAccountToken"] is False
    assert answer_to(stored, old, scope=MANAGED, hook=VALIDATE).allowed


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
def test_deployments_that_are_no_servers_are_left_alone(hook: Hook) -> None:
    live = deployment(labels={}, hostNetwork=True)
    answer = answer_to(live, live, hook=hook)

    assert (answer.covered, answer.allowed, answer.operations) == (False, True, ())


def test_a_label_that_another_webhook_takes_away_is_missed() -> None:
    stored = mutated(deployment())
    del stored["metadata"]["labels"][SERVER]

    assert errors(answer_to(stored, hook=VALIDATE)) == ["identity"]
