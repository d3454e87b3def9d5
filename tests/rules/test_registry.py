"""The registry knows every rule once, and the settings know the same ones."""

from dataclasses import replace
from pathlib import Path
from typing import get_args
from weakref import ref

import pytest

import webhook.rules.checks as folder
from tests.rules.case import Json, base, pod_of, settings_of
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.rules.registry import EXCEPTABLE, RULES, plan_rules, validate
from webhook.rules.rule import nothing_to_check, nothing_to_fill
from webhook.settings.model import Settings
from webhook.settings.rule_settings import NOT_EXCEPTABLE, NOT_OVERRIDABLE, RuleId


def test_every_module_with_a_rule_is_registered_once() -> None:
    path = Path(str(folder.__file__)).parent
    modules = {file.stem for file in path.glob("*.py") if "\nRULE: " in file.read_text()}

    assert sorted(rule.module for rule in RULES) == sorted(modules)


@pytest.mark.parametrize("ids", [get_args(RuleId)[1:], get_args(RuleId)[::-1]])
def test_ids_that_differ_from_the_settings_stop_the_import(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"rule_settings\.py differ in"):
        validate(RULES, ids)


def test_a_rule_that_is_off_is_not_planned() -> None:
    steps = plan_rules(settings_of(rules={"capabilities": "off"}))

    assert "capabilities" not in {step.rule.id for step in (*steps.fills, *steps.checks)}


def test_what_is_overridable_is_what_the_settings_say() -> None:
    assert {rule.id for rule in RULES if not rule.overridable} == NOT_OVERRIDABLE
    unlike = (replace(RULES[0], overridable=not RULES[0].overridable), *RULES[1:])

    with pytest.raises(ValueError, match=r"rule_settings\.py differ in what"):
        validate(unlike, get_args(RuleId))


def test_what_has_exceptions_is_what_the_settings_say() -> None:
    assert frozenset(get_args(RuleId)) - NOT_EXCEPTABLE == EXCEPTABLE
    unlike = (replace(RULES[0], exceptable=not RULES[0].exceptable), *RULES[1:])

    with pytest.raises(ValueError, match=r"rule_settings\.py differ in whether"):
        validate(unlike, get_args(RuleId))


@pytest.mark.parametrize("on_conflict", ["deny", "override", "warn"])
def test_what_a_rule_does_is_what_the_settings_of_a_namespace_are_compared_with(
    on_conflict: str,
) -> None:
    settings = settings_of(onConflict=on_conflict, rules={"capabilities": "off"})
    planned = {step.rule.id: step.action for step in plan_rules(settings).checks}

    assert {"replicas", "resources", "scheduling"} & planned.keys()
    for rule, action in planned.items():
        assert action == settings.conflict_action(rule)


def test_settings_are_planned_once_and_known_by_identity() -> None:
    one, other = Settings(), Settings()

    assert plan_rules(one) is plan_rules(one)
    assert plan_rules(one) is not plan_rules(other)
    assert plan_rules(one) is not plan_rules(one, windows=True)


def test_each_of_a_thousand_settings_is_planned_once() -> None:
    settings = [Settings() for _ in range(1000)]
    planned = list(map(plan_rules, settings))

    assert all(plan_rules(own) is plan for own, plan in zip(settings, planned, strict=True))


def test_plans_of_settings_that_are_gone_are_not_kept() -> None:
    settings = Settings()
    plan_rules(settings)
    gone = ref(settings)

    del settings

    assert gone() is None


def test_a_copy_that_is_changed_is_planned_by_its_own() -> None:
    plan_rules(first := Settings())

    steps = plan_rules(first.model_copy(update={"rules": {"capabilities": "off"}})).checks

    assert "capabilities" not in {step.rule.id for step in steps}


def test_a_rule_may_fill_in_or_check_nothing() -> None:
    document: Json = base()
    pod = pod_of(document)

    nothing_to_fill(pod, Settings())

    assert document == base()
    assert list(nothing_to_check(pod, Settings())) == []


def test_the_whole_object_is_not_made_out_of_nothing() -> None:
    root = Fields(None, Patch())

    root.exist()

    assert root.value is None
