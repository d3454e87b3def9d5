"""One YAML document: types, keys, tags, limits and errors, with both parsers."""

import importlib
import json
from typing import Any

import pytest
import yaml

from webhook.documents import yaml_text
from webhook.documents.builder import Builder
from webhook.documents.nodes import Node, NodeError

PARSERS = [yaml.CSafeLoader, yaml.SafeLoader]


@pytest.fixture(params=PARSERS, ids=["libyaml", "python"])
def loader(request: pytest.FixtureRequest) -> Any:
    return request.param


def values(text: str, loader: Any) -> list[Any]:
    found = yaml_text.yaml_nodes(text, Builder(), loader=loader)
    assert all(isinstance(node, Node) for node in found), found
    return [node.value for node in found if isinstance(node, Node)]


def refusal(text: str, loader: Any) -> tuple[int, str]:
    (error,) = yaml_text.yaml_nodes(text, Builder(), loader=loader)
    assert isinstance(error, NodeError), error.value
    return error.line, str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, {c: d}]\n", {"a": 1, "b": ["x", {"c": "d"}]}),
        ("- \n- ~\n- {a: }\n- []\n- {}", [None, None, {"a": None}, [], {}]),
        ("'1'", "1"), ('"yes"', "yes"), ("'<<': 1", {"<<": 1}), ("a: <<", {"a": "<<"}),
        ("|\n  a\n  \tb\n", "a\n\tb\n"), (">-\n  a\n  b\n", "a b"), ("text", "text"),
        ("# c\n\na: 1 # d\n", {"a": 1}), ("---\na: 1\n", {"a": 1}), ("a: 1\n...\n# c\n", {"a": 1}),
        ('"\\u00e9\\U0001F600\\x41\\0"', "é😀A\0"), ('"a\\\\/"', "a\\/"), ("'a\\/'", "a\\/"),
        ("a: 2001-12-14\nb: 12:30\nc: 0644\nd: off\ne: 1.0",
         {"a": "2001-12-14", "b": "12:30", "c": 420, "d": False, "e": 1}),
        ("!!str 12", "12"), ("!!str", ""), ("!!int '0x1F'", 31), ("!!int 1.0", 1),
        ("!!float 1.5", 1.5), ("!!float 3", 3), ("!!bool 'yes'", True), ("!!null ''", None),
        ("!!map {a: !!seq [1]}", {"a": [1]}), ("! {a: ! [1, b]}", {"a": [1, "b"]}),
        ("!<tag:yaml.org,2002:str> 12", "12"),
        # the tag ! alone makes text of any scalar
        ("[! 12, ! yes, ! ~, ! '1', ! \"on\", ! ]", ["12", "yes", "~", "1", "on", ""]),
        ("[&a ! 12, ! &b 12, &c  # d\n ! 12, &d 12]", ["12", "12", "12", 12]),
        # behind brackets that close, ? is text again
        ("- {a: [1], b: c}\n- a?\n- ['a?', \"b?\"]", [{"a": [1], "b": "c"}, "a?", ["a?", "b?"]]),
    ],
)  # fmt: skip
def test_a_yaml_value_is_read_with_its_type(text: str, value: Any, loader: Any) -> None:
    assert values(text, loader) == [value]


@pytest.mark.parametrize("text", ["", "\n", "# c\n", " # c\n\n# d"])
def test_a_text_of_comments_has_no_document(text: str, loader: Any) -> None:
    assert values(text, loader) == []


