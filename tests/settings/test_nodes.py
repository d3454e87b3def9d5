"""What the builder of documents refuses and copies: keys, merges, aliases and their limits."""

from typing import Any

import pytest

from webhook.settings.nodes import MAX_COPIED, NodeError, quoted
from webhook.settings.yaml_text import nodes


def values(text: str) -> list[Any]:
    return [node.value for _, node in nodes(text)]


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(NodeError) as caught:
        nodes(text)
    return caught.value.line, str(caught.value)


def test_a_key_may_be_an_alias() -> None:
    assert values("a: &k x\n*k : 1\n") == [{"a": "x", "x": 1}]
    assert refusal("&k x: g\n*k : h\n") == (
        2, 'the key "x" stands on line 1 already: keep one'
    )  # fmt: skip


@pytest.mark.parametrize("key", ["~", "", "null", "[a]", "{a: b}", "&x {a: b}"])
def test_keys_that_json_cannot_write_are_refused(key: str) -> None:
    line, sentence = refusal(f"a: 1\n? {key}\n: 2\n")
    assert (line, sentence) == (2, "a key must be text, a number or a boolean: write one word")


@pytest.mark.parametrize(
    ("text", "line", "key", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a", 1), ("- {x: 1,\n   x: 2}\n", 2, "x", 1),
        ("1: a\n'1': b\n", 2, "1", 1), ("true: a\nyes: b", 2, "true", 1),
        ("s:\n  k: {a: 1}\n  l: 1\n  k: {b: 1}", 4, "k", 2),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  c: 1\n  <<: *a", 5, "<<", 3),
    ],
)  # fmt: skip
def test_duplicate_keys_are_refused(text: str, line: int, key: str, first: int) -> None:
    sentence = f'the key "{key}" stands on line {first} already: keep one'
    assert refusal(text) == (line, sentence)


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("<<: *a", {"x": 1, "w": [1]}),
        ("x: 2\n  <<: *a", {"x": 2, "w": [1]}),
        ("<<: *a\n  x: 2", {"x": 2, "w": [1]}),
        ("<<: [*b, *a]\n  z: 4", {"x": 3, "w": [1], "z": 4}),
        ("<<: [*a, *b]", {"x": 1, "w": [1]}),
        ("<<: {q: 1}", {"q": 1}),
        ("<<: []\n  q: 1", {"q": 1}),
    ],
)
def test_merge_keys_fill_in_what_the_mapping_does_not_say(
    text: str, merged: dict[str, Any]
) -> None:
    document = f"a: &a {{x: 1, w: [1]}}\nb: &b {{x: 3}}\nc:\n  {text}\n"
    assert values(document)[0]["c"] == merged


@pytest.mark.parametrize("value", ["1", "~", "[1]", "text", "[{a: 1}, 2]"])
def test_merging_what_is_no_mapping_is_refused(value: str) -> None:
    assert refusal(f"a: 1\nb:\n  <<: {value}\n") == (
        3, "<< takes a mapping or a list of mappings: point it at one"
    )  # fmt: skip


def test_lines_of_merged_fields_are_where_they_are_written() -> None:
    ((_, node),) = nodes("a: &a\n  x: 1\n  w: 2\nb:\n  w: 3\n  <<: *a\n")
    inner = node.place.inner["b"].inner
    assert {key: place.mark.line for key, place in inner.items()} == {"x": 2, "w": 5}


def test_every_alias_is_a_copy_of_its_own() -> None:
    (value,) = values("a: &a {x: [1], w: &w [2]}\nb: *a\nc: *a\nd: {<<: *a}\ne: *w\n")
    value["a"]["x"].append("changed")
    value["b"]["x"].append("other")
    value["d"]["w"].append("third")
    assert value["c"] == {"x": [1], "w": [2]}
    assert value["e"] == value["a"]["w"] == [2]


def test_lines_of_an_alias_are_its_own_and_below_it_those_of_the_anchor() -> None:
    ((_, node),) = nodes("- &a\n  x: 1\n-\n  - *a\n")
    alias = node.place.inner["1"].inner["0"]
    assert (alias.mark.line, alias.inner["x"].mark.line) == (4, 2)
    assert node.place.inner["0"].mark.line == 1


def test_the_last_anchor_of_a_name_counts() -> None:
    assert values("[&a 1, *a, &a 2, *a]") == [[1, 1, 2, 2]]
    assert values("- &a [&a 1, *a]\n- *a\n") == [[[1, 1], 1]]


def test_anchors_end_with_their_document() -> None:
    assert refusal("a: &a 1\n---\nb: *a\n") == (
        3, "the alias *a has no anchor &a above it: add one"
    )  # fmt: skip


@pytest.mark.parametrize("text", ["a: 1\nb: &b\n  - *b", "a: 1\nb: &b\n  c: *b"])
def test_an_alias_inside_its_anchor_is_refused(text: str) -> None:
    assert refusal(text) == (
        3, "the alias *b stands inside its own anchor: take it out"
    )  # fmt: skip


def bomb(levels: int, width: int) -> str:
    """Each level holds the one above `width` times."""
    rows = [", ".join([f"*l{level}"] * width) for level in range(levels - 1)]
    return "\n".join(f"l{level}: &l{level} [{row}]" for level, row in enumerate(["x", *rows]))


def test_alias_bombs_are_refused_on_the_line_of_the_alias() -> None:
    line, sentence = refusal(bomb(levels=40, width=10))
    assert line == 6
    assert sentence.endswith(f"stand for more than {MAX_COPIED} values: write fewer aliases")
    assert values(bomb(levels=5, width=10))


def test_the_budget_of_aliases_is_one_for_the_file() -> None:
    once = bomb(levels=5, width=10)
    line, _ = refusal("\n---\n".join([once] * 20))
    assert line > 20


def test_long_text_counts_for_more_than_one_value() -> None:
    text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 300)}]"
    assert refusal(text)[0] == 2


def test_a_chain_of_aliases_cannot_go_around_the_depth() -> None:
    line, sentence = refusal(bomb(levels=150, width=1))
    assert (line, sentence) == (
        100, "the value is nested more than 100 levels deep: flatten it"
    )  # fmt: skip


def test_quoted_text_stays_short_and_on_one_line() -> None:
    assert quoted('a"\n') == '"a\\"\\n"'
    assert quoted("a\x85b\u2028") == '"a\\u0085b\\u2028"'
    assert quoted("é" * 60) == f'"{"é" * 60}"'
    assert quoted("x" * 61) == f'"{"x" * 57}..."'
