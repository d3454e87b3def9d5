"""Edits of the request's own copy of the object, and the RFC 6902 operations that they come to.

One journal holds for each edited field its value before the first edit. `finish` makes an operation
for each field whose value is another by then. Only edited fields are looked at: nothing is copied
as a whole and no objects are compared, which makes a review a thousand times cheaper than a
difference of objects. The record of injected fields (admission/injected.py) is made from the same
journal.

* What stands inside something that we added is carried by the operation that added it.
* A value that is taken out and then put back costs no operation.
"""

from collections.abc import Collection
from typing import Any

from webhook.documents.pointer import escape
from webhook.pods.fields import Fields

Operation = dict[str, Any]
Slot = tuple[int, str]

ABSENT = object()
"""Stands for the value of a field that is not there."""

_CONTAINERS = frozenset({dict, list})


class Edit:
    """A field that was edited: the `key` of the object `at`.

    `before` is its value in the request, `items` those of the list that it holds, where the list
    was edited in place. `theirs` is the value without what we injected earlier. `filled` says that
    a rule gave it a value, `overridden` that a rule took a value away, `given_back` that it got
    back the value that an earlier review had replaced.
    """

    items: list[Any] | None = None
    filled = False
    overridden = False
    given_back = False

    def __init__(self, at: Fields, target: dict[str, Any], key: str) -> None:
        self.at = at
        self.target = target
        self.key = key
        self.before = self.theirs = target.get(key, ABSENT)

    def adopted(self, value: Any) -> Any:
        """What the field holds once it is given a value, where it was edited before.

        That is the object of the request where it is equal, so that edits inside it count. A list
        that was edited in place stays, with other items. All else is copied: it shares nothing with
        the settings, nor with another place of the document.
        """
        if type(value) not in _CONTAINERS:
            return value
        if self.items is not None and type(value) is list:
            self.before[:] = _copied(value)
            return self.before
        return self.before if same(self.before, value) else _copied(value)


class Patch:
    """The edits of one review; an `Editor` for the rules.

    The journal is empty after `finish`: its places know this patch, and a circle would outlive the
    review.
    """

    def __init__(self) -> None:
        self._journal: dict[Slot, Edit] = {}
        self._made: dict[int, dict[str, Any]] = {}
        self._gave_back = False

    def edits(self) -> Collection[Edit]:
        """The edited fields, in the order of their first edits."""
        return self._journal.values()

    def create(self, at: Fields, key: str) -> dict[str, Any]:
        """Make an object in a field where there is none, and return it."""
        target = _object(at)
        if id(target) not in self._made:
            self._edit(at, key)
        made: dict[str, Any] = {}
        self._made[id(made)] = made
        target[key] = made
        return made

    def made(self, value: Any) -> bool:
        """Whether an object was made by `create`: all that it holds is ours."""
        return id(value) in self._made

    def set(self, at: Fields, key: str, value: Any) -> None:
        """Give a field a value; one that was just taken out and comes back costs nothing."""
        target = _object(at)
        if id(target) in self._made:
            target[key] = _copied(value) if type(value) in _CONTAINERS else value
            return
        slot = (id(target), key)
        edit = self._journal.get(slot)
        if edit is None:
            edit = self._journal[slot] = Edit(at, target, key)
            target[key] = _copied(value) if type(value) in _CONTAINERS else value
        else:
            target[key] = edit.adopted(value)
        edit.filled = True

    def append(self, at: Fields, key: str, value: Any) -> None:
        """Put a value at the end of the list in a field."""
        edit, items = self._edit_items(at, key)
        edit.filled = True
        items.append(_copied(value))

    def remove(self, at: Fields, key: str, item: int | None = None) -> None:
        """Take a field, or one item of the list in it, away for good."""
        if item is None:
            del self._edit(at, key).target[key]
        else:
            _, items = self._edit_items(at, key)
            del items[item]

    def override(self, at: Fields, key: str, item: int | None = None) -> bool:
        """Take away a value, or an item of a list, that a rule objects to; say if it was there."""
        if at.value is None or key not in at.value:
            return False
        self.remove(at, key, item)
        self._edit(at, key).overridden = True
        return True

    def take(self, at: Fields, key: str) -> None:
        """Take away what we injected into a field earlier."""
        edit = self._edit(at, key)
        edit.theirs = ABSENT
        del edit.target[key]

    def take_items(self, at: Fields, key: str, rest: list[Any]) -> None:
        """Take away what we injected into a list earlier, so that these items are left."""
        edit, items = self._edit_items(at, key)
        edit.theirs = rest
        items[:] = rest

    def give_back(self, at: Fields, key: str, value: Any) -> None:
        """Give a field the value that we replaced earlier, and make the objects around it."""
        if at.value is None and at.inside is not None:
            self.give_back(at.inside, at.key, {})
            at.hold(_object(at.inside)[at.key])
        edit = self._edit(at, key)
        edit.given_back = self._gave_back = True
        held = edit.target[key] = edit.adopted(value)
        edit.theirs = list(held) if type(held) is list else held

    def gave_back(self, at: Fields, key: str) -> bool:
        """Whether a field was given back the value that we replaced earlier."""
        edit = self._journal.get((id(at.value), key))
        return edit is not None and edit.given_back

    def in_request(self, at: Fields) -> bool:
        """Whether an object is one of the request, and still at its place."""
        return _Pointers(self._journal).of(at) is not None

    def undo(self) -> None:
        """Make the object what it was, as if nothing had been edited."""
        for edit in self._journal.values():
            if edit.items is not None:
                edit.before[:] = edit.items
            if edit.before is ABSENT:
                edit.target.pop(edit.key, None)
            else:
                edit.target[edit.key] = edit.before
        self._journal.clear()
        self._made.clear()

    def finish(self) -> list[Operation]:
        """The operations that make the object of the request what it is now.

        A list that lost its last item is removed. Items are removed last, because an operation
        finds an item by the position that it has in the request.
        """
        if self._gave_back:
            self._keep_equal_objects()
        operations: list[Operation] = []
        removals: list[Operation] = []
        pointers = _Pointers(self._journal)
        for edit in self._journal.values():
            at, key, before = edit.at, edit.key, edit.before
            now = edit.target.get(key, ABSENT)
            if now is before and edit.items is None:
                continue
            around = pointers.of(at)
            if around is None:
                continue
            path = f"{around}/{escape(key)}"
            if now is before:
                _edit_list(edit, path, operations, removals)
            elif now is ABSENT:
                operations.append({"op": "remove", "path": path})
            elif before is ABSENT:
                operations.append({"op": "add", "path": path, "value": now})
            elif type(before) in _CONTAINERS or not same(now, before):
                operations.append({"op": "replace", "path": path, "value": now})
        self._journal.clear()
        self._made.clear()
        return operations + removals

    def _keep_equal_objects(self) -> None:
        """Put the request's own object back where the one given back became equal to it."""
        for edit in self._journal.values():
            held = edit.target.get(edit.key)
            if edit.given_back and held is not None and same(held, edit.before):
                edit.target[edit.key] = edit.before

    def _edit(self, at: Fields, key: str) -> Edit:
        target = _object(at)
        slot = (id(target), key)
        edit = self._journal.get(slot)
        if edit is None:
            self._journal[slot] = edit = Edit(at, target, key)
            if id(target) in self._made:
                edit.theirs = ABSENT
        return edit

    def _edit_items(self, at: Fields, key: str) -> tuple[Edit, list[Any]]:
        """The edit of a list in place, and the list; the items that it held are kept."""
        edit, items = self._edit(at, key), at.list(key)
        snapshot = list(items)
        if edit.before is items and edit.items is None:
            edit.items = snapshot
        if edit.theirs is items:
            edit.theirs = snapshot
        return edit, items


