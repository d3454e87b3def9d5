"""Our values taken out of an object, and put back where an apply took them out.

Changed settings reach only new or restarted workloads. An update that leaves the template alone
gets no patch there. One that sends the original manifest again (a PUT, a GitOps sync) gets back
what the template held.
"""

from collections import Counter
from typing import Any

from webhook import names
from webhook.admission import injected
from webhook.admission.injected import LISTS, Memory
from webhook.admission.workload import Workload
from webhook.pods import Fields, Patch, PodPaths, same


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
        if isinstance(ours, list) and ours:
            known = set(map(_hashable, ours))
            theirs = [item for item in held if _hashable(item) not in known]
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
        wanted = Counter(map(_hashable, ours if isinstance(ours, list) else ()))
        if not wanted:
            continue
        theirs = []
        for item in _items(at, key):
            value = _hashable(item)
            if wanted[value] > 0:
                wanted[value] -= 1
            else:
                theirs.append(item)
        if len(theirs) != len(_items(at, key)):
            patch.take_items(at, key, theirs)


def _items(at: Fields, key: str) -> list[Any]:
    items = at.get(key) if key in LISTS else None
    return items if type(items) is list else []


def _hashable(value: Any) -> Any:
    """One hashable value for one JSON value: items of long lists are looked up, not compared.

    Numbers are hashed as texts: nobody can choose many of one hash, and 1 is not true.
    """
    kind = type(value)
    if kind is str:
        return value
    if kind is dict:
        return frozenset([(key, _hashable(inner)) for key, inner in value.items()])
    if kind is list:
        return tuple([_hashable(inner) for inner in value])
    return kind, repr(value)


def unchanged(new: Workload, old: Workload) -> bool:
    """Whether template, product labels and product annotations are the same as before."""
    return new.template.value == old.template.value and _product(new) == _product(old)


def restore(new: Workload, old: Workload) -> bool:
    """Give the template its old values where only ours are missing from it; say whether."""
    if _product(new) != _product(old) or _revised(new, old):
        return False
    memory = injected.read_memory(old.head.annotations)
    if memory is None:
        return False
    scratch = Patch()
    _take_out(new, injected.read_memory(new.head.annotations) or memory, scratch)
    _take_out(old, memory, scratch)
    same = alike(new.template.value, old.template.value)
    scratch.undo()
    if same and new.template.inside is not None:
        new.template.inside.set("template", old.template.value)
    return same


def take_out_metadata(workload: Workload, patch: Patch) -> None:
    """Take our labels, memory, revision and copied annotations out of the template's metadata."""
    labels, annotations = workload.head.labels, workload.head.annotations
    for label in names.LABELS:
        _take(labels, label, patch)
    _take(annotations, names.INJECTED, patch)
    _take(annotations, names.REVISION, patch)
    for key in names.READ_BY_PODS:
        if annotations.get(key) == workload.annotations.get(key):
            _take(annotations, key, patch)


def alike(one: Any, other: Any) -> bool:
    """Equality of objects in which null and empty values count as absent."""
    if type(one) is dict and type(other) is dict:
        return all(alike(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if type(one) is list and type(other) is list and len(one) == len(other):
        return all(map(alike, one, other))
    return bool(one == other) or (_empty(one) and _empty(other))


def _empty(value: Any) -> bool:
    if type(value) is dict:
        return all(map(_empty, value.values()))
    return value is None or value == []


def _take_out(workload: Workload, memory: injected.Memory, patch: Patch) -> None:
    restore_original(workload.head.spec, memory, patch)
    take_out_metadata(workload, patch)


def _take(fields: Fields, key: str, patch: Patch) -> None:
    if fields.value is not None and key in fields.value:
        patch.take(fields, key)


def _revised(new: Workload, old: Workload) -> bool:
    """Whether the update brings a revision of its own; one that lacks it is a manifest."""
    revision = new.head.annotations.get(names.REVISION)
    return revision is not None and revision != old.head.annotations.get(names.REVISION)


def _product(workload: Workload) -> dict[str, Any]:
    asked = {key: workload.annotations.get(key) for key in names.USER_ANNOTATIONS}
    return {**asked, names.SERVER: workload.labels.get(names.SERVER)}
