"""How values are compared and copied, and where an object of the request stands now."""

from typing import Any

import pytest

from webhook.pods.fields import Fields
from webhook.pods.journal import ABSENT, Edit, Pointers, copied, list_changes, same
from webhook.pods.patch import Patch


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": [1]}, {"a": [True]}, False),
        ({"a": None}, {}, False),
        ([1, 2], [2, 1], False),
        (None, None, True),
    ],
)
def test_values_are_the_same_where_their_json_is(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


def test_a_copy_shares_nothing_that_can_be_edited() -> None:
    value = {"a": [{"b": 1}]}
    found = copied(value)

    assert found == value
    assert found is not value
    assert found["a"][0] is not value["a"][0]


A, B, C, NEW = ({"name": name} for name in "abcn")


@pytest.mark.parametrize(
    ("now", "lost", "added"),
    [
        ([A, B, C], [], []),
        ([A, C], [1], []),
        ([A, B, C, NEW], [], [NEW]),
        ([B, NEW], [0, 2], [NEW]),
        ([C, A], [0, 1], [A]),
        ([], [0, 1, 2], []),
        ([copied(A), B, C], [0, 1, 2], [A, B, C]),
    ],
)
def test_a_changed_list_tells_lost_positions_and_added_items(
    now: list[Any], lost: list[int], added: list[Any]
) -> None:
    assert list_changes([A, B, C], now) == (lost, added)


def test_an_edit_keeps_an_equal_object_and_copies_another() -> None:
    held = {"b": 1}
    document = {"a": held}
    edit = Edit(Fields(document, Patch()), document, "a")

    assert edit.before is held
    assert edit.adopted({"b": 1}) is held
    other = {"b": 2}
    assert edit.adopted(other) == other
    assert edit.adopted(other) is not other
    assert Edit(Fields(document, Patch()), document, "absent").before is ABSENT


def test_an_object_that_was_replaced_has_no_pointer_in_the_request() -> None:
    document: dict[str, Any] = {"a": {"b": {}}, "c": [{}]}
    root = Fields(document, Patch())
    inner, item = root.child("a").child("b"), root.items("c")[0]
    journal = {(id(document), "a"): Edit(root, document, "a")}

    assert Pointers(journal).of(inner) == "/a/b"
    assert Pointers(journal).of(item) == "/c/0"
    document["a"] = {"b": {}}
    assert Pointers(journal).of(inner) is None