@pytest.mark.parametrize("text", ["~", "null", "---\n", "---\n# c\n", "---\n...\n", "!!null ''"])
def test_an_empty_document_is_null(text: str, loader: Any) -> None:
    assert values(text, loader) == [None]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n...\nb: 2\n", 3), ("a: 1\n... # c\n\nb: [\n", 4), ("a: 1\n...\n]\n", 3),
        ("---\n...\na: 1\n", 3), ("# c\n{a: 1}\n{b: 2}\n", 3), ("---\n[a] b\n", 2),
        ("a: 1\r---\rb: 2\r", 2), ("a: 1\u2028---\u2028b: 2", 2),
        ("a: 1\n%YAML 1.1\n", 2), ("&a *a", 1),
    ],
)  # fmt: skip
def test_what_kubectl_drops_behind_a_document_is_refused_and_the_document_kept(
    text: str, line: int, loader: Any
) -> None:
    first, error = yaml_text.yaml_nodes(text, Builder(), loader=loader)
    assert isinstance(first, Node)
    assert isinstance(error, NodeError)
    assert abs(error.line - line) <= 1
    assert str(error) == (
        "kubectl drops what stands here, behind the end of a document: put --- above it"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("%YAML 1.1\n", 11), ("%TAG ! tag:x,2000:\n", 11), ("# c\n\n  # d\n%YAML 1.1\n", 14),
     ("%FOO bar\n", 11), ("%YAML 9.9\n", 11), ("%TAG ! a\n%TAG ! b\n", 11)],
)  # fmt: skip
def test_directives_are_refused_because_kubectl_cannot_read_them(
    text: str, line: int, loader: Any
) -> None:
    (error,) = yaml_text.yaml_nodes(text, Builder(), 11, loader)
    assert isinstance(error, NodeError)
    assert (error.line, str(error)) == (
        line, "kubectl cannot read the directives %YAML and %TAG: remove this line"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('a: "\\/"', "kubectl cannot read \\/ in YAML: write / without the backslash"),
        ('a: "b\\\\\\/"', "kubectl cannot read \\/ in YAML: write / without the backslash"),
        ("a: [b?]", "kubectl cannot read ? between brackets: put the text in quotes"),
        ("a: {b: [c, {d: http://e/?f}]}",
         "kubectl cannot read ? between brackets: put the text in quotes"),
    ],
)  # fmt: skip
def test_what_libyaml_takes_and_kubectl_does_not_is_refused(text: str, sentence: str) -> None:
    assert refusal(f"x: 1\n{text}\n", yaml.CSafeLoader) == (2, sentence)


def test_keys_become_strings_as_json_spells_them(loader: Any) -> None:
    text = "1: a\n1.5: b\nyes: c\n0x10: d\n12:30: e\n1e3: f\n'': g\n"
    assert values(text, loader) == [
        {"1": "a", "1.5": "b", "true": "c", "16": "d", "12:30": "e", "1000": "f", "": "g"}
    ]


@pytest.mark.parametrize("start", ["[", "{a: ", "- ", "? ", "[\n"])
def test_deep_nesting_is_refused_before_anything_recurses(start: str, loader: Any) -> None:
    line, sentence = refusal(start * 20_000, loader)
    assert sentence == "the value is nested more than 100 levels deep: flatten it"
    assert line == (101 if "\n" in start else 1)


def test_a_hundred_levels_are_accepted(loader: Any) -> None:
    assert values("[" * 100 + "]" * 100, loader)


