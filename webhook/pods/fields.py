"""A place in a decoded object that rules read and fill in without knowing JSON patches.

The object is the request's own private copy: it is edited in place, and every edit goes through
an `Editor`, which records it for the patch.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, Protocol

from webhook.documents import escape

_EMPTY_TYPES = (dict, list, str)
LONGEST_NAME = 253  # of anything in Kubernetes; sentences repeat it
_NOTHING: dict[str, Any] = {}
Values = list[Any]
Objects = list["Fields"]


class Malformed(Exception):  # noqa: N818 - it describes the object, not a failure of ours
    """The object has another shape than the Kubernetes API gives it.

    `pointer` is the RFC 6901 pointer of the place.
    """

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(sentence)
        self.pointer = pointer


class Editor(Protocol):
    """Carries out edits and records them."""

    def create(self, at: "Fields", key: str) -> dict[str, Any]:
        """Make an object in a field where there is none, and return it; `at` exists."""

    def set(self, at: "Fields", key: str, value: Any) -> None:
        """Give a field a value; `at` exists."""

    def remove(self, at: "Fields", key: str, item: int | None = None) -> None:
        """Take a field, or one item of the list in it, away; it exists."""

    def append(self, at: "Fields", key: str, value: Any) -> None:
        """Put a value at the end of the list in a field, which exists."""


class Fields:
    """A JSON object at a place of the document; it may be absent until something is set in it.

    `value` is the object itself, or None, and `get` reads one of its fields, None where it or the
    object is absent. An empty object counts as absent, and so does null. `key` is the field of
    `inside` in which it stands, or the list in which it is the item at `item`.
    """

    __slots__ = ("editor", "get", "inside", "item", "key", "root", "value")

    def __init__(  # noqa: PLR0913, PLR0917 - one place, six things to know about it
        self,
        value: Any,
        editor: Editor,
        inside: "Fields | None" = None,
        key: str = "",
        item: int | None = None,
        root: str = "",
    ) -> None:
        self.value: dict[str, Any] | None = None
        self.editor = editor
        self.inside = inside
        self.key = key
        self.item = item
        self.root = root
        if type(value) is dict:
            self.value = value
            self.get: Callable[[str], Any] = value.get
        elif value is None and item is None:
            self.get = _NOTHING.get
        else:
            raise Malformed(self.pointer, f"{self.place or 'the object'} must be an object")

    @property
    def label(self) -> str:
        """What people call this object inside the one around it: `containers[main]`."""
        return self.key if self.item is None else f"{self.key}[{item_name(self.value, self.item)}]"

    @property
    def pointer(self) -> str:
        """The RFC 6901 pointer of this object in the document."""
        if self.inside is None:
            return self.root
        step = escape(self.key) if self.item is None else f"{escape(self.key)}/{self.item}"
        return f"{self.inside.pointer}/{step}"

    @property
    def place(self) -> str:
        """The place in the words of people, relative to the pod's spec: `containers[main]`."""
        if self.inside is None:
            return self.key
        return join(self.inside.place, self.label)

    def present(self, key: str) -> "Fields | None":
        """The object in a field, or None where it is absent: cheap for what is rarely there."""
        return None if self.get(key) is None else self.child(key)

    def child(self, key: str) -> "Fields":
        """The object in a field, present or not."""
        return Fields(self.get(key), self.editor, self, key)

    def list(self, key: str) -> Values:
        """The list in a field; an absent one is empty."""
        items = self.get(key)
        if type(items) is list:
            return items
        if items is None:
            return []
        raise Malformed(f"{self.pointer}/{escape(key)}", f"{join(self.place, key)} must be a list")

    def items(self, key: str) -> Objects:
        """The objects in a list, each labelled by its name where it has one."""
        editor = self.editor
        return [Fields(item, editor, self, key, at) for at, item in enumerate(self.list(key))]

    def items_with(self, key: str, field: str) -> Objects:
        """Those objects in a list that have a field, whatever stands in it."""
        editor = self.editor
        return [
            Fields(item, editor, self, key, at)
            for at, item in enumerate(self.list(key))
            if type(item) is not dict or field in item
        ]

    def others(self, key: str, known: Collection[str]) -> Objects:
        """Those objects in a list whose names are not known."""
        editor = self.editor
        return [
            Fields(item, editor, self, key, at)
            for at, item in enumerate(self.list(key))
            if type(item) is not dict
            or not (isinstance(name := item.get("name"), str) and name in known)
        ]

    def names(self, key: str) -> set[str]:
        """The names in a list of named objects."""
        return {
            name
            for item in self.list(key)
            if type(item) is dict and isinstance(name := item.get("name"), str)
        }

    def entries(self) -> Iterator[tuple[str, Any]]:
        """The fields that are present, and their values."""
        return iter(list((self.value or {}).items()))

    def has(self, key: str) -> bool:
        """Whether a field is present: neither null nor an empty object or list or text."""
        value = self.get(key)
        return bool(value) or not (value is None or type(value) in _EMPTY_TYPES)

    def default(self, key: str, value: Any) -> None:
        """Fill in a field that is absent."""
        held = self.get(key)
        if held is None or (not held and type(held) in _EMPTY_TYPES):
            if self.value is None:
                self.exist()
            self.editor.set(self, key, value)

    def set(self, key: str, value: Any) -> None:
        """Give a field a value, and make this object where it is absent."""
        if self.value is None:
            self.exist()
        self.editor.set(self, key, value)

    def append(self, key: str, value: Any) -> None:
        """Put a value at the end of the list in a field, and make the list where it is absent."""
        if self.list(key):
            self.editor.append(self, key, value)
        else:
            self.set(key, [value])

    def remove(self, key: str, item: int | None = None) -> None:
        """Take away a field, or one item of the list that it holds."""
        self.editor.remove(self, key, item)

    def violation(self, key: str, sentence: str, **more: Any) -> "Violation":
        """Object to a field here; the sentence follows the name of the place."""
        return Violation(self, key, sentence, **more)

    def hold(self, value: dict[str, Any]) -> None:
        """Stand for this object from now on."""
        self.value = value
        self.get = value.get

    def exist(self) -> None:
        """Make this object, and those around it, where they are absent."""
        if self.inside is not None:
            if self.inside.value is None:
                self.inside.exist()
            self.hold(self.editor.create(self.inside, self.key))


