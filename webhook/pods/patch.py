"""Edits of the request's own copy of the object, and the RFC 6902 operations that they come to.

`finish` makes an operation for each edited field whose value is another by then. Only edited fields
are looked at: nothing is copied as a whole and no objects are compared, which makes a review a
thousand times cheaper than a difference of objects.

* What stands inside something that we added is carried by the operation that added it.
* A value that is taken out and then put back costs no operation.
"""

from collections.abc import Callable, Collection
from typing import Any

from webhook.documents import escape
from webhook.pods import journal
from webhook.pods.fields import Fields

Operation = dict[str, Any]


class Patch:
    """The edits of one review; an `Editor` for the rules.

    The journal is empty after `finish`: its places know this patch, and a circle would outlive the
    review.
    """

    def __init__(self) -> None:
        self._journal: dict[journal.Slot, journal.Edit] = {}
        self._made: dict[int, dict[str, Any]] = {}
        self._gave_back = False

    def edits(self) -> Collection[journal.Edit]:
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
        target = at.value
        if target is None:
            raise _nothing(at)
        here = id(target)
        if here in self._made:
            target[key] = journal.copied(value) if type(value) in journal.CONTAINERS else value
            return
        slot = (here, key)
        edit = self._journal.get(slot)
        if edit is None:
            edit = self._journal[slot] = journal.Edit(at, target, key)
            target[key] = journal.copied(value) if type(value) in journal.CONTAINERS else value
        else:
            target[key] = edit.adopted(value)
        edit.filled = True

    def append(self, at: Fields, key: str, value: Any) -> None:
        """Put a value at the end of the list in a field."""
        edit, items = self._edit_items(at, key)
        edit.filled = True
        items.append(journal.copied(value))

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
        edit.theirs = journal.ABSENT
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

    def pointers(self) -> journal.Pointers:
        """The pointers of the request's objects, until the next edit."""
        return journal.Pointers(self._journal)

    def undo(self) -> None:
        """Make the object what it was, as if nothing had been edited."""
        for edit in self._journal.values():
            _undo(edit)
        self._journal.clear()
        self._made.clear()

    def undo_outside(self, stands_inside: Callable[[str], bool]) -> None:
        """Undo the edits of all fields whose pointers do not stand inside."""
        outside = True
        while outside:  # what stood in something taken away has a pointer once that is back
            pointers, outside = self.pointers(), False
            for slot, edit in list(self._journal.items()):
                around = pointers.of(edit.at)
                if around is not None and not stands_inside(f"{around}/{escape(edit.key)}"):
                    _undo(self._journal.pop(slot))
                    outside = True

    def finish(self) -> list[Operation]:
        """The operations that make the object of the request what it is now.

        A list that lost its last item is removed. Items are removed last, because an operation
        finds an item by the position that it has in the request.
        """
        if self._gave_back:
            self._keep_equal_objects()
        operations: list[Operation] = []
        removals: list[Operation] = []
        pointers = self.pointers()
        for edit in self._journal.values():
            at, key, before = edit.at, edit.key, edit.before
            now = edit.target.get(key, journal.ABSENT)
            if now is before and edit.items is None:
                continue
            around = pointers.of(at)
            if around is None:
                continue
            path = f"{around}/{escape(key)}"
            if now is before:
                _edit_list(edit, path, operations, removals)
            elif now is journal.ABSENT:
                operations.append({"op": "remove", "path": path})
            elif before is journal.ABSENT:
                operations.append({"op": "add", "path": path, "value": now})
            elif type(before) in journal.CONTAINERS or not journal.same(now, before):
                operations.append({"op": "replace", "path": path, "value": now})
        self._journal.clear()
        self._made.clear()
        return operations + removals

    def _keep_equal_objects(self) -> None:
        """Put the request's own object back where the one given back became equal to it."""
        for edit in self._journal.values():
            held = edit.target.get(edit.key)
            if edit.given_back and held is not None and journal.same(held, edit.before):
                edit.target[edit.key] = edit.before

    def _edit(self, at: Fields, key: str) -> journal.Edit:
        target = _object(at)
        slot = (id(target), key)
        edit = self._journal.get(slot)
        if edit is None:
            self._journal[slot] = edit = journal.Edit(at, target, key)
            if id(target) in self._made:
                edit.theirs = journal.ABSENT
        return edit

    def _edit_items(self, at: Fields, key: str) -> tuple[journal.Edit, list[Any]]:
        """The edit of a list in place, and the list; the items that it held are kept."""
        edit, items = self._edit(at, key), at.list(key)
        unknown = edit.before is items and edit.items is None
        if unknown or edit.theirs is items:
            snapshot = list(items)
            edit.items = snapshot if unknown else edit.items
            edit.theirs = snapshot if edit.theirs is items else edit.theirs
        return edit, items


def _undo(edit: journal.Edit) -> None:
    if edit.items is not None:
        edit.before[:] = edit.items
    if edit.before is journal.ABSENT:
        edit.target.pop(edit.key, None)
    else:
        edit.target[edit.key] = edit.before


def _edit_list(
    edit: journal.Edit, path: str, operations: list[Operation], removals: list[Operation]
) -> None:
    """The operations for a list that was edited in place: replaced where it both lost and got."""
    before, now = edit.items or [], edit.before
    lost, added = journal.list_changes(before, now)
    if not lost:
        operations += [{"op": "add", "path": f"{path}/-", "value": item} for item in added]
    elif added:
        if not journal.same(before, now):
            operations.append({"op": "replace", "path": path, "value": now})
    elif now:
        removals += [{"op": "remove", "path": f"{path}/{position}"} for position in lost[::-1]]
    else:
        del edit.target[edit.key]
        removals.append({"op": "remove", "path": path})


def _object(at: Fields) -> dict[str, Any]:
    if at.value is None:
        raise _nothing(at)
    return at.value


def _nothing(at: Fields) -> TypeError:
    return TypeError(f"nothing stands at {at.pointer}")
