"""What a rule is without its own fields: its name, and what settings say about a conflict."""

from typing import Any

import pytest
from hypothesis import given

from tests.admission.policies import NAMES, POLICIES
from tests.rules.case import Json, base, pod_of, settings_of, subjects
from tests.rules.pods import pods
from webhook.pods.fields import Malformed
from webhook.rules.registry import RULES
from webhook.rules.rule import (
    ContainerRule,
    Level,
    PodRule,
    RuleAction,
    WorkloadRule,
)


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ({}, "deny"),
        ({"onConflict": "warn"}, "warn"),
        ({"onConflict": "warn", "rules": {"privileged": "override"}}, "override"),
        ({"onConflict": "warn", "rules": {"capabilities": "off"}}, "warn"),
    ],
)
def test_the_action_of_a_rule_goes_before_that_of_all_rules(
    keys: dict[str, Any], action: RuleAction
) -> None:
    assert settings_of(**keys).conflict_action("privileged") == action


def test_a_rule_that_says_nothing_fills_in_and_refuses_nothing() -> None:
    rule = PodRule(id="host-namespaces")
    document = base(hostNetwork=True)
    pod, settings = pod_of(document), settings_of()

    rule.fill(pod, settings)

    assert document == base(hostNetwork=True)
    assert list(rule.check(pod, settings)) == list(rule.notice(pod, settings)) == []
    assert (rule.level, rule.module) == (Level.PRIVILEGED, "host_namespaces")


def test_the_type_of_a_rule_says_what_it_is_asked_about() -> None:
    kinds = (PodRule, ContainerRule, WorkloadRule)

    assert [kind.subject for kind in kinds] == ["pod", "container", "workload"]
    assert {type(rule) for rule in RULES} == set(kinds)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_only_a_rule_that_fills_in_gives_pods_what_their_template_lacks(rule: Any) -> None:
    assert rule.given is None or rule.fill is not PodRule(id=rule.id).fill


OF_PODS = [rule for rule in RULES if not isinstance(rule, WorkloadRule)]
RARE = frozenset[str]().union(*(rule.only_with for rule in OF_PODS))


@given(pods(), NAMES)
def test_a_rule_that_is_not_asked_would_object_to_nothing(document: Json, policy: str) -> None:
    settings = POLICIES[policy]
    try:
        pod = pod_of(document)
    except Malformed:
        return
    for rule in OF_PODS:
        unasked = rule.only_with and rule.only_with.isdisjoint(pod.field_names())
        if unasked or not rule.checks_by(settings):
            for subject in subjects(rule, pod):
                assert list(rule.check(subject, settings)) == []


@given(pods(), NAMES)
def test_no_rule_fills_in_what_another_is_only_asked_with(document: Json, policy: str) -> None:
    try:
        pod = pod_of(document)
        before = pod.field_names()
        for rule in OF_PODS:
            for subject in subjects(rule, pod):
                rule.fill(subject, POLICIES[policy])
    except Malformed:
        return

    assert RARE.isdisjoint(pod.field_names() - before)