class Violation(NamedTuple):
    """What a rule objects to: a field, and optionally one item of the list that it holds.

    `overridden` is what to say when the value was replaced instead, `advice` marks what is never
    more than a warning. `detail` follows the sentence where there is room for it, and `short`
    is a sentence of its own that says the same where there is none.
    """

    at: Fields
    key: str
    sentence: str
    item: int | None = None
    overridden: str = ""
    advice: bool = False
    detail: str = ""
    short: str = ""

    @property
    def pointer(self) -> str:
        """The RFC 6901 pointer to the field or item."""
        pointer = f"{self.at.pointer}/{escape(self.key)}"
        return pointer if self.item is None else f"{pointer}/{self.item}"

    @property
    def place(self) -> str:
        """The field in the words of people: `containers[main].securityContext.privileged`."""
        return join(self.at.place, self.key)

    @property
    def message(self) -> str:
        """The place and what is wrong there, in one sentence."""
        separator = " " if self.item is None else ": "
        return f"{self.place}{separator}{self.sentence}{self.detail}"

    @property
    def brief(self) -> str:
        """What to say where there is no room for the message; empty where that is all."""
        return self.short or self._replace(detail="").message * bool(self.detail)


def item_name(value: Any, at: int) -> str:
    """What people call an item of a list: its name, or its place where no name can be this one."""
    name = value.get("name") if type(value) is dict else None
    return name if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME else str(at)


def join(place: str, key: str) -> str:
    """A field's place in the words of people; keys with dots stand in brackets."""
    if "." in key and "[" not in key:
        return f"{place}[{key}]"
    return f"{place}.{key}" if place else key
