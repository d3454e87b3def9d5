"""What others do to an owned object: an edit is put back, an object that they apply is released.

The first edit of an object is put back at once. Edits by a process that repeats them are put back
later each time: there is one Event, and no war. What isolates servers never waits for long.

A released object loses what is only ours, and our reference, so that it is kept when the
Deployment is deleted. An apply merges maps, and lists of ports: of a field that the other manager
applies, only what it applies is kept.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from webhook import names
from webhook.controller.owned.managed_fields import Path, applied_by_others, at, by_us, entries
from webhook.controller.owned.owned_objects import (
    LABELS,
    SERVICE,
    Kind,
    ObjectKey,
    is_reserved,
)

Json = dict[str, Any]
SELECTOR: Path = ("spec", "selector")


def released(kind: Kind, found: Json, owner: str) -> Json:
    """The merge patch that lets go of an object that carries the reference to this owner.

    It fails where the object is another by now. Its `metadata` alone lets go, too.
    """
    metadata, theirs = found["metadata"], applied_by_others(found, kind.core)
    patch = unwritten(found)
    patch["metadata"] |= {
        "labels": dict.fromkeys(_labels(metadata, theirs)),
        "ownerReferences": _owners(metadata, theirs, owner),
    }
    for path, surplus in _surplus_of(kind, found, theirs):
        inside = patch
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = surplus
    return patch


def unwritten(found: Json) -> Json:
    """The merge patch that takes us out of its managedFields."""
    metadata = found["metadata"]
    left = [each for each in entries(found) if not by_us(each)]
    seen = {key: metadata[key] for key in ("uid", "resourceVersion")}
    return {"metadata": {**seen, "managedFields": left}}


def _labels(metadata: Json, theirs: Json | None) -> list[str]:
    """Ours, where they say what we wrote."""
    labels = metadata.get("labels") or {}
    ours = {names.MANAGED_BY: names.PRODUCT, names.NAME: labels.get(names.NAME)}
    return [
        key
        for key in LABELS
        if key in labels
        and labels[key] == ours[key]
        and at(theirs, ("metadata", "labels", key)) is None
    ]


def _owners(metadata: Json, theirs: Json | None, owner: str) -> list[Json]:
    applied = at(theirs, ("metadata", "ownerReferences"))
    kept = applied if isinstance(applied, list) else []
    ours = not any(at(each, ("uid",)) == owner for each in kept)
    owners: list[Json] = metadata.get("ownerReferences") or []
    return [each for each in owners if not ours or each["uid"] != owner]


def _surplus_of(kind: Kind, found: Json, theirs: Json | None) -> Iterator[tuple[Path, Any]]:
    if theirs is not None:
        for path in kind.core:
            applied = at(theirs, path)
            surplus = None if applied is None else _surplus(applied, at(found, path))
            if surplus:
                yield path, surplus
    elif kind is SERVICE:
        # Helm 3 merges like kubectl, and leaves no note of what it sent.
        selector = at(found, SELECTOR) or {}
        ours = {key: None for key in names.LABELS if key in selector}
        if ours and len(selector) > len(ours):
            yield SELECTOR, ours


def _surplus(applied: Any, stored: Any) -> Any:
    """The merge patch that takes out what is not applied; it has no value that is not stored."""
    if isinstance(applied, list) and isinstance(stored, list):
        return _ports(applied, stored)
    if not isinstance(applied, dict) or not isinstance(stored, dict):
        return None
    inside = {
        key: _surplus(applied[key], value)
        for key, value in stored.items()
        if isinstance(value, dict) and key in applied
    }
    gone = dict.fromkeys(stored.keys() - applied.keys())
    return {key: each for key, each in inside.items() if each} | gone


def _ports(applied: list[Any], stored: list[Json]) -> list[Json] | None:
    """The ports of a Service that are applied, with the fields that are; None where all are."""
    theirs = {_number(each): each for each in applied if isinstance(each, dict)}
    kept = [
        {key: value for key, value in each.items() if key in theirs[_number(each)]}
        for each in stored
        if _number(each) in theirs
    ]
    return kept if kept and kept != stored else None


def _number(port: Json) -> tuple[str, str]:
    return str(port.get("port")), str(port.get("protocol") or "TCP")


def seen(found: Json) -> Json:
    """What lets a write fail where the object is another, or has another version than was seen.

    One of a reserved name is written whatever its version: who edits it without end cannot win.
    """
    keys = ("uid",) if is_reserved(ObjectKey.of(found)) else ("uid", "resourceVersion")
    return {key: found["metadata"][key] for key in keys}


def without_surplus(kind: Kind, wanted: Json, stored: Json) -> Json:
    """The merge patch that takes out what others have in our fields."""
    patch: Json = {"metadata": seen(stored)}
    for path in kind.paths(stored):
        inside = patch
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = _difference(at(wanted, path), at(stored, path))
    return patch


def _difference(wanted: Any, stored: Any) -> Any:
    """A merge patch: what is wanted, and null for what is not."""
    if not isinstance(wanted, dict) or not isinstance(stored, dict):
        return wanted
    gone = dict.fromkeys(stored.keys() - wanted.keys())
    return {key: _difference(value, stored.get(key)) for key, value in wanted.items()} | gone


FIRST, LONGEST = 2.0, 600.0
LONGEST_FOR_POLICIES = 30.0
REMEMBERED = 2 * LONGEST
MOST_LISTED = 5


class _PutBack(NamedTuple):
    times: int
    last: float
    note: str


class PutBacks:
    """Remembers each place for twenty minutes after it was put back."""

    def __init__(self) -> None:
        # The one that was put back last is the last.
        self._recent: dict[ObjectKey, _PutBack] = {}

    def wait(self, place: ObjectKey) -> float:
        """The seconds until the object of this place may be put back."""
        recent = self._at(place)
        if recent is None:
            return 0.0
        longest = LONGEST_FOR_POLICIES if place.kind == "NetworkPolicy" else LONGEST
        pause = min(longest, FIRST * 2.0 ** min(recent.times - 1, 16))
        return max(0.0, recent.last + pause - _now())

    def note(self, place: ObjectKey) -> str | None:
        """The note of the Event when the object was put back lately."""
        recent = self._at(place)
        return recent and recent.note

    def done(self, place: ObjectKey, note: str) -> None:
        """It was put back now."""
        recent = self._at(place)
        self._recent.pop(place, None)
        self._recent[place] = _PutBack(recent.times + 1 if recent else 1, _now(), note)

    def _at(self, place: ObjectKey) -> _PutBack | None:
        while self._recent:
            oldest = next(iter(self._recent))
            if _now() - self._recent[oldest].last < REMEMBERED:
                break
            del self._recent[oldest]
        return self._recent.get(place)


def put_back_note(
    place: ObjectKey, paths: Sequence[tuple[str, ...]], managers: Sequence[str]
) -> str:
    """The note of an Event: which fields were put back, and who had changed them."""
    fields = _listed([_called(path) for path in paths])
    return (
        f"{_listed(managers) or 'somebody'} changed {fields} of {place.kind} {place.name}, which "
        "was put back: change the Deployment or the settings, or use an object of another name"
    )


def _called(path: tuple[str, ...]) -> str:
    """As messages of rules call it: `spec.ports`, `data[KEY]`, `metadata.labels[a/b]`."""
    *outer, last = path
    if outer and outer[-1] in ("selector", "data", "labels"):
        return f"{'.'.join(outer)}[{last}]"
    return ".".join(path)


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - MOST_LISTED
    return ", ".join(parts[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _now() -> float:
    return asyncio.get_running_loop().time()
