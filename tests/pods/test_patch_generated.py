"""Whatever is edited, in whatever order: the operations make the same object of the original."""

from typing import Any

import jsonpatch
from hypothesis import given
from hypothesis import strategies as st

from tests.in_memory.defaults import copied
from webhook.pods.fields import Fields
from webhook.pods.journal import same
from webhook.pods.patch import Patch

Json = dict[str, Any]
KEYS = st.sampled_from("abl")
LEAVES: st.SearchStrategy[Any] = (
    st.sampled_from([None, 0, 1, True, ""]) | st.builds(dict) | st.builds(list)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(KEYS, inner) | st.lists(inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES)
EDITS = st.lists(
    st.tuples(
        st.lists(KEYS, max_size=2),
        KEYS,
        st.sampled_from(
            ["set", "default", "append", "remove", "override", "take", "take_items", "give_back"]
        ),
        VALUES,
    ),
    max_size=8,
)


def inside(root: Fields, path: list[str]) -> Fields | None:
    """The object at a path of the document; None where something else stands there."""
    at = root
    for key in path:
        if at.get(key) is not None and type(at.get(key)) is not dict:
            return None
        at = at.child(key)
    return at


def edit(patch: Patch, at: Fields, key: str, how: str, value: Any) -> None:
    held = at.get(key)
    items = type(held) is list
    there = at.value is not None and key in at.value
    match how:
        case "set" | "default":
            getattr(at, how)(key, value)
        case "append" if items or held is None:
            at.append(key, value)
        case "remove" | "override" if items and held:
            getattr(patch, how)(at, key, len(held) - 1)
        case "remove" | "override" | "take" if there:
            getattr(patch, how)(at, key)
        case "take_items" if items:
            patch.take_items(at, key, held[1:])
        case "give_back":
            patch.give_back(at, key, value)


def edited(document: Json, edits: list[Any]) -> tuple[Patch, Json]:
    patch, now = Patch(), copied(document)
    for path, key, how, value in edits:
        at = inside(Fields(now, patch), path)
        if at is not None:
            edit(patch, at, key, how, value)
    return patch, now


@given(OBJECTS, EDITS)
def test_operations_make_the_edited_object_of_the_original(document: Json, edits: Any) -> None:
    patch, now = edited(document, edits)

    operations = copied({"": patch.finish()})[""]

    assert same(jsonpatch.apply_patch(document, operations), now)


@given(OBJECTS, EDITS)
def test_undoing_leaves_the_original(document: Json, edits: Any) -> None:
    patch, now = edited(document, edits)

    patch.undo()

    assert same(now, document)
    assert patch.finish() == []


@given(OBJECTS, EDITS, st.sampled_from(["/a", "/b", "/a/b", "/nowhere"]))
def test_undoing_what_stands_outside_leaves_the_other_edits(
    document: Json, edits: Any, place: str
) -> None:
    def stands_inside(path: str) -> bool:
        return f"{path}/".startswith(f"{place}/")

    patch, now = edited(document, edits)

    patch.undo_outside(stands_inside)
    operations = copied({"": patch.finish()})[""]

    assert all(stands_inside(each["path"]) for each in operations)
    assert same(jsonpatch.apply_patch(document, operations), now)
