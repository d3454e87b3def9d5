"""Edits become operations that make the same object elsewhere."""

from typing import Any

import jsonpatch
import pytest

from tests.in_memory.defaults import copied
from webhook.pods.fields import Fields
from webhook.pods.journal import same
from webhook.pods.patch import Patch

Json = dict[str, Any]


class Edited:
    """A document under edit, and the proof that its operations make the same of the original."""

    def __init__(self, **document: Any) -> None:
        self.original = copied(document)
        self.document = document
        self.patch = Patch()
        self.root = Fields(document, self.patch)

    def operations(self) -> list[Json]:
        told = self.patch.finish()

        assert same(jsonpatch.apply_patch(self.original, copied({"": told})[""]), self.document)

        return told


def add(path: str, value: Any) -> Json:
    return {"op": "add", "path": path, "value": value}


def replace(path: str, value: Any) -> Json:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> Json:
    return {"op": "remove", "path": path}


def test_a_field_that_is_absent_is_added() -> None:
    edited = Edited()

    edited.root.set("a", 1)

    assert edited.operations() == [add("/a", 1)]


@pytest.mark.parametrize("value", [None, 1, {}, []])
def test_a_field_that_is_present_is_replaced(value: Any) -> None:
    edited = Edited(a=value)

    edited.root.set("a", True)

    assert edited.operations() == [replace("/a", True)]


def test_objects_on_the_way_are_made_with_what_stands_in_them() -> None:
    edited = Edited()

    edited.root.child("a").child("b").set("c", 1)
    edited.root.child("a").child("b").set("d", 2)
    edited.root.child("a").set("e", [1])
    edited.root.child("a").append("e", 2)

    assert edited.operations() == [add("/a", {"b": {"c": 1, "d": 2}, "e": [1, 2]})]


def test_an_object_that_is_null_is_replaced() -> None:
    edited = Edited(a=None)

    edited.root.child("a").set("b", 1)

    assert edited.operations() == [replace("/a", {"b": 1})]


