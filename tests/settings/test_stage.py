"""A step of a change in two files: what is written is read, and anything else is refused."""

import base64

import pytest

from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.faults import SettingsError
from webhook.settings.layers import FILE, content_digest
from webhook.settings.model import Settings
from webhook.settings.stage import (
    ACCEPTED_FILE,
    Accepted,
    Stage,
    parse_accepted,
    parse_stage,
    stage_digest,
    with_overlays,
)
from webhook.settings.written_settings import NAMESPACES_FILE, WrittenOverlays, WrittenSettings

WARN, OVERRIDE, DENY = (
    WrittenSettings(f"onConflict: {action}\n") for action in ("warn", "override", "deny")
)
TEXT = WARN.text.encode()


@pytest.mark.parametrize(
    "stage",
    [
        Stage(WARN),
        Stage(WARN, OVERRIDE),
        Stage(WARN, None, (OVERRIDE, DENY)),
        Stage(WrittenSettings("{}\n"), WARN, (OVERRIDE,)),
        Stage(WARN, WrittenSettings('rules:\n  capabilities: "off"\n')),
    ],
)
def test_a_step_is_read_as_it_was_written(stage: Stage) -> None:
    assert parse_stage(stage.files[FILE], stage.files[ACCEPTED_FILE]) == stage


def test_without_other_settings_the_second_file_is_empty_and_the_digest_that_of_the_first() -> None:
    assert Stage(WARN).accepted == ""
    assert Stage(WARN).digest == content_digest(TEXT) == stage_digest(TEXT, b"")


def test_each_step_of_a_change_has_its_digest() -> None:
    steps = [Stage(WARN), Stage(WARN, DENY), Stage(DENY, None, (WARN,)), Stage(DENY)]

    assert len({each.digest for each in steps}) == len(steps)


def test_the_next_settings_are_the_likeliest_and_never_those_in_use() -> None:
    stage = Stage(WARN, OVERRIDE, (DENY,))
    found = parse_accepted(stage.accepted, "x")

    assert [each.on_conflict for each in found.settings] == ["override", "deny"]
    assert [each.cluster.on_conflict for each in stage.filled_in_by] == ["warn", "deny"]


@pytest.mark.parametrize("text", ["", "\n", "  \n"])
def test_an_empty_file_accepts_nothing_else(text: str) -> None:
    assert parse_accepted(text, "x").settings == ()


def test_defaults_are_settings_too() -> None:
    assert parse_accepted("next: {}", "x") == Accepted(Settings())
    assert parse_accepted("before: []", "x") == Accepted()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "x: must be one mapping of the keys next and before alone"),
        ("other: {}", "x: must be one mapping of the keys next and before alone"),
        ("next: {}\n---\nnext: {}", "x: must be one mapping"),
        ("before: {}", "x:1: before: must be a list of settings"),
        ("next: deny", "x:1: next: must be a mapping of keys and values"),
        ("before:\n- onConflict: perhaps", r"x:2: before\[0\].onConflict: "),
        ("next: [", "x:1"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_accepted(text, "x")


A, B = Overlay({"onConflict": "deny"}), Overlay({"replicas": {"policy": "deny"}})
CHANGING = Stage(
    WrittenSettings(WARN.text, {"team-a": A}),
    WrittenSettings(WARN.text, {"team-a": B}),
    (WrittenSettings(DENY.text, {"team-b": A}), WARN),
)


def namespaces(stage: Stage) -> bytes:
    return base64.b64decode(stage.binary_files[NAMESPACES_FILE])


@pytest.mark.parametrize(
    "stage", [CHANGING, Stage(CHANGING.current), Stage(WARN, CHANGING.before[0])]
)
def test_settings_of_namespaces_take_the_same_steps(stage: Stage) -> None:
    found = parse_stage(stage.files[FILE], stage.files[ACCEPTED_FILE], namespaces(stage))

    assert found == stage
    assert found.digest == stage.digest
    assert stage.size == len("".join(stage.files.values())) + len(namespaces(stage))


def test_a_change_in_one_namespace_has_its_digest() -> None:
    steps = [Stage(WARN), *(Stage(WrittenSettings(WARN.text, {"a": one})) for one in (A, B))]

    assert len({each.digest for each in steps}) == len(steps)
    assert namespaces(Stage(WARN)) == b""


def test_each_of_the_accepted_settings_has_its_own_overlays() -> None:
    accepted = Accepted(Settings(), (Settings(),))
    written = WrittenOverlays({"a": A}, {"a": B}, ({"b": A},))
    found = with_overlays(Settings(), accepted, written)

    assert [each.overlays for each in found] == [{"a": A}, {"a": B}, {"b": A}]
    assert [each.overlays for each in CHANGING.filled_in_by] == [{"team-a": A}, {"team-b": A}, {}]


def test_without_the_third_file_no_namespace_differs() -> None:
    accepted = Accepted(Settings(), (Settings(),))
    found = with_overlays(Settings(), accepted, WrittenOverlays())

    assert [each.overlays for each in found] == [{}, {}, {}]
    assert all(isinstance(each, SettingsByNamespace) for each in found)


def test_files_of_two_steps_are_refused() -> None:
    with pytest.raises(SettingsError, match="are of two steps"):
        parse_stage(CHANGING.files[FILE], "", namespaces(CHANGING))
