"""Pointers into a document, and text as messages show it."""

from typing import Any

import pytest

from webhook.documents.nodes import escape, pointer_to, quoted, tokens, value_at

DOCUMENT = {"a": [{"b/c": 1}, None], "m~n": {"": 2}, "text": "abc"}


@pytest.mark.parametrize(
    ("keys", "pointer", "value"),
    [
        ([], "", DOCUMENT),
        (["a", 0, "b/c"], "/a/0/b~1c", 1),
        (["m~n", ""], "/m~0n/", 2),
        (["a", 1], "/a/1", None),
        (["a", 2], "/a/2", None),
        (["a", 1, "x"], "/a/1/x", None),
        (["text", "0"], "/text/0", None),
        (["~1"], "/~01", None),
    ],
)
def test_a_pointer_leads_to_the_value_at_its_keys(
    keys: list[str | int], pointer: str, value: Any
) -> None:
    assert pointer_to(keys) == pointer
    assert tokens(pointer) == list(map(str, keys))
    assert value_at(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    ("key", "token"), [("a", "a"), ("/", "~1"), ("~", "~0"), ("~1", "~01"), ("", "")]
)
def test_a_key_is_one_token_of_a_pointer(key: str, token: str) -> None:
    assert escape(key) == token


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", '"a"'),
        ('"', '"\\""'),
        ("a\nb\x1b", '"a\\nb\\u001b"'),
        ("\x85\u2028\u2029", r'"\u0085\u2028\u2029"'),
        ("é", '"é"'),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 57}..."'),
    ],
)
def test_quoted_text_stays_on_one_line_and_is_cut(text: str, shown: str) -> None:
    assert quoted(text) == shown