@pytest.mark.parametrize(
    ("key", "path"), [("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("", "/"), ("é ", "/é ")]
)
def test_keys_are_escaped_at_every_step(key: str, path: str) -> None:
    edited = Edited(**{key: {}})

    edited.root.child(key).set(key, 1)

    assert edited.operations() == [add(path + path, 1)]


def test_items_go_to_the_end_of_a_list() -> None:
    edited = Edited(a=[1])

    edited.root.append("a", 2)
    edited.root.append("a", {"b": 3})

    assert edited.operations() == [add("/a/-", 2), add("/a/-", {"b": 3})]


@pytest.mark.parametrize("absent", [{}, {"a": None}, {"a": []}])
def test_a_list_that_is_absent_comes_with_its_first_item(absent: Json) -> None:
    edited = Edited(**absent)

    edited.root.append("a", 1)
    edited.root.append("a", 2)

    assert [told["value"] for told in edited.operations()] == [[1, 2]]


def test_fields_and_items_are_removed() -> None:
    edited = Edited(a=1, b=[1, 2, 3])

    edited.root.remove("a")
    edited.root.remove("b", 2)
    edited.root.remove("b", 0)

    assert edited.operations() == [remove("/a"), remove("/b/2"), remove("/b/0")]


def test_what_we_made_is_edited_without_further_operations() -> None:
    edited = Edited()

    edited.root.set("a", {"b": 1, "c": [1, 2]})
    inside = edited.root.child("a")
    inside.set("d", 1)
    inside.remove("b")
    inside.remove("c", 0)
    inside.append("c", 3)
    edited.patch.take(inside, "d")
    edited.patch.take_items(inside, "c", [3])

    assert edited.operations() == [add("/a", {"c": [3]})]


def test_what_is_set_shares_nothing_with_where_it_came_from() -> None:
    value = {"b": [1]}
    edited = Edited()

    edited.root.set("a", value)
    edited.root.child("a").append("b", 2)

    assert value == {"b": [1]}


@pytest.mark.parametrize("value", [1, {"b": [1]}, [1], None])
def test_a_field_that_is_taken_and_comes_back_costs_nothing(value: Any) -> None:
    edited = Edited(a=value)

    edited.patch.take(edited.root, "a")
    edited.root.set("a", copied({"": value})[""])

    assert edited.operations() == []


def set_to(value: Any) -> Any:
    return lambda edited: edited.root.set("a", value)


def give_back(value: Any) -> Any:
    return lambda edited: edited.patch.give_back(edited.root, "a", value)


TAKEN = [
    pytest.param(lambda edited: None, [remove("/a")], id="gone"),
    pytest.param(set_to(True), [replace("/a", True)], id="other-value"),
    pytest.param(give_back(7), [replace("/a", 7)], id="given-back"),
    pytest.param(give_back(1), [], id="the-same-given-back"),
]


@pytest.mark.parametrize(("then", "operations"), TAKEN)
def test_a_field_that_is_taken_is_told_at_the_end(then: Any, operations: list[Json]) -> None:
    edited = Edited(a=1)

    edited.patch.take(edited.root, "a")
    then(edited)

    assert edited.operations() == operations


def test_a_field_that_was_given_back_is_filled_in_anew() -> None:
    edited = Edited(a="ours")

    edited.patch.take(edited.root, "a")
    edited.patch.give_back(edited.root, "a", {"b": "theirs"})
    edited.root.child("a").set("c", 1)
    edited.patch.override(edited.root, "a")
    edited.root.set("a", "ours")

    assert edited.operations() == []


def test_a_field_that_was_given_back_may_be_removed() -> None:
    edited = Edited(a=1)

    edited.patch.take(edited.root, "a")
    edited.patch.give_back(edited.root, "a", 2)
    edited.root.remove("a")

    assert edited.operations() == [remove("/a")]


def test_what_was_away_is_given_back_with_the_objects_around_it() -> None:
    edited = Edited(a={})

    edited.patch.give_back(edited.root.child("a"), "b", 1)
    edited.patch.give_back(edited.root.child("c").child("d"), "e", [2])

    assert edited.operations() == [add("/a/b", 1), add("/c", {"d": {"e": [2]}})]


GONE = [
    pytest.param(lambda root: root.set("a", {"e": 1}), [replace("/a", {"e": 1})], id="replaced"),
    pytest.param(lambda root: root.editor.take(root, "a"), [remove("/a")], id="taken"),
]


@pytest.mark.parametrize(("then", "operations"), GONE)
def test_what_was_taken_goes_with_the_object_around_it(then: Any, operations: list[Json]) -> None:
    edited = Edited(a={"b": 1, "c": [{"d": 1}], "l": [1]})

    edited.patch.take(edited.root.child("a"), "b")
    edited.patch.take(edited.root.child("a").items("c")[0], "d")
    edited.patch.take_items(edited.root.child("a"), "l", [])
    then(edited.root)

    assert edited.operations() == operations


def test_what_is_taken_from_an_item_of_a_list_is_told() -> None:
    edited = Edited(a=[{"b": 1}, {"b": 1}])

    edited.patch.take(edited.root.items("a")[1], "b")

    assert edited.operations() == [remove("/a/1/b")]


def test_a_list_that_was_given_back_may_become_what_it_was() -> None:
    edited = Edited(a=[1])

    edited.patch.take(edited.root, "a")
    edited.patch.give_back(edited.root, "a", [2, 1])
    edited.patch.override(edited.root, "a", 0)

    assert edited.operations() == []


def test_what_was_given_back_is_known() -> None:
    edited = Edited(a=1, b=1)

    edited.patch.give_back(edited.root, "a", 2)

    assert edited.patch.gave_back(edited.root, "a")
    assert not edited.patch.gave_back(edited.root, "b")


ITEMS = [
    pytest.param([], [remove("/a")], id="none"),
    pytest.param([1], [], id="the-same"),
    pytest.param([2, 1], [replace("/a", [2, 1])], id="more"),
]


@pytest.mark.parametrize(("back", "operations"), ITEMS)
def test_the_only_item_of_a_list_is_taken(back: list[int], operations: list[Json]) -> None:
    edited = Edited(a=[1])

    edited.patch.take_items(edited.root, "a", [])
    for item in back:
        edited.root.append("a", item)

    assert edited.operations() == operations


def test_an_item_that_is_taken_and_comes_back_elsewhere_is_told() -> None:
    edited = Edited(a=[1, 2])

    edited.patch.take_items(edited.root, "a", [2])
    edited.root.append("a", 1)

    assert edited.operations() == [replace("/a", [2, 1])]


def test_a_list_with_taken_items_is_told_once() -> None:
    edited = Edited(a=[1, 2, 3])

    edited.patch.take_items(edited.root, "a", [1, 2])
    edited.root.remove("a", 0)
    edited.root.append("a", 4)

    assert edited.operations() == [replace("/a", [2, 4])]


def test_a_list_with_taken_items_may_be_removed_as_a_whole() -> None:
    edited = Edited(a=[1, 2])

    edited.patch.take_items(edited.root, "a", [2])
    edited.root.remove("a")

    assert edited.operations() == [remove("/a")]


def test_untaking_leaves_no_trace() -> None:
    edited = Edited(a=1, b=[1, 2], c={"d": 1})

    edited.patch.take(edited.root, "a")
    edited.patch.take_items(edited.root, "b", [2])
    edited.patch.give_back(edited.root.child("e"), "f", 1)
    edited.patch.take(edited.root.child("c"), "d")
    edited.patch.take(edited.root, "c")
    edited.patch.undo()

    assert edited.document == edited.original
    assert edited.operations() == []


OVERRIDDEN = [
    pytest.param({"a": 1}, None, 1, [remove("/a")], id="field"),
    pytest.param({"a": [1, 2]}, 0, [1, 2], [remove("/a/0")], id="item"),
]


@pytest.mark.parametrize(("document", "item", "was", "operations"), OVERRIDDEN)
def test_what_is_overridden_is_remembered(
    document: Json, item: int | None, was: Any, operations: list[Json]
) -> None:
    edited = Edited(**document)

    assert edited.patch.override(edited.root, "a", item)
    assert [edit.theirs for edit in edited.patch.edits() if edit.overridden] == [was]
    assert edited.operations() == operations


def test_what_is_absent_cannot_be_overridden() -> None:
    edited = Edited()

    assert not edited.patch.override(edited.root, "a")
    assert not edited.patch.override(edited.root.child("b"), "c")
    assert not edited.patch.edits()


@pytest.mark.parametrize("edit", [
    lambda patch, at: patch.set(at, "b", 1),
    lambda patch, at: patch.remove(at, "b"),
], ids=["set", "remove"])  # fmt: skip
def test_an_edit_inside_what_does_not_exist_is_a_mistake_of_ours(edit: Any) -> None:
    edited = Edited()

    with pytest.raises(TypeError, match="nothing stands at /a"):
        edit(edited.patch, edited.root.child("a"))


DIFFERENT = [(True, 1), (False, 0), (1, 1.0), (None, False), ({}, []), ({"a": 1}, {"a": True}),
             ({"a": 1}, {}), ([1], [True]), ([1], [1, 1]), ("1", 1)]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_values_of_another_type_are_not_the_same(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, copied({"": one})[""])
