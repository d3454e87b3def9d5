"""Patterns of a .gitignore match what pathspec's expressions match, and in no time."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from webhook.offline.ignoring import linear_expression

PARTS = ["a", "b", "*", "*", "/", "**/", "/**/", "?", "[ab]", "\\*"]
NAMES = st.text("ab*", min_size=1, max_size=4)


def expression(pattern: str) -> str:
    regex = GitIgnoreSpecPattern(pattern).regex
    return regex.pattern if regex is not None else "(?!)"


@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=8).map("".join),
    st.lists(NAMES, min_size=1, max_size=5).map("/".join),
    st.sampled_from(["", "/"]),
)
def test_a_pattern_of_linear_time_matches_the_same(pattern: str, path: str, end: str) -> None:
    written = expression(pattern)

    before, after = (re.match(one, path + end) for one in (written, linear_expression(written)))

    assert (after and after.span()) == (before and before.span())


def test_no_set_has_a_slash_as_for_git() -> None:
    assert re.match(linear_expression(expression("/a[!b]c")), "a/c") is None
    assert re.match(linear_expression(expression("/a[.-0]c")), "a/c") is None
    assert re.match(linear_expression(expression("/a[!b]c")), "axc")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("*?[!b]" * 40 + "c", "a" * 250),
        ("**/a/" * 30 + "x", "a/" * 2000),
        ("**/*a*/" * 30 + "x", "aaaa/" * 800),
    ],
)
def test_many_wildcards_take_no_time(pattern: str, path: str) -> None:
    written = linear_expression(expression(pattern))
    started = process_time()

    assert re.match(written, path) is None
    assert process_time() - started < 0.5
