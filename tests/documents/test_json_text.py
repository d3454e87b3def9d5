"""JSON is read by its own grammar, with lines, limits and duplicate keys."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.documents.builder import Builder
from webhook.documents.dialect import check_characters
from webhook.documents.json_text import json_nodes
from webhook.documents.nodes import Node, NodeError
from webhook.documents.reader import Document, DocumentError, read_documents

TWICE = 'the key "a" stands on line 1 already: keep one (kubectl takes the last)'

BINARY = "the character U+009F is binary data: remove it, or write it as an escape in double quotes"


def one(text: str) -> Document:
    (document,) = read_documents(text, "file.json")
    return document


def whole(text: str) -> list[Node | NodeError]:
    """The values of a text that is JSON to its end."""
    found, not_json = json_nodes(text, Builder())
    assert not_json is None, not_json
    return found


def told(found: list[Node | NodeError]) -> list[Any]:
    """Line and value of what could be read, line and sentence of what could not."""
    return [
        (node.line, str(node))
        if isinstance(node, NodeError)
        else (node.place.mark.line, node.value)
        for node in found
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}), ("[]", []), (" \r\n\t[ ]\n", []), ("[[], {}]", [[], {}]),
        ('{"a": {"b": [1, -2, 0, true, false, null, "x"]}}',
         {"a": {"b": [1, -2, 0, True, False, None, "x"]}}),
        ("[1.5, 1.0, 1e3, 2E-1, -0.0, 1e21]", [1.5, 1, 1000, 0.2, 0, 1e21]),
        (r'["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]', ['"\\/\b\f\n\r\té😀']),
        ('{"a":1}', {"a": 1}), ('{"a"\n:\n1}', {"a": 1}), ('{"": ""}', {"": ""}),
        ('{"' + "k" * 2000 + '": 1}', {"k" * 2000: 1}),
        ('["yes", "12:30", "2001-01-01", "<<", "~"]', ["yes", "12:30", "2001-01-01", "<<", "~"]),
        ('{"<<": {"a": 1}}', {"<<": {"a": 1}}),
        ('{"y": 1}', {"y": 1}),
        ("[" + "9" * 100 + "]", [int("9" * 100)]),
    ],
)  # fmt: skip
def test_a_json_value_is_read_with_its_type(text: str, value: Any) -> None:
    got = one(text).value
    assert got == value
    assert json.dumps(got) == json.dumps(value)


def test_tabs_indent_json() -> None:
    document = one('{\n\t"a": [\n\t\t1,\n\t\t{"b":\t"x y"}\n\t]\n}')
    assert document.value == {"a": [1, {"b": "x y"}]}
    assert [document.line(at) for at in ("", "/a", "/a/0", "/a/1", "/a/1/b")] == [1, 2, 3, 4, 4]


def test_line_of_an_entry_is_the_line_of_its_key() -> None:
    document = one('{\r\n"a"\r\n:\r\n1,\r\n"b": [\r\n2]}')
    assert [document.line(at) for at in ("/a", "/b", "/b/0")] == [2, 5, 6]


def test_values_may_follow_one_another() -> None:
    found = whole('{"a": 1}\n{"b": 2}[3]\n\n{}')
    assert told(found) == [(1, {"a": 1}), (2, {"b": 2}), (2, [3]), (4, {})]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('{"a": 1,\n"a": 2}', 2, TWICE), ('{"x": {"a": 1, "\\u0061": 2}}', 1, TWICE),
        ('{"a":\nNaN}', 2, 'NaN does not exist in JSON: write "NaN" if it is text'),
        ("[Infinity]", 1, 'Infinity does not exist in JSON: write "Infinity" if it is text'),
        ("[-Infinity]", 1, '-Infinity does not exist in JSON: write "-Infinity" if it is text'),
        ("[\n1e999]", 2, 'the number "1e999" is out of range: write a smaller one'),
        ("[" + "1" * 1001 + "]", 1,
         "a number has more than 1000 digits: put it in quotes if it is text"),
        ("[1." + "1" * 1001 + "]", 1,
         "a number has more than 1000 digits: put it in quotes if it is text"),
        ('["\\ud800"]', 1, "the text holds half of a surrogate pair: write the whole character"),
        ('{"\\udfff": 1}', 1,
         "the text holds half of a surrogate pair: write the whole character"),
        ("[\n" * 101 + "]" * 101, 101,
         "the value is nested more than 100 levels deep: flatten it"),
        ('["a", "\x9f"]', 1, BINARY),
        ('["a",\n"\udcff"]', 2, "the bytes here are not UTF-8 text: save the file as UTF-8"),
    ],
)  # fmt: skip
def test_a_value_that_is_refused_hides_no_other(text: str, line: int, sentence: str) -> None:
    found = whole(f'{text}\n{{"b": 1}} [2]')
    last = text.count("\n") + 2
    assert told(found) == [(line, sentence), (last, {"b": 1}), (last, [2])]


@pytest.mark.parametrize("text", ["[\n" * 101, '{"a":\n' * 200_000])
def test_depth_is_refused_where_the_text_ends_in_it(text: str) -> None:
    found, error = json_nodes(text, Builder())
    assert found == []
    assert error is not None
    assert (error.line, str(error)) == (
        101, "the value is nested more than 100 levels deep: flatten it"
    )  # fmt: skip


def test_a_hundred_levels_are_accepted() -> None:
    assert isinstance(whole("[" * 100 + "]" * 100)[0], Node)


def test_a_text_that_stops_being_json_says_where_the_rest_starts() -> None:
    text = '{"a": 1}{"b":\n2, "b": 2}  \n# why\n---\nc: 1'
    found, error = json_nodes(text, Builder())
    assert [line for line, _ in told(found)] == [1, 2]
    assert error is not None
    assert (error.line, text[error.rest :]) == (3, "# why\n---\nc: 1")


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ('{"a": [1,\n2\n}', 3, '"}" cannot stand here'), ("[1,]", 1, '"]" cannot'),
        ('{"a": 1,\n}', 2, '"}" cannot'), ("{1: 2}", 1, '"1" cannot'), ('{"a"}', 1, '"}" cannot'),
        ('{"a" 1}', 1, '"1" cannot'), ('{"a":: 1}', 1, '":" cannot'), ("[1 2]", 1, '"2" cannot'),
        ("[1],", 1, '"," cannot'), ("[1]\n]", 2, '"]" cannot'), ("{} 5", 1, '"5" cannot'),
        ('{} "x"', 1, '"x" cannot'), ("[,1]", 1, '"," cannot'), ("{,}", 1, '"," cannot'),
        ("[true:1]", 1, '":" cannot'), ("[012]", 1, '"12" cannot'), ("[null}", 1, '"}" cannot'),
        ("[1.]", 1, 'from ".]" on'), ("[+1]", 1, 'from "+1]" on'), ("{a: 1}", 1, 'from "a: 1}" on'),
        ("[\n'a']", 2, 'from "\'a\']" on'), ('["a\tb"]', 1, 'from "\\"a\\tb\\"]" on'),
        ('["a\nb"]', 1, 'from "\\"a" on'), ('["\\x41"]', 1, "on; check"), ('["\\u12"]', 1, "on;"),
        ("[.5]", 1, 'from ".5]" on'), ("[// x\n1]", 1, 'from "// x" on'), ('["abc', 1, '"abc" on'),
        ("{\n\n", 1, 'a "}" is missing'), ('{"a": [\n1\n', 2, 'a "]" is missing'),
        ("[True]", 1, 'from "True]" on'), ("[nul]", 1, 'from "nul]" on'), ("[\u00a01]", 1, "on;"),
    ],
)  # fmt: skip
def test_text_that_is_not_json(text: str, line: int, named: str) -> None:
    _, error = json_nodes(text, Builder())
    assert error is not None
    assert error.line == line
    assert str(error).startswith("this is not JSON")
    assert named in str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [("{a: 1}", {"a": 1}), ("[1, 2,]", [1, 2]), ("{'a': yes}", {"a": True}),
     ('{"a": 1} # why', {"a": 1}), ("[.5, +1]", [0.5, 1])],
)  # fmt: skip
def test_flow_yaml_is_still_read(text: str, value: Any) -> None:
    assert one(text).value == value


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('{\n\t"a": [1,\n\t"b" "c"]\n}', 'x:3: this is not JSON: "c" cannot stand here'),
        ('{"a" 1}', 'x:1: this is not JSON: "1" cannot stand here'),
        ('{"a": 1,\n"' + "k" * 2000 + '": 1,\n"b" 2}', "x:3: this is not JSON: "),
        ("{\na: 1,\nb: [1\n}", "x:4: this is not YAML: did not find expected ',' or ']'"),
        ('{"a": 1, "a": 2', f"x:1: {TWICE}"),
        ('{"a": 1}\n---\n{"b": *c}', "x:3: the alias *c has no anchor"),
    ],
)
def test_of_two_failed_readings_the_one_that_got_further_is_reported(text: str, start: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_documents(text, "x")
    assert str(caught.value).startswith(start)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=30,
)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=3), JSON, max_size=4),
    st.sampled_from([None, 0, 2, "\t"]),
    st.booleans(),
)
def test_every_json_text_means_what_the_standard_library_reads(
    value: Any, indent: str | int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    try:
        check_characters(text, 1)
    except NodeError:
        text = json.dumps(value, indent=indent)
    (found,) = whole(text)
    assert isinstance(found, Node)
    assert found.value == json.loads(text)
