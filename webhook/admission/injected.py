"""What we filled in earlier is ours: it follows the settings, and it goes when a server opts out.

The pod template (or bare pod) carries one compact annotation: for each place of the pod's spec
the fields that we set, the items that we added to lists, and what a field held before. It is a
memory, not an authority: it never exempts a field from a check, and an annotation that cannot be
read counts as absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from webhook.admission.patch import Patch, same
from webhook.rules import names
from webhook.rules.fields import Fields, Malformed
from webhook.rules.pod import Pod

LARGEST = 8 * 1024
LISTS = frozenset({"envFrom", "imagePullSecrets", "tolerations", "volumeMounts", "volumes"})
_STEP = re.compile(r"(\w+)(?:\[([^\]]*)\])?")

Places = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Memory:
    """Values by place: `containers[main].securityContext` -> fields -> value.

    `items` are what we added to lists: `containers[main]` -> `envFrom` -> items. `was` is what a
    field held before we set it.
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
        isinstance(places, dict) and all(isinstance(fields, dict) for fields in places.values())
        for places in data.values()
    )
    return Memory(**data) if fine else None


def write(pod: Pod, patch: Patch) -> None:
    """Remember on the template (or bare pod) what this review filled in."""
    text = to_json(_ordered(_collect(pod.spec, patch))).decode()
    if text == "{}" or len(text) > LARGEST:
        if pod.annotations.has(names.INJECTED):
            pod.annotations.remove(names.INJECTED)
    elif pod.annotations.get(names.INJECTED) != text:
        pod.annotations.set(names.INJECTED, text)


def take_out(spec: Fields, memory: Memory, patch: Patch) -> None:
    """Take out what still holds the value that we gave it, and put back what it replaced.

    Views of the pod that were made before do not see it: read the object again afterwards.
    """
    for place, values in sorted(memory.set.items()):
        at = _locate(spec, place)
        if at is None or at.value is None:
            continue
        for key, value in values.items():
            if key in at.value and same(at.value[key], value):
                patch.take(at, key)
                if key in memory.was.get(place, {}):
                    at.value[key] = memory.was[place][key]
    for place, lists in memory.items.items():
        at = _locate(spec, place)
        if at is not None:
            _take_items(at, lists, patch)


def put_back(new: Fields, old: Fields, memory: Memory) -> None:
    """Put back in `new` what `old` still holds of ours: an apply took it back."""
    for place, values in memory.set.items():
        at, before = _locate(new, place), _locate(old, place)
        if at is None or before is None:
            continue
        for key, value in values.items():
            held = before.get(key)
            if same(held, value) and not same(at.get(key), held):
                at.set(key, held)


def _take_items(at: Fields, lists: dict[str, Any], patch: Patch) -> None:
    for key, ours in lists.items():
        for item in ours if isinstance(ours, list) else ():
            if any(same(item, present) for present in _items(at, key)):
                patch.take_item(at, key, item)


def _collect(spec: Fields, patch: Patch) -> dict[str, Places]:
    places: dict[int, str | None] = {}
    memory: dict[str, Places] = {}
    for at, key, value, was in patch.injections:
        if id(at) not in places:
            places[id(at)] = at.place if _root(at) is spec else None
        place = places[id(at)]
        if place is None or key == names.GATES:
            continue
        if key in LISTS:
            known = memory.setdefault("items", {}).setdefault(place, {}).setdefault(key, [])
            items = value if type(value) is list else [value]
            known.extend(item for item in items if item not in known)
        else:
            memory.setdefault("set", {}).setdefault(place, {})[key] = value
            if was is not None:
                memory.setdefault("was", {}).setdefault(place, {})[key] = was
    return memory


def _ordered(memory: dict[str, Places]) -> dict[str, Places]:
    """One spelling for one memory, whatever the order in which it was filled in."""
    return {
        kind: {place: dict(sorted(fields.items())) for place, fields in sorted(places.items())}
        for kind, places in sorted(memory.items())
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
    return next((item for item in at.items(key) if item.label == f"{key}[{name}]"), None)


def _root(at: Fields) -> Fields:
    while at.inside is not None:
        at = at.inside
    return at
