"""What is nested deeper than anything in Kubernetes stops nobody who only wanted the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.kube.messages import DEEPEST, decode_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def depth(value: Any) -> int:
    """Levels of objects and lists, without recursion."""
    levels, here = 0, [value]
    while here := [each for each in here if isinstance(each, dict | list)]:
        levels += 1
        here = [x for each in here for x in (each.values() if isinstance(each, dict) else each)]
    return levels


@given(VALUES)
def test_what_is_not_deep_is_what_it_says(value: Any) -> None:
    text = json.dumps(value).encode()

    assert decode_json(text) == value


@pytest.mark.parametrize("levels", [DEEPEST + 101, 1100, 9990])
@pytest.mark.parametrize(("opened", "closed"), [('{"f:a":', "}"), ("[", "]"), ('{"}\\"]":[', "]}")])
def test_what_is_deep_ends_in_null_and_the_rest_is_there(
    levels: int, opened: str, closed: str
) -> None:
    deep = opened * levels + "1" + closed * levels
    text = f'{{"before": [1, "}}"], "fields": {deep}, "after": {{"b": "[["}}}}'

    found = decode_json(text.encode())

    assert found["before"] == [1, "}"]
    assert found["after"] == {"b": "[["}
    assert depth(found) <= DEEPEST


@pytest.mark.parametrize("text", [b"", b"{", b"no", b'{"a": ' * 300, b"]" * 300, b'"\xff"'])
def test_what_is_no_json_is_none(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode_json(text)
