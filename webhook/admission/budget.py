"""How much one review looks at, and how much it objects to.

An object is measured before any rule reads it. Lists and maps are counted by their length; the
counting itself ends where too much was counted. No kubelet starts a pod with more, and each rule
costs at most so many times what one item costs. What is small as text is never counted: it cannot
hold many items.

The objections of all rules to all containers are counted as well. Words are made for the first of
them; behind those stands how many more there are.
"""

from itertools import islice
from typing import Any, NamedTuple

from pydantic_core import to_json

from webhook.admission.answer import MALFORMED, Finding, Severity
from webhook.documents import escape
from webhook.pods import CONTAINER_LISTS, Malformed, item_name, join

MOST_CONTAINERS = 250
MOST_IN_ONE_LIST = 2_000
MOST_IN_ALL = 100_000
MOST_OBJECTIONS = 1_000
MOST_SAID = 100
"""Of the findings of one severity that a rule makes, so many have words."""

SMALL = 32 * 1024
"""Bytes of JSON that hold few enough items to be read uncounted."""

ANY = 2**62
_CONTAINERS = frozenset({dict, list})
_RECORD = "managedFields"  # what it holds is not read item by item
_READ = ("spec", "template")


class TooLarge(Malformed):
    """The object has more in it than is reviewed."""


class ObjectBounds(NamedTuple):
    """The longest list, the sum of all, and the containers of all lists."""

    one_list: int = MOST_IN_ONE_LIST
    in_all: int = MOST_IN_ALL
    containers: int = MOST_CONTAINERS


WRITTEN = ObjectBounds()
"""What people write."""

FILLED_IN = ObjectBounds(*(2 * most for most in WRITTEN))
"""What came of it: rules, other webhooks and Kubernetes itself add to what people write."""


class Budget:
    """What the rules of one review may still object to, and what of it has words."""

    __slots__ = ("_errors", "_warnings", "left")

    def __init__(self) -> None:
        self.left = MOST_OBJECTIONS
        self._errors = self._warnings = 0

    def take(self) -> bool:
        """Count one objection; False once there are too many."""
        self.left -= 1
        return self.left >= 0

    def says(self, severity: Severity) -> bool:
        """Whether the next finding of the severity has words."""
        if severity is Severity.ERROR:
            self._errors += 1
            return self._errors <= MOST_SAID
        self._warnings += 1
        return self._warnings <= MOST_SAID

    def spent(self) -> list[Finding]:
        """The finding that refuses the object where there was too much to object to."""
        if self.left >= 0:
            return []
        message = (
            f"too large to review: more than {MOST_OBJECTIONS:,} objections; mend the first, "
            "which are listed here"
        )
        return [Finding(MALFORMED, Severity.ERROR, "", message)]


class _Step(NamedTuple):
    """A value, and the key or position at which it stands in another."""

    value: Any
    key: str | int
    inside: "_Step | None" = None


def too_large(error: TooLarge) -> Finding:
    """The finding that refuses what is too large to review."""
    message = str(error)
    brief = message.partition(";")[0]
    return Finding(MALFORMED, Severity.ERROR, error.pointer, message, brief)


def measure(
    document: Any,
    template: tuple[str, ...],
    bounds: ObjectBounds,
    size: int | None,
    commas: int | None = None,
) -> None:
    """Raise TooLarge where the object has more than the bounds, in whatever field.

    `template` is the path to what has the pod's spec. `size` and `commas` are upper bounds of the
    bytes and the commas of its JSON, None where they are not known.
    """
    _count_containers(document, template, bounds)
    if type(document) is not dict or (size is not None and size <= SMALL):
        return
    if commas is None or size is None or size > 2 * bounds.in_all:
        commas = ANY  # there may be many items in lists that are short
    if commas < bounds.one_list:
        return
    parts = [step.value for step in _parts(document)]
    if not (_within(parts, bounds, commas) or _small(parts)):
        raise _too_large(document, bounds)


