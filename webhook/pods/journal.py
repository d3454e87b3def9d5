"""The journal of a review: for each field that was edited, its value before the first edit.

What becomes of it are the operations of the patch (pods/patch.py) and the record of injected fields
(admission/injected.py).
"""

from typing import Any

from webhook.documents import escape
from webhook.pods.fields import Fields

Slot = tuple[int, str]
"""The identity of an object, and a field of it."""

ABSENT = object()
"""Stands for the value of a field that is not there."""

CONTAINERS = frozenset({dict, list})


class Edit:
    """A field that was edited: the `key` of the object `at`.

    `before` is its value in the request, `items` those of the list that it holds, where the list
    was edited in place. `theirs` is the value without what we injected earlier. `filled` says that
    a rule gave it a value, `overridden` that a rule took a value away, `given_back` that it got
    back the value that an earlier review had replaced.
    """

    __slots__ = (
        "at",
        "before",
        "filled",
        "given_back",
        "items",
        "key",
        "overridden",
        "target",
        "theirs",
    )

    def __init__(self, at: Fields, target: dict[str, Any], key: str) -> None:
        self.at = at
        self.target = target
        self.key = key
        self.before = self.theirs = target.get(key, ABSENT)
        self.items: list[Any] | None = None
        self.filled = self.overridden = self.given_back = False

    def adopted(self, value: Any) -> Any:
        """What the field holds once it is given a value, where it was edited before.

        That is the object of the request where it is equal, so that edits inside it count. A list
        that was edited in place stays, with other items. All else is copied: it shares nothing with
        the settings, nor with another place of the document.
        """
        if type(value) not in CONTAINERS:
            return value
        if self.items is not None and type(value) is list:
            self.before[:] = copied(value)
            return self.before
        return self.before if same(self.before, value) else copied(value)


class Pointers:
    """The pointers of objects as the request has them.

    An object has none where it was taken away, or stands in something that an operation adds.
    """

    def __init__(self, journal: dict[Slot, Edit]) -> None:
        self._journal = journal
        self._known: dict[Fields, str | None] = {}

    def of(self, at: Fields) -> str | None:
        """The RFC 6901 pointer of an object."""
        around = at.inside
        if around is None:
            return at.root
        if at in self._known:
            return self._known[at]
        pointer = self.of(around)
        step = None if pointer is None else self._step(around, at)
        self._known[at] = found = None if step is None else f"{pointer}/{step}"
        return found

    def _step(self, around: Fields, at: Fields) -> str | None:
        """The last part of a pointer; None where the object around holds another one."""
        key, item = at.key, at.item
        held = around.get(key)
        edit = self._journal.get((id(around.value), key))
        if edit is not None and edit.before is not held:
            return None
        if item is None:
            return escape(key) if held is at.value else None
        if edit is not None:
            item = _kept(at, edit)
        return None if item is None else f"{escape(key)}/{item}"


def _kept(at: Fields, edit: Edit) -> int | None:
    """Where an object was in a list that was edited; None where an operation carries it."""
    before = edit.before if edit.items is None else edit.items
    lost, added = list_changes(before, edit.before)
    found = (position for position, item in enumerate(before) if item is at.value)
    position = next(found, None)
    return None if (lost and added) or position in lost else position


def list_changes(before: list[Any], now: list[Any]) -> tuple[list[int], list[Any]]:
    """The positions that a list lost, and the items at its end that it did not have."""
    lost, kept = [], 0
    for position, item in enumerate(before):
        if kept < len(now) and now[kept] is item:
            kept += 1
        else:
            lost.append(position)
    return lost, now[kept:]


def copied(value: Any) -> Any:
    """A copy of a JSON value."""
    kind = type(value)
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: unlike in Python, true is not 1."""
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if type(one) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
