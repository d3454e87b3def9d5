"""A row of the form says what is typed, what is in force, and who has decided it."""

from tests.console.settings_form.subjects import CHART, cluster, namespace
from webhook.console.settings_form.form_rows import (
    DEFAULT_ACTION,
    FormGroup,
    FormRow,
    ValueInForce,
    form_groups,
    form_notes,
)
from webhook.console.settings_form.settings_subject import SettingsSubject
from webhook.console.settings_form.typed_settings import TypedSettings


def groups(subject: SettingsSubject, **typed: str) -> dict[str, FormGroup]:
    return {each.title: each for each in form_groups(TypedSettings(subject, typed))}


def row(subject: SettingsSubject, name: str, **typed: str) -> FormRow:
    rows = [each for group in groups(subject, **typed).values() for each in group.rows]
    return next(each for each in rows if each.name == name)


def test_every_key_has_a_row_in_the_group_of_its_section() -> None:
    subject = cluster()
    found = groups(subject)

    assert [*found][:3] == ["general", "exceptions", "mcpNamespace.networkPolicy"]
    assert sum(len(each.rows) for each in found.values()) == len(subject.fields)
    assert [each.label for each in found["general"].rows][:2] == ["mode", "fillIn"]
    assert found["mcpServerDefaults"].text == "What servers get that they do not set."
    assert found["rules"].text.startswith("The action for single rules")
    assert all(each.text and each.rows for each in found.values())


def test_what_nobody_sets_is_built_in() -> None:
    assert row(cluster(), "mode").in_force == (ValueInForce("mode", "enforce", "built-in", ""),)
    assert row(cluster(), "rules.privileged").in_force == (
        ValueInForce("rules.privileged", "deny", DEFAULT_ACTION, ""),
    )


def test_what_somebody_sets_is_said_with_who_does() -> None:
    subject = cluster({"rules": {"privileged": "warn"}}, chart={"mode": "warn"})

    assert row(subject, "rules.privileged").in_force[0][1:3] == ("warn", "cluster")
    mode = row(subject, "mode")
    assert mode.in_force == (ValueInForce("mode", "warn", "chart", CHART),)
    assert (mode.inputs, mode.locked) == ((), f"the chart sets it ({CHART})")


def test_a_ceiling_of_a_namespace_joins_those_of_the_cluster() -> None:
    ceilings = {"mcpServerMaximums": {"requests": {"cpu": "1"}}}
    own = {"mcpServerMaximums": {"requests": {"example.com/gpu": "2"}}}

    found = row(namespace(own, **ceilings), "mcpServerMaximums.requests").in_force

    assert [(each.key, each.value, each.origin) for each in found] == [
        ("mcpServerMaximums.requests.cpu", "1", "cluster"),
        ("mcpServerMaximums.requests[example.com/gpu]", "2", "namespace"),
    ]


def test_what_is_set_and_not_in_force_says_why() -> None:
    found = row(namespace({"mode": "observe"}), "mode")

    (reason,) = found.waiting
    assert reason.startswith("observe is looser than enforce")


def test_what_is_wrong_stays_typed_beside_its_fault() -> None:
    found = row(cluster(), "mode", mode="harsh")

    assert (found.inputs[0].text, len(found.faults)) == ("harsh", 1)
    assert groups(cluster(), mode="harsh")["general"].faulty == 1


def test_nothing_is_said_to_be_in_force_where_that_may_not_be_read() -> None:
    found = row(SettingsSubject({"mode": "warn"}), "mode")

    assert (found.in_force, found.inputs[0].text) == ((), "warn")


def test_notes_are_about_what_has_no_row() -> None:
    locked = cluster({"mode": "warn"}, chart={"mode": "enforce"})
    unknown = SettingsSubject({"modee": 1})

    assert form_notes(TypedSettings(cluster(), {})) == []
    assert form_notes(TypedSettings(locked, {})) == []
    assert form_notes(TypedSettings(unknown, {}))[0].startswith("modee: unknown key")
