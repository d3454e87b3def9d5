"""Each type of the model is typed in inputs that fit, and what is stored is read back as it is."""

from typing import Any

import pytest

from webhook.console.settings_form.editors import (
    AREA,
    LINE,
    SELECT,
    ChoiceEditor,
    TextEditor,
    UnreadableText,
    YamlEditor,
    editor_by_type,
    number_or_text,
)
from webhook.settings.model_keys import Key

NODES: Any = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}
VALUES: dict[str, tuple[str, Any, str]] = {
    "mode": (SELECT, "observe", "observe"),
    "isolation.gate": (SELECT, False, "false"),
    "mcpServerDefaults.image": (LINE, "example.com/a:1", "example.com/a:1"),
    "exceptions.longestDays": (LINE, 30, "30"),
    "delegated": (AREA, ["mode", "rules.privileged"], "mode\nrules.privileged"),
    "isolation.breakGlassGroups": (AREA, [], "[]"),
    "mcpNamespace.networkPolicy.dnsPorts": (AREA, [53, 5353], "53\n5353"),
    "mcpServerDefaults.imagePullSecrets": (AREA, [{"name": "a"}, {"name": "b"}], "a\nb"),
    "mcpServerDefaults.nodeSelector": (AREA, {"pool": "mcp", "arm": ""}, "pool=mcp\narm="),
    "mcpNamespace.networkPolicy.gateway.podSelector": (AREA, {}, "{}"),
    "mcpServerDefaults.tolerations": (AREA, [{"operator": "Exists"}], "- operator: Exists"),
    "mcpServerDefaults.affinity": (
        AREA,
        {"nodeAffinity": NODES},
        (
            "nodeAffinity:\n  requiredDuringSchedulingIgnoredDuringExecution:\n"
            "    nodeSelectorTerms:\n    - {}"
        ),
    ),
    "mcpNamespace.networkPolicy.egressProfiles": (
        AREA,
        {"db": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}},
        "db:\n  to:\n  - ipBlock:\n      cidr: 10.0.0.0/8",
    ),
}


def key_of(name: str) -> Key:
    return tuple(name.split("."))


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_typed_as_people_write_it_and_read_back(name: str) -> None:
    kind, value, text = VALUES[name]
    editor = editor_by_type(key_of(name))

    typed = editor.written(name, value)
    (found,) = editor.inputs(name, typed)

    assert (found.kind, found.text) == (kind, text)
    assert editor.read(name, typed) == value
    assert type(editor.read(name, typed)) is type(value)


@pytest.mark.parametrize("name", VALUES)
def test_nothing_typed_is_not_set(name: str) -> None:
    editor = editor_by_type(key_of(name))

    assert editor.written(name, None) == {name: ""}
    assert editor.read(name, {name: " \r\n"}) is None
    assert editor.read(name, {}) is None


def test_a_choice_says_what_is_in_force_without_one() -> None:
    (found,) = editor_by_type(("mode",), "enforce").inputs("mode", {"mode": "warn"})

    assert found.options == (
        ("", "not set (enforce)"),
        ("observe", "observe"),
        ("warn", "warn"),
        ("enforce", "enforce"),
    )


def test_a_choice_that_is_not_offered_stays_where_it_was_typed() -> None:
    editor = ChoiceEditor(("a", "b"))
    (found,) = editor.inputs("key", {"key": "<script>"})

    assert (found.text, found.options[-1]) == ("<script>", ("<script>", "<script>"))
    assert editor.read("key", {"key": "<script>"}) == "<script>"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("mcpServerDefaults.nodeSelector", "a=b\n\npool", "line 3: write name=value"),
        ("mcpServerDefaults.nodeSelector", "=b", "line 1: write name=value"),
        ("mcpServerDefaults.nodeSelector", "a=b\na=c", "line 2: the name stands above already"),
        ("mcpServerDefaults.tolerations", "- a: [", "line "),
        ("mcpServerDefaults.tolerations", "a: 1\n---\nb: 2", "a second document starts here"),
        ("mcpServerDefaults.tolerations", "# nothing", "line 1: there is no document here"),
        ("mcpServerDefaults.tolerations", "a: 1\na: 2", "line 2: "),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(name: str, text: str, said: str) -> None:
    with pytest.raises(UnreadableText) as raised:
        editor_by_type(key_of(name)).read(name, {name: text})

    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(
    ("editor", "text", "key", "place"),
    [
        (YamlEditor(), "- key: a\n- key: b\n  effect: c", (1, "effect"), "line 3, [1].effect"),
        (YamlEditor(), "- key: a\n- key: b", (1, "operator"), "line 2, [1].operator"),
        (YamlEditor(), "a: 1", (), "line 1"),
        (editor_by_type(("delegated",)), "a\n\nb", (1,), "line 3"),
        (editor_by_type(("delegated",)), "a", (), ""),
        (editor_by_type(("mcpServerDefaults", "nodeSelector")), "a=b", ("a",), "a"),
    ],
    ids=["yaml", "absent", "whole", "list", "list-itself", "pairs"],
)
def test_a_place_inside_a_value(editor: TextEditor, text: str, key: Key, place: str) -> None:
    assert editor.place("key", {"key": text}, key) == place


@pytest.mark.parametrize(
    ("text", "number"), [("53", 53), ("-1", "-1"), ("x", "x"), ("9" * 5000, "9" * 5000), ("٣", "٣")]
)
def test_a_number_is_ascii_and_not_too_long(text: str, number: Any) -> None:
    assert number_or_text(text) == number
