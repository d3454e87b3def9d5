"""What the builder of documents refuses and copies: keys, aliases and their limits."""

import pytest

from tests.documents.parsed import parsed, refusal, value
from webhook.documents.builder import MAX_COPIED
from webhook.documents.nodes import quoted


def test_a_key_may_be_an_alias() -> None:
    assert value("a: &k x\n*k : 1\n") == {"a": "x", "x": 1}
    assert refusal("&k x: g\n*k : h\n") == (
        2, 'the key "x" stands on line 1 already: keep one (kubectl takes the last)'
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
    ],
)  # fmt: skip
def test_duplicate_keys_are_refused(text: str, line: int, key: str, first: int) -> None:
    sentence = f'the key "{key}" stands on line {first} already: keep one (kubectl takes the last)'
    assert refusal(text) == (line, sentence)


def test_every_alias_is_a_copy_of_its_own() -> None:
    found = value("a: &a {x: [1], w: &w [2]}\nb: *a\nc: *a\nd: {<<: *a}\ne: *w\n")
    found["a"]["x"].append("changed")
    found["b"]["x"].append("other")
    found["d"]["w"].append("third")
    assert found["c"] == {"x": [1], "w": [2]}
    assert found["e"] == found["a"]["w"] == [2]


def test_lines_of_an_alias_are_its_own_and_below_it_those_of_the_anchor() -> None:
    node = parsed("- &a\n  x: 1\n-\n  - *a\n")
    alias = node.place.inner["1"].inner["0"]
    assert (alias.mark.line, alias.inner["x"].mark.line) == (4, 2)
    assert node.place.inner["0"].mark.line == 1


def test_the_last_anchor_of_a_name_counts() -> None:
    assert value("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]
    assert value("- &a [&a 1, *a]\n- *a\n") == [[1, 1], 1]


def test_an_alias_without_an_anchor_is_refused() -> None:
    assert refusal("a: 1\nb: *a\n") == (
        2, "the alias *a has no anchor &a above it: add one"
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
    assert value(bomb(levels=5, width=10))


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