@pytest.mark.parametrize(
    ("tagged", "shown"),
    [
        ("!foo 1", "!foo"), ("!!python/object:os.system x", "!!python/object:os.system"),
        ("!!binary aGk=", "!!binary"), ("!!set {a, b}", "!!set"), ("!!omap [a: 1]", "!!omap"),
        ("!!timestamp 2001-12-14", "!!timestamp"), ("!Ref [a]", "!Ref"), ("!Sub {a: b}", "!Sub"),
        ("!!map [1]", "!!map"), ("!!seq {a: 1}", "!!seq"), ("!!str [a]", "!!str"),
        ("!<x> 1", "x"), ("!!merge x", "!!merge"),
    ],
)  # fmt: skip
def test_tags_beyond_json_are_refused(tagged: str, shown: str, loader: Any) -> None:
    assert refusal(f"a: 1\nb: {tagged}\n", loader) == (
        2, f'the tag "{shown}" has no meaning in JSON: remove it'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tagged", "sentence"),
    [
        ("!!int x", '!!int cannot hold "x": remove the tag'),
        ("!!int 1.5", '!!int cannot hold "1.5": remove the tag'),
        ("!!int yes", '!!int cannot hold "yes": remove the tag'),
        ("!!bool 1", '!!bool cannot hold "1": remove the tag'),
        ("!!null x", '!!null cannot hold "x": remove the tag'),
        ("!!float x", '!!float cannot hold "x": remove the tag'),
        (".inf", '.inf does not exist in JSON: write ".inf" if it is text'),
        ("!!float .nan", '.nan does not exist in JSON: write ".nan" if it is text'),
        ("1" * 5000, "a number has more than 1000 digits: put it in quotes if it is text"),
    ],
)
def test_scalars_beyond_json_are_refused(tagged: str, sentence: str, loader: Any) -> None:
    assert refusal(f"a: 1\nb: {tagged}\n", loader) == (2, sentence)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1\n", 2), ("a:\n  b: 1\n\tc: 2\n", 3), ("a:\n  b: 1\n  \tc: 2\n", 3),
        (" \ta: 1\n", 1), ("k: |\n  a\n\tb\n", 3), ("- a\n-\n\t- b\n", 3), ("a: é\n\tb: 1\n", 2),
    ],
)  # fmt: skip
def test_tabs_that_indent_are_refused(text: str, line: int, loader: Any) -> None:
    sentence = "a tab stands where YAML wants spaces: indent with spaces"
    assert refusal(text, loader) == (line, sentence)


def test_tabs_inside_text_are_text(loader: Any) -> None:
    assert values('a: |\n  all:\n  \tcc\nb: "x\ty"\n', loader) == [
        {"a": "all:\n\tcc\n", "b": "x\ty"}
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1\nb: 2\n", 2), ("a: 1\n- b\n", 2), ("a: 'x\n\n", 1), ("a: b: c\n", 1),
        ("a: @x", 1), ("a: %x", 1), ("x: `y`", 1), ("a: 1\n  b: 2\n", 2), ("}", 1),
        ("a: *\n", 1), ("- &\n", 1), ("a: [\n\n\n", 1),
        ("a: |x\n", 1), ('a: "\\q"', 1), ("a: !h!x 1", 1), ("...\na: 1\n", 1),
    ],
)  # fmt: skip
def test_what_is_not_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    for loader in PARSERS:
        at, sentence = refusal(text, loader)
        assert sentence.startswith("this is not YAML: ")
        assert sentence.endswith("; check the indentation, colons and quotes")
        assert "\n" not in sentence
        assert abs(at - line) <= 1, (loader, at)


@pytest.mark.parametrize("text", ['a: 1\nb: "\\Uffffffff"', 'a: 1\nb: "\\U00110000"'])
def test_characters_beyond_unicode_are_refused(text: str, loader: Any) -> None:
    line, sentence = refusal(text, loader)
    assert line == 2
    assert sentence.startswith("this is not YAML: ")


@pytest.mark.parametrize("text", ['a: 1\nb: "\\ud800"', 'a: 1\nb: "x\\udfff"'])
def test_half_a_surrogate_pair_is_refused(text: str, loader: Any) -> None:
    assert refusal(text, loader)[0] == 2


def test_without_libyaml_the_python_parser_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.delattr(yaml, "CSafeLoader")
        assert importlib.reload(yaml_text).LOADER is yaml.SafeLoader
        assert values("a: 1", yaml_text.LOADER) == [{"a": 1}]
    assert importlib.reload(yaml_text).LOADER is yaml.CSafeLoader


def test_values_are_json(loader: Any) -> None:
    text = "a: [1, 1.5, ~, yes, x]\nb: {1: 2}\n"
    (value,) = values(text, loader)
    assert json.loads(json.dumps(value)) == value
