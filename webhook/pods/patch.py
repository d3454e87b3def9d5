"""Edits of the request's own copy of the object, told to the API server as RFC 6902 operations.

Operations are emitted while the object is edited: nothing is copied and nothing is compared
afterwards, which is what makes a review a thousand times cheaper than a difference of objects.

* What stands inside something that we added is carried by the operation that added it.
* A value that is taken out and then put back costs no operation (`take`, `finish`).
"""

from typing import Any

from webhook.documents.nodes import escape
from webhook.pods.fields import Fields

Operation = dict[str, Any]
Members = dict[int, frozenset[int]]

_ABSENT = object()
_CONTAINERS = frozenset({dict, list})


class Patch:
    """The edits of one review, in order; an `Editor` for the rules.

    `operations` is complete after `finish()`. `filled` are the values that fields were given, by
    place and field, `was` what they held before where there was something, `appended` the items
    that lists were given. `overridden` are the fields that lost a value because a rule objected
    to it: the place, the field, the value. All four are forgotten by `finish()`.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.filled: dict[Fields, dict[str, Any]] = {}
        self.was: dict[Fields, dict[str, Any]] = {}
        self.appended: dict[Fields, dict[str, list[Any]]] = {}
        self.overridden: dict[tuple[int, str], tuple[Fields, str, Any]] = {}
        self._own: dict[int, Any] = {}
        self._taken: dict[tuple[int, str], tuple[Fields, str, Any]] = {}
        self._taken_lists: dict[int, tuple[Fields, str, list[Any], list[Any]]] = {}
        self._given_back: set[tuple[int, str]] = set()

    def create(self, at: Fields, key: str) -> dict[str, Any]:
        """Make an object in a field where there is none, and return it."""
        target = _object(at)
        made: dict[str, Any] = {}
        self._own[id(made)] = made
        self._put(at, target, key, made)
        return made

    def set(self, at: Fields, key: str, value: Any) -> None:
        """Give a field a value; one that was just taken out and comes back costs nothing."""
        target = _object(at)
        own = self._adopt(value) if type(value) in _CONTAINERS else value
        try:
            self.filled[at][key] = own
        except KeyError:
            self.filled[at] = {key: own}
        if id(target) in self._own:
            target[key] = own
            return
        held = target.get(key)
        if held is not None:
            self.was.setdefault(at, {})[key] = held
        if not self._comes_back(target, key, own):
            self._put(at, target, key, own)

    def append(self, at: Fields, key: str, value: Any) -> None:
        """Put a value at the end of the list in a field."""
        items = at.list(key)
        own = self._adopt(value)
        items.append(own)
        self.appended.setdefault(at, {}).setdefault(key, []).append(own)
        if id(items) not in self._own and id(items) not in self._taken_lists:
            path = f"{at.pointer}/{escape(key)}/-"
            self.operations.append({"op": "add", "path": path, "value": own})

    def remove(self, at: Fields, key: str, item: int | None = None) -> None:
        """Take a field, or one item of the list in it, away for good."""
        target = _object(at)
        path = f"{at.pointer}/{escape(key)}"
        if item is None:
            del target[key]
            told = id(target) in self._own or (id(target), key) in self._taken
        else:
            items = at.list(key)
            del items[item]
            told = id(items) in self._own or id(items) in self._taken_lists
            path = f"{path}/{item}"
        if not told:
            self.operations.append({"op": "remove", "path": path})

    def take(self, at: Fields, key: str) -> None:
        """Take a field away until it is set again, or until `finish` says that it is gone."""
        target = _object(at)
        value = target.pop(key)
        if id(target) not in self._own:
            self._taken.setdefault((id(target), key), (at, key, value))

    def give_back(self, at: Fields, key: str, value: Any) -> None:
        """Give a field what it held before it was ours; told by `finish`, as what was taken is."""
        if at.value is None and at.inside is not None:
            self.give_back(at.inside, at.key, {})
            at.hold(_object(at.inside)[at.key])
        target = _object(at)
        if id(target) not in self._own:
            self._taken.setdefault((id(target), key), (at, key, target.get(key, _ABSENT)))
        target[key] = self._adopt(value)
        self._given_back.add((id(target), key))

    def gave_back(self, at: Fields, key: str) -> bool:
        """Whether a field holds what it was given back."""
        return (id(at.value), key) in self._given_back

    def override(self, at: Fields, key: str, item: int | None = None) -> bool:
        """Take away a value, or an item of a list, that a rule objects to; say if it was there."""
        if at.value is None or key not in at.value:
            return False
        value = at.value[key]
        held = list(value) if type(value) is list else value
        self.overridden.setdefault((id(at.value), key), (at, key, held))
        if item is None:
            self.take(at, key)
        else:
            self.remove(at, key, item)
        return True

    def take_items(self, at: Fields, key: str, rest: list[Any]) -> None:
        """Leave only these items of a list until it is whole again, or until `finish`."""
        items = at.list(key)
        if id(items) not in self._own:
            self._taken_lists.setdefault(id(items), (at, key, items, list(items)))
        items[:] = rest

    def untake(self) -> None:
        """Put back all that was taken, as if nothing had been."""
        for at, key, value in reversed(self._taken.values()):
            if value is _ABSENT:
                del _object(at)[key]
            else:
                _object(at)[key] = value
        for _, _, items, before in self._taken_lists.values():
            items[:] = before
        self._taken.clear()
        self._taken_lists.clear()

    def finish(self) -> list[Operation]:
        """Tell what was taken and did not come back; return all operations."""
        members: Members = {}
        for at, key, before in self._taken.values():
            if not _stands(at, members):
                continue
            path, value = f"{at.pointer}/{escape(key)}", _object(at).get(key, _ABSENT)
            if value is _ABSENT and before is not _ABSENT:
                self.operations.append({"op": "remove", "path": path})
            elif not same(value, before):
                operation = "add" if before is _ABSENT else "replace"
                self.operations.append({"op": operation, "path": path, "value": value})
        for at, key, items, before in self._taken_lists.values():
            if at.get(key) is items and _stands(at, members) and not same(items, before):
                path = f"{at.pointer}/{escape(key)}"
                if items:
                    self.operations.append({"op": "replace", "path": path, "value": items})
                else:
                    del _object(at)[key]
                    self.operations.append({"op": "remove", "path": path})
        self._forget()
        return self.operations

    def _forget(self) -> None:
        """Let go of the places, which know this patch: a circle would outlive the review."""
        self.filled.clear()
        self.was.clear()
        self.appended.clear()
        self.overridden.clear()
        self._taken.clear()
        self._taken_lists.clear()

    def _comes_back(self, target: dict[str, Any], key: str, value: Any) -> bool:
        """Whether the value or its list was taken out before: it needs no operation of its own."""
        if not (self._taken or self._taken_lists):
            return False
        taken = self._taken.get((id(target), key))
        if taken is not None and same(taken[2], value):
            target[key] = taken[2]
            del self._taken[id(target), key]
            return True
        held = target.get(key)
        if type(value) is list and type(held) is list and id(held) in self._taken_lists:
            held[:] = value
            return True
        return False

    def _put(self, at: Fields, target: dict[str, Any], key: str, value: Any) -> None:
        known = self._taken.pop((id(target), key), None) is not None or key in target
        target[key] = value
        if id(target) not in self._own:
            path = f"{at.pointer}/{escape(key)}"
            operation = "replace" if known else "add"
            self.operations.append({"op": operation, "path": path, "value": value})

    def _adopt(self, value: Any) -> Any:
        """Copy a value, so that no document shares objects with the settings or another place."""
        kind = type(value)
        if kind is not dict and kind is not list:
            return value
        copied: Any
        if kind is dict:
            copied = {key: self._adopt(item) for key, item in value.items()}
        else:
            copied = [self._adopt(item) for item in value]
        self._own[id(copied)] = copied
        return copied


def _object(at: Fields) -> dict[str, Any]:
    if at.value is None:
        raise TypeError(f"nothing stands at {at.pointer}")
    return at.value


def _stands(at: Fields, members: Members) -> bool:
    """Whether an object is still in the document, and not replaced or taken with one around it.

    `members` are those of the lists that were looked into already.
    """
    while at.inside is not None:
        held = at.inside.get(at.key)
        if type(held) is list:
            if id(held) not in members:
                members[id(held)] = frozenset(map(id, held))
            stands = id(at.value) in members[id(held)]
        else:
            stands = held is at.value
        if not stands:
            return False
        at = at.inside
    return True


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: unlike in Python, true is not 1."""
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if type(one) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
