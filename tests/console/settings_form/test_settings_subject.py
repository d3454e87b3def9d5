"""The keys of a form are those of the model that its owner may set; the others say why not."""

from typing import Any

import pytest

from tests.console.settings_form.subjects import CHART, cluster, namespace
from webhook.console.settings_form.editors import ChoiceEditor
from webhook.console.settings_form.settings_subject import SettingsSubject, rule_summaries
from webhook.settings import NOT_OVERRIDABLE, RuleId, Settings, model_keys


def names(subject: SettingsSubject) -> list[str]:
    return [each.name for each in subject.fields]


def field(subject: SettingsSubject, name: str) -> Any:
    return {each.name: each for each in subject.fields}[name]


def offered(subject: SettingsSubject, name: str) -> tuple[Any, ...]:
    editor = field(subject, name).editor
    assert isinstance(editor, ChoiceEditor)
    return editor.options


def test_the_cluster_has_every_key_but_those_of_the_chart_alone() -> None:
    known = dict(model_keys.descriptions())
    rules = [f"rules.{rule}" for rule in rule_summaries()]

    found = names(cluster())

    assert {*found} == {*known, *rules} - {"rules"} - model_keys.chart_only_keys()
    assert field(cluster(), "mode").description == known["mode"]
    assert found.index("mode") < found.index("rules.privileged") < found.index("platform")


def test_every_rule_is_a_choice_of_its_actions() -> None:
    for rule in rule_summaries():
        wanted = ["deny", "override", "warn", "off"]
        if rule in NOT_OVERRIDABLE:
            wanted.remove("override")
        assert [*offered(cluster(), f"rules.{rule}")] == wanted


@pytest.mark.parametrize(
    ("rule", "default"),
    [("privileged", "deny"), ("resources", "override"), ("replicas", "override")],
)
def test_a_rule_falls_back_to_the_action_on_conflicts(rule: RuleId, default: str) -> None:
    assert field(cluster(), f"rules.{rule}").default == default == Settings().conflict_action(rule)


def test_what_chart_and_environment_set_is_locked_with_who_sets_it() -> None:
    subject = cluster(chart={"mode": "warn"}, environment={"mcpServerDefaults": {"image": "a"}})

    assert field(subject, "mode").locked == f"the chart sets it ({CHART})"
    assert field(subject, "mcpServerDefaults.image").locked == (
        "the environment sets it (OBOT_SERVER_MCPBASE_IMAGE)"
    )
    assert not field(subject, "onConflict").locked


def test_what_is_locked_is_not_known_where_the_settings_in_force_may_not_be_read() -> None:
    assert not any(each.locked for each in SettingsSubject({}).fields)


def test_a_namespace_has_no_key_of_the_whole_cluster() -> None:
    assert not {*names(namespace())} & model_keys.cluster_only_keys()


def test_a_namespace_is_offered_what_is_not_looser_than_the_cluster() -> None:
    subject = namespace(mode="warn", rules={"privileged": "override"})

    assert offered(subject, "mode") == ("warn", "enforce")
    assert offered(subject, "rules.privileged") == ("deny", "override")
    assert offered(namespace(mode="warn", delegated=["mode"]), "mode") == (
        "observe", "warn", "enforce",
    )  # fmt: skip


def test_a_key_without_an_order_is_locked_unless_it_is_delegated_or_set() -> None:
    name, image = "mcpServerDefaults.image", {"mcpServerDefaults": {"image": "a"}}

    assert field(namespace(), name).locked == (
        "the cluster's settings have to list mcpServerDefaults.image under delegated before a "
        "namespace can set it"
    )
    assert not field(namespace(delegated=["mcpServerDefaults"]), name).locked
    assert not field(namespace(image), name).locked


def test_a_namespace_falls_back_to_what_the_cluster_has() -> None:
    subject = namespace(mode="warn", onConflict="override")

    assert field(subject, "mode").default == "warn"
    assert field(subject, "rules.privileged").default == "override"
    assert field(subject, "mode").editor.inputs("mode", {})[0].options[0] == ("", "not set (warn)")


def test_a_runtime_class_is_chosen_of_those_that_the_cluster_has() -> None:
    name = "mcpServerDefaults.runtimeClassName"

    assert offered(SettingsSubject({}, classes=("gvisor", "kata")), name) == ("gvisor", "kata")
    assert not isinstance(field(SettingsSubject({}), name).editor, ChoiceEditor)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("mode",), "mode"),
        (("rules", "privileged"), "rules.privileged"),
        (("mcpServerDefaults", "tolerations", 0, "key"), "mcpServerDefaults.tolerations"),
        (("selectors",), None),
        ((), None),
    ],
)
def test_the_field_of_a_key(key: model_keys.Key, name: str | None) -> None:
    found = cluster().field_of(key)

    assert (found and found.name) == name