class _Pointers:
    """The pointers of objects as the request has them.

    An object has none where it was taken away, or stands in something that an operation adds.
    """

    def __init__(self, journal: dict[Slot, Edit]) -> None:
        self._journal = journal
        self._known: dict[Fields, str | None] = {}

    def of(self, at: Fields) -> str | None:
        """The RFC 6901 pointer of an object."""
        if at.inside is None:
            return at.root
        if at in self._known:
            return self._known[at]
        pointer = self.of(at.inside)
        step = None if pointer is None else self._step(at.inside, at)
        self._known[at] = found = None if step is None else f"{pointer}/{step}"
        return found

    def _step(self, around: Fields, at: Fields) -> str | None:
        """The last part of a pointer; None where the object around holds another one."""
        key, item, held = at.key, at.item, around.get(at.key)
        edit = self._journal.get((id(around.value), key))
        if edit is not None and edit.before is not held:
            return None
        if item is None:
            return escape(key) if held is at.value else None
        if edit is not None:
            item = _kept(at, edit)
        elif item >= len(held) or held[item] is not at.value:
            return None
        return None if item is None else f"{escape(key)}/{item}"


def _kept(at: Fields, edit: Edit) -> int | None:
    """Where an object was in a list that was edited; None where an operation carries it."""
    before = edit.before if edit.items is None else edit.items
    lost, added = _changes(before, edit.before)
    found = (position for position, item in enumerate(before) if item is at.value)
    position = next(found, None)
    return None if (lost and added) or position in lost else position


def _changes(before: list[Any], now: list[Any]) -> tuple[list[int], list[Any]]:
    """The positions that a list lost, and the items at its end that it did not have."""
    lost, kept = [], 0
    for position, item in enumerate(before):
        if kept < len(now) and now[kept] is item:
            kept += 1
        else:
            lost.append(position)
    return lost, now[kept:]


def _edit_list(
    edit: Edit, path: str, operations: list[Operation], removals: list[Operation]
) -> None:
    """The operations for a list that was edited in place: replaced where it both lost and got."""
    before, now = edit.items or [], edit.before
    lost, added = _changes(before, now)
    if not lost:
        operations += [{"op": "add", "path": f"{path}/-", "value": item} for item in added]
    elif added:
        if not same(before, now):
            operations.append({"op": "replace", "path": path, "value": now})
    elif now:
        removals += [{"op": "remove", "path": f"{path}/{position}"} for position in lost[::-1]]
    else:
        del edit.target[edit.key]
        removals.append({"op": "remove", "path": path})


def _copied(value: Any) -> Any:
    """A copy of a JSON value."""
    kind = type(value)
    if kind is dict:
        return {key: _copied(item) for key, item in value.items()}
    if kind is list:
        return [_copied(item) for item in value]
    return value


def _object(at: Fields) -> dict[str, Any]:
    if at.value is None:
        raise TypeError(f"nothing stands at {at.pointer}")
    return at.value


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: unlike in Python, true is not 1."""
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if type(one) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
