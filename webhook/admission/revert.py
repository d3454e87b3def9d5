"""Our values taken out of an object again, or put back where an apply took them out."""

import json
from collections import Counter
from typing import Any

from webhook import names
from webhook.admission.injected import LISTS, Memory
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch, same
from webhook.pods.pod_paths import PodPaths


def take_out(spec: Fields, memory: Memory, patch: Patch) -> None:
    """Take out what still holds the value that we gave it, and put back what it replaced.

    Nothing below the spec may have been read before: a Pod whose containers were is stale.
    """
    places = PodPaths(spec)
    for place, values in sorted(memory.set.items()):
        at = places.find(place)
        if at is None or at.value is None:
            continue
        was = memory.was.get(place, {})
        for key, value in values.items():
            if key in at.value and _ours(at.value[key], value, was.get(key)):
                patch.take(at, key)
                if key in was:
                    patch.give_back(at, key, was[key])
    for place, lists in memory.items.items():
        at = places.find(place)
        if at is not None:
            _take_items(at, lists, patch)


def restore_original(spec: Fields, memory: Memory, patch: Patch) -> None:
    """Make the spec what its author wrote.

    Values that we took away come back too, although a rule would refuse them. Objects that held
    nothing but ours are removed.
    """
    take_out(spec, memory, patch)
    places = PodPaths(spec)
    for place, key, value in memory.away():
        at = places.find(place)
        if at is not None and not at.has(key):
            patch.give_back(at, key, value)
    for place in memory.set:
        _take_empty(places.find(place), patch)


def _take_empty(at: Fields | None, patch: Patch) -> None:
    """Take out an object that holds nothing any more, and those that held nothing but it."""
    around = None if at is None else at.inside
    while at and around and at.value == {} and around.get(at.key) is at.value:
        patch.take(around, at.key)
        at, around = around, around.inside


def put_back(new: Fields, old: Fields, memory: Memory) -> None:
    """Where an apply of the original manifest takes back what is ours, keep what `old` holds.

    What somebody gave another value than the manifest had is theirs.
    """
    places, places_before = PodPaths(new), PodPaths(old)
    for place in sorted({*memory.set, *memory.was, *memory.items}):
        at, before = places.find(place), places_before.find(place)
        if at is not None and before is not None:
            _put_fields_back(at, before, memory.set.get(place, {}), memory.was.get(place, {}))
            _put_items_back(at, before, memory.items.get(place, {}))


def _put_fields_back(at: Fields, before: Fields, ours: dict[str, Any], was: dict[str, Any]) -> None:
    for key in (*ours, *(key for key in was if key not in ours)):
        if key == names.GATES:
            # Never remembered: a memory that says so is forged, and the gate would come back.
            continue
        now, held = at.get(key), before.get(key)
        if key in ours:
            back = not at.has(key) or same(now, was.get(key)) or _ours(now, ours[key], was.get(key))
            if back and same(held, ours[key]) and not same(now, held):
                at.set(key, held)
        elif at.has(key) and same(now, was[key]) and not before.has(key):
            at.remove(key)


def _put_items_back(at: Fields, before: Fields, lists: dict[str, Any]) -> None:
    for key, ours in lists.items():
        held = _items(before, key)
        if isinstance(ours, list):
            known = set(map(_spelling, ours))
            theirs = [item for item in held if _spelling(item) not in known]
            if not same(theirs, held) and same(theirs, _items(at, key)):
                at.set(key, held)


def _ours(now: Any, ours: Any, was: Any) -> bool:
    """Whether a field holds our value, or what `kubectl apply` of the original makes of it."""
    if type(ours) is dict and type(was) is dict:
        return same(now, ours) or same(now, _merged(ours, was))
    return same(now, ours)


def _merged(one: Any, other: Any) -> Any:
    if type(one) is not dict or type(other) is not dict:
        return other
    return {**one, **{key: _merged(one.get(key), value) for key, value in other.items()}}


def _take_items(at: Fields, lists: dict[str, Any], patch: Patch) -> None:
    for key, ours in lists.items():
        wanted = Counter(map(_spelling, ours if isinstance(ours, list) else ()))
        theirs = []
        for item in _items(at, key):
            spelled = _spelling(item)
            if wanted[spelled] > 0:
                wanted[spelled] -= 1
            else:
                theirs.append(item)
        if len(theirs) != len(_items(at, key)):
            patch.take_items(at, key, theirs)


def _items(at: Fields, key: str) -> list[Any]:
    items = at.get(key) if key in LISTS else None
    return items if type(items) is list else []


def _spelling(item: Any) -> str:
    """One text for one JSON value: items of long lists are looked up, not compared in pairs."""
    return json.dumps(item, sort_keys=True)