def _count_containers(document: Any, template: tuple[str, ...], bounds: ObjectBounds) -> None:
    at = document
    for key in template:
        at = at.get(key) if type(at) is dict else None
    at = at.get("spec") if type(at) is dict else None
    if type(at) is not dict:
        return
    found = [at.get(key) for key in CONTAINER_LISTS]
    count = sum([len(items) for items in found if type(items) is list])
    if count > bounds.containers:
        pointer = "".join(f"/{key}" for key in (*template, "spec"))
        raise TooLarge(pointer, _sentence(f"{count:,} containers", bounds.containers, "of them"))


def _parts(document: dict[str, Any]) -> list[_Step]:
    """What a review may read of an object."""
    root = _Step(document, "")
    metadata = document.get("metadata")
    around = _Step(metadata, "metadata", root)
    found = [_Step(document.get(key), key, root) for key in _READ]
    if type(metadata) is dict:
        found += [_Step(metadata[key], key, around) for key in metadata if key != _RECORD]
        record = metadata.get(_RECORD)
        if type(record) is list:
            found.append(_Step([True] * len(record), _RECORD, around))
    return [step for step in found if type(step.value) in _CONTAINERS]


def _within(parts: list[Any], bounds: ObjectBounds, commas: int = ANY) -> bool:
    """Whether all that is in the parts is within the bounds.

    JSON has a comma between two items. Where too few are left for a list that is too long, the
    rest needs no counting.
    """
    pending, left, most = list(parts), bounds.in_all, bounds.one_list
    for value in pending:
        count = len(value)
        left -= count
        commas -= count - 1
        if left < 0 or count > most:
            return False
        if commas < most:
            return True
        items = value.values() if type(value) is dict else value
        pending += [item for item in items if type(item) is dict or type(item) is list]
    return True


def _small(parts: list[Any]) -> bool:
    """Whether the parts are so few bytes that they are read uncounted."""
    # An item takes two bytes at least.
    if not _within(parts, ObjectBounds(SMALL // 2, SMALL // 2)):
        return False
    try:
        return len(to_json(parts)) <= SMALL
    except ValueError:
        # A text that is no Unicode cannot be written.
        return False


def _too_large(document: dict[str, Any], bounds: ObjectBounds) -> TooLarge:
    """What is wrong with an object that is beyond the bounds."""
    longest = _longest(document, bounds)
    count = len(longest.value)
    what = f"{count:,} {longest.key}"
    place = _place(longest.inside)
    if place:
        what = f"{what} in {place}"
    if count > bounds.one_list:
        sentence = _sentence(what, bounds.one_list, "items in one list")
    else:
        sentence = _sentence(
            f"more than {bounds.in_all:,} items, of them {what}",
            bounds.in_all,
            "items in all its lists",
        )
    return TooLarge(_pointer(longest), sentence)


def _longest(document: dict[str, Any], bounds: ObjectBounds) -> _Step:
    """The first list that is too long, else the longest of those that were counted."""
    pending = _parts(document)
    longest, left = pending[0], bounds.in_all
    following = iter(pending)
    while left >= 0 and len(longest.value) <= bounds.one_list:
        step = next(following)
        value = step.value
        if len(value) > len(longest.value):
            longest = step
        left -= len(value)
        inside = value.items() if type(value) is dict else enumerate(value)
        found = islice(inside, bounds.one_list)
        pending += [_Step(item, key, step) for key, item in found if type(item) in _CONTAINERS]
    return longest


def _sentence(what: str, most: int, of_what: str) -> str:
    limit = f"a pod here has at most {most:,} {of_what}"
    return f"too large to review: {what}; {limit}: take some out"


def _line_to(step: _Step | None) -> list[_Step]:
    """The values on the way to this one, without the document."""
    found = []
    while step is not None and step.inside is not None:
        found.append(step)
        step = step.inside
    return found[::-1]


def _place(step: _Step | None) -> str:
    place = ""
    for each in _line_to(step):
        if isinstance(each.key, str):
            place = join(place, each.key)
        else:
            place = f"{place}[{item_name(each.value, each.key)}]"
    return place


def _pointer(step: _Step) -> str:
    return "".join(f"/{escape(str(each.key))}" for each in _line_to(step))
