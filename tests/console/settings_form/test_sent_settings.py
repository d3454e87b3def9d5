"""A form brings back what was typed, and the settings over which it was typed."""

import json
from dataclasses import replace

import pytest

from tests.console.settings_form.subjects import Json, cluster, namespace
from webhook.console.settings_form.sent_settings import (
    ACTION,
    PREVIEW,
    ROW,
    SAVE,
    SEEN,
    VERSION,
    ForeignForm,
    SentSettings,
    carried_fields,
    seen_fields,
    switched,
    typed_on_top,
)
from webhook.console.settings_form.settings_subject import SettingsSubject
from webhook.console.settings_form.typed_settings import MOST_TYPED, TypedSettings

TOLERATIONS = "mcpServerDefaults.tolerations"
OURS = {ACTION: SAVE, VERSION: "u/3", SEEN: '{"mode": "warn"}'}


def test_a_form_has_what_is_typed_beside_what_was_seen() -> None:
    found = SentSettings.read({**OURS, "mcpServerDefaults.tolerations": "a\r\nb\r\n"})

    typed = {"mcpServerDefaults.tolerations": "a\nb\n"}
    assert found == (SAVE, "u/3", {"mode": "warn"}, typed, "")


@pytest.mark.parametrize(
    "fields",
    [
        {ACTION: "drop"},
        {ACTION: ""},
        {SEEN: "{"},
        {SEEN: "[]"},
        {SEEN: "[" * 100_000},
        {SEEN: "null"},
        {SEEN: '{"mcpServerMaximums": {"requests": "many"}}'},
        {SEEN: '{"mcpServerDefaults": {"imagePullSecrets": [1]}}'},
    ],
    ids=["other-action", "no-action", "text", "list", "deep", "null", "mapping", "reference"],
)
def test_a_form_that_no_page_has_made_is_refused(fields: Json) -> None:
    with pytest.raises(ForeignForm, match="open the settings again"):
        SentSettings.read(OURS | fields)


@pytest.mark.parametrize("subject", [cluster({"mode": "warn"}), namespace({"mode": "enforce"})])
def test_what_is_carried_on_is_read_as_the_same(subject: SettingsSubject) -> None:
    texts = {
        "onConflict": "warn",
        "mcpServerMaximums.requests:cpu": "2",
        "mcpServerMaximums.requests:cpu:unit": "",
        "priorityClasses.allowed": "[]",
    }
    typed = TypedSettings(subject, texts)

    fields = carried_fields(typed, "u/3")
    sent = SentSettings.read({**fields, ACTION: PREVIEW}, subject.namespace)

    assert (sent.version, sent.seen) == ("u/3", subject.spec)
    assert TypedSettings(subject, sent.typed).spec == typed.spec
    assert "mode" not in fields


def test_what_is_not_changed_is_not_carried() -> None:
    subject = cluster({"mode": "warn"})

    fields = carried_fields(TypedSettings(subject, {"mode": "warn", "unknown": "x"}), "u/3")

    assert fields == seen_fields(subject, "u/3")
    assert json.loads(fields[SEEN]) == {"mode": "warn"}


def test_what_was_typed_is_typed_on_top_of_what_somebody_else_wrote() -> None:
    seen = cluster({"mode": "warn", "onConflict": "warn"})
    typed = TypedSettings(seen, {"mode": "enforce", "priorityClasses.allowed": "high"})
    now = cluster({"mode": "observe", "onConflict": "deny"})

    again, rows = typed_on_top(now, typed)

    assert again.spec == {
        "mode": "enforce",
        "onConflict": "deny",
        "priorityClasses": {"allowed": ["high"]},
    }
    assert {each.key: each.contested for each in rows} == {"mode": True, "onConflict": False}
    assert [each.key for each in again.changed] == ["mode", "priorityClasses.allowed"]


def test_a_key_that_was_taken_out_is_taken_out_again() -> None:
    typed = TypedSettings(cluster({"mode": "warn"}), {"mode": ""})

    again, rows = typed_on_top(cluster({"mode": "warn", "onConflict": "warn"}), typed)

    assert again.spec == {"onConflict": "warn"}
    assert [each.key for each in rows] == ["onConflict"]


def test_a_form_says_in_which_field_it_is_edited() -> None:
    found = SentSettings.read(OURS | {ACTION: f"row {TOLERATIONS}"})

    assert (found.action, found.field) == (ROW, TOLERATIONS)


@pytest.mark.parametrize("typed", [{}, {f"{TOLERATIONS}:0:key": "a"}], ids=["stored", "typed"])
def test_a_field_is_switched_to_its_other_form_and_back(typed: Json) -> None:
    before = TypedSettings(cluster({"mcpServerDefaults": {"tolerations": [{"key": "b"}]}}), typed)

    there, told = switched(before, TOLERATIONS)
    back, _ = switched(there, TOLERATIONS)

    assert there.typed == {TOLERATIONS: f"- key: {'a' if typed else 'b'}"}
    assert (before.spec, told) == (there.spec, [])
    assert (back.spec, TOLERATIONS in back.typed) == (before.spec, False)


def test_what_rows_cannot_hold_stays_yaml_and_says_so() -> None:
    typed = TypedSettings(cluster(), {TOLERATIONS: "[]"})

    assert switched(typed, TOLERATIONS) == (
        typed,
        [f"{TOLERATIONS} stays YAML: rows cannot hold all of it"],
    )


def test_what_is_too_long_to_be_read_is_not_switched() -> None:
    typed = TypedSettings(cluster(), {TOLERATIONS: "- [" * MOST_TYPED})

    found, told = switched(typed, TOLERATIONS)

    assert (found, told[0].startswith(f"{TOLERATIONS} stays as it is: it is too long")) == (
        typed,
        True,
    )


@pytest.mark.parametrize("name", ["mode", "nonsense", "", TOLERATIONS])
def test_what_has_no_other_form_or_cannot_be_read_stays_as_it_is(name: str) -> None:
    typed = TypedSettings(cluster(), {TOLERATIONS: "- [", "mode": "warn"})

    assert switched(typed, name) == (typed, [])


def test_rows_that_are_emptied_take_the_key_out_on_top_of_what_others_wrote() -> None:
    seen, emptied = cluster({"mcpServerDefaults": {"tolerations": [{"key": "b"}]}}), "remove"
    typed = TypedSettings(seen, {f"{TOLERATIONS}:0:key": "b", f"{TOLERATIONS}:0:{emptied}": "on"})

    again, _ = typed_on_top(replace(seen, spec={**seen.spec, "mode": "warn"}), typed)

    assert again.spec == {"mode": "warn"}
    carried = carried_fields(again, "u/1")
    assert TypedSettings(again.subject, carried).spec == {"mode": "warn"}
