"""What we filled in earlier is ours: it follows the settings, and it goes when a server opts out.

The pod template (or bare pod) carries one compact annotation: for each place of the pod's spec
the fields that we set, the items that we added to lists, and what a field held before. It is a
memory, not an authority: it never exempts a field from a check, and an annotation that cannot be
read counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from webhook.admission.patch import Patch, same
from webhook.rules import names
from webhook.rules.fields import Fields, Malformed
from webhook.rules.pod import CONTAINER_LISTS, Pod

LARGEST = 8 * 1024
LISTS = frozenset({"envFrom", "imagePullSecrets", "tolerations", "volumeMounts", "volumes"})
ENTERED = frozenset({*CONTAINER_LISTS, "nodeSelectorTerms", "ports"})
NOT_SINGLE = LISTS | {names.GATES}
_STEP = re.compile(r"(\w+)(?:\[([^\]]*)\])?")

Places = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Memory:
    """Values by place: `containers[main].securityContext` -> fields -> value.

    `items` are what we added to lists: `containers[main]` -> `envFrom` -> items. `was` is what a
    field held before we set it, or took it away where `set` says nothing about it.
    """

    set: Places = field(default_factory=dict)
    items: Places = field(default_factory=dict)
    was: Places = field(default_factory=dict)


def read(annotations: Fields) -> Memory | None:
    """The memory that an object carries, or None where there is none that can be read."""
    text = annotations.get(names.INJECTED)
    if not isinstance(text, str) or len(text) > LARGEST:
        return None
    try:
        data = from_json(text)
    except ValueError:
        return None
    if not isinstance(data, dict) or data.keys() - {"set", "items", "was"}:
        return None
    fine = all(
        type(places) is dict and {dict}.issuperset(map(type, places.values()))
        for places in data.values()
    )
    return Memory(**data) if fine else None


def write(pod: Pod, patch: Patch, known: Memory | None = None) -> None:
    """Remember on the template (or bare pod) what this review filled in.

    What was taken away earlier stays known while nothing else stands there.
    """
    memory = _collect(pod.spec, patch)
    for place, key, value in () if known is None else _away(known):
        at = _locate(pod.spec, place)
        if at is not None and not at.has(key):
            memory["was"].setdefault(place, {}).setdefault(key, value)
    text = to_json(_ordered(memory)).decode()
    if text == "{}" or len(text) > LARGEST:
        if pod.annotations.has(names.INJECTED):
            pod.annotations.remove(names.INJECTED)
    elif pod.annotations.get(names.INJECTED) != text:
        pod.annotations.set(names.INJECTED, text)


def take_out(spec: Fields, memory: Memory, patch: Patch, *, leaving: bool = False) -> None:
    """Take out what still holds the value that we gave it, and put back what it replaced.

    One that leaves becomes what its author wrote: what we took away comes back, which one that
    stays would be refused for, and objects that held nothing but ours go.
    Views of the pod that were made before do not see it: read the object again afterwards.
    """
    for place, values in sorted(memory.set.items()):
        at = _locate(spec, place)
        if at is None or at.value is None:
            continue
        was = memory.was.get(place, {})
        for key, value in values.items():
            if key in at.value and _ours(at.value[key], value, was.get(key)):
                patch.take(at, key)
                if key in was:
                    patch.give_back(at, key, was[key])
    for place, lists in memory.items.items():
        at = _locate(spec, place)
        if at is not None:
            _take_items(at, lists, patch)
    if leaving:
        _leave(spec, memory, patch)


def _leave(spec: Fields, memory: Memory, patch: Patch) -> None:
    for place, key, value in _away(memory):
        at = _locate(spec, place)
        if at is not None and not at.has(key):
            patch.give_back(at, key, value)
    for place in memory.set:
        _take_empty(_locate(spec, place), patch)


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
    for place in sorted({*memory.set, *memory.was, *memory.items}):
        at, before = _locate(new, place), _locate(old, place)
        if at is not None and before is not None:
            _put_fields_back(at, before, memory.set.get(place, {}), memory.was.get(place, {}))
            _put_items_back(at, before, memory.items.get(place, {}))


def _put_fields_back(at: Fields, before: Fields, ours: dict[str, Any], was: dict[str, Any]) -> None:
    for key in (*ours, *(key for key in was if key not in ours)):
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
            theirs = [item for item in held if not any(same(item, one) for one in ours)]
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


def _away(memory: Memory) -> Iterator[tuple[str, str, Any]]:
    for place, values in sorted(memory.was.items()):
        for key, value in values.items():
            if key not in memory.set.get(place, {}):
                yield place, key, value


def _take_items(at: Fields, lists: dict[str, Any], patch: Patch) -> None:
    for key, ours in lists.items():
        for item in ours if isinstance(ours, list) else ():
            if any(same(item, present) for present in _items(at, key)):
                patch.take_item(at, key, item)


def _collect(spec: Fields, patch: Patch) -> dict[str, Places]:
    memory: dict[str, Places] = {"items": {}, "set": {}, "was": {}}
    for part, edits in (("set", patch.filled), ("was", patch.was)):
        for place, fields in _inside(spec, edits):
            single = fields if NOT_SINGLE.isdisjoint(fields) else _single(fields)
            if single:
                memory[part].setdefault(place, {}).update(single)
            if part == "set" and single is not fields:
                _add_items(memory["items"], place, fields)
    for place, lists in _inside(spec, patch.appended):
        _add_items(memory["items"], place, lists)
    for at, key, was in patch.overridden.values():
        if _place(at, spec) is not None:
            _remember_overridden(memory, at, key, was)
    return memory


def _single(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in NOT_SINGLE}


def _inside(
    spec: Fields, edits: dict[Fields, dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, fields in edits.items():
        place = _place(at, spec)
        if place is not None:
            yield place, fields


def _add_items(places: Places, place: str, lists: dict[str, Any]) -> None:
    for key in lists.keys() & LISTS:
        known = places.setdefault(place, {}).setdefault(key, [])
        known.extend(item for item in lists[key] if item not in known)


def _remember_overridden(memory: dict[str, Places], at: Fields, key: str, was: Any) -> None:
    memory["was"].setdefault(at.place, {})[key] = was
    if at.has(key):
        memory["set"].setdefault(at.place, {})[key] = at.get(key)
    items = memory["items"]
    if items.get(at.place, {}).pop(key, None) is not None and not items[at.place]:
        del items[at.place]


def _ordered(memory: dict[str, Places]) -> dict[str, Places]:
    """One spelling for one memory, whatever the order in which it was filled in."""
    return {
        kind: {place: dict(sorted(fields.items())) for place, fields in sorted(places.items())}
        for kind, places in sorted(memory.items())
        if places
    }


def _items(at: Fields, key: str) -> list[Any]:
    items = at.get(key) if key in LISTS else None
    return items if type(items) is list else []


def _locate(spec: Fields, place: str) -> Fields | None:
    """The object at a place, which may be absent; None where a list on the way lacks the name."""
    at: Fields | None = spec
    try:
        for match in _STEP.finditer(place):
            at = None if at is None else _step(at, match[1], match[2])
    except Malformed:
        return None
    return at


def _step(at: Fields, key: str, name: str | None) -> Fields | None:
    if name is None:
        return at.child(key)
    if key not in ENTERED:
        return None
    return next((item for item in at.items(key) if item.label == f"{key}[{name}]"), None)


def _place(at: Fields, spec: Fields) -> str | None:
    """The place of an object in the pod's spec, or None where it stands elsewhere."""
    root = at
    while root.inside is not None:
        root = root.inside
    return at.place if root is spec else None
