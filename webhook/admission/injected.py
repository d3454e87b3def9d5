"""What we injected earlier is ours: it follows the settings, and is removed on opting out.

The pod template (or bare pod) carries one compact annotation: for each place of the pod's spec
the fields that we set, the items that we added to lists, and what a field held before; and what
new pods of the template are given. It is a memory, not an authority: it never exempts a field from
a check, and an annotation that cannot be read counts as absent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from pydantic_core import from_json, to_json

from webhook import names
from webhook.admission.given import NOTHING, PodDefaults, read_pod_defaults
from webhook.pods import ABSENT, Fields, Patch, Pod, PodPaths, join, place_of

LARGEST = 8 * 1024
PLACES = frozenset({"set", "items", "was"})
PODS = "pods"
LISTS = frozenset({"envFrom", "imagePullSecrets", "tolerations", "volumeMounts", "volumes"})
_CONTAINER = "containers["
_OFTEN = 2 * 1024

ByPlace = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Memory:
    """Values by place: `containers[main].securityContext` -> fields -> value.

    `items` are what we added to lists: `containers[main]` -> `envFrom` -> items. `was` is what a
    field held before we set it, or took it away where `set` says nothing about it. `pods` is what
    new pods of the template are given.
    """

    set: ByPlace = field(default_factory=dict)
    items: ByPlace = field(default_factory=dict)
    was: ByPlace = field(default_factory=dict)
    pods: PodDefaults = NOTHING

    @cached_property
    def server(self) -> str:
        """The container that was the server; empty where that was a guess, or is not known.

        It is the one that has a place among the items; where none has, the only one of all.
        """
        return _server(self.items, self.set, self.was)

    def away(self) -> Iterator[tuple[str, str, Any]]:
        """The places, fields and values that we took away and put nothing in their stead."""
        for place, values in sorted(self.was.items()):
            for key, value in values.items():
                if key not in self.set.get(place, {}):
                    yield place, key, value


def read_memory(annotations: Fields) -> Memory | None:
    """The memory that an object carries, or None where there is none that can be read."""
    text = annotations.get(names.INJECTED)
    if not isinstance(text, str) or len(text) > LARGEST:
        return None
    return _read_again(text) if len(text) <= _OFTEN else _read(text)


@lru_cache(maxsize=64)
def _read_again(text: str) -> Memory | None:
    """The same: all pods of a template carry one text. What it says is copied where it is used."""
    return _read(text)


def _read(text: str) -> Memory | None:
    written = text.encode(errors="surrogatepass")
    if len(written) > LARGEST:
        return None
    try:
        data = from_json(written, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    pods = read_pod_defaults(data.pop(PODS, {}))
    if pods is None or data.keys() - PLACES:
        return None
    fine = all(
        type(places) is dict and {dict}.issuperset(map(type, places.values()))
        for places in data.values()
    )
    return Memory(**data, pods=pods) if fine else None


class Carried:
    """The memory that an object under review carries, read once, when it is asked for."""

    def __init__(self, annotations: Fields) -> None:
        self._annotations = annotations

    @cached_property
    def memory(self) -> Memory | None:
        """The memory, or None where there is none that can be read."""
        return read_memory(self._annotations)

    def server(self) -> str:
        """The container that was the server, as far as it is remembered."""
        memory = self.memory
        return "" if memory is None else memory.server


def write_memory(
    pod: Pod, patch: Patch, known: Memory | None = None, pods: dict[str, Any] | None = None
) -> None:
    """Remember on the template (or bare pod) what this review filled in, and its pods are given.

    What was taken away earlier stays known while nothing else stands there. Of too much, what pods
    are given stays, and which of their containers is the server.
    """
    memory = _collect(pod.spec, patch)
    places = PodPaths(pod.spec)
    for place, key, value in () if known is None else known.away():
        at = places.find(place)
        if at is not None and not at.has(key):
            memory["was"].setdefault(place, {}).setdefault(key, value)
    text = _spelled(memory, pod, pods) or _spelled({"items": {}, "set": {}, "was": {}}, pod, pods)
    if text in {"", "{}"}:
        if pod.annotations.has(names.INJECTED):
            pod.annotations.remove(names.INJECTED)
    elif pod.annotations.get(names.INJECTED) != text:
        pod.annotations.set(names.INJECTED, text)


def _spelled(memory: dict[str, ByPlace], pod: Pod, pods: dict[str, Any] | None) -> str:
    """The text of the annotation; nothing where it would be too long."""
    if pods or any(memory.values()):
        _tell_server(memory, pod)
    text = to_json(_ordered(memory) | ({PODS: _sorted(pods)} if pods else {}))
    return text.decode() if len(text) <= LARGEST else ""


def _tell_server(memory: dict[str, ByPlace], pod: Pod) -> None:
    """Give the server a place among the items where nothing else tells it, and a guess two."""
    known = pod.known_server
    server = "" if known is None else _container(known.fields.place)
    if _server(memory["items"], memory["set"], memory["was"]) != server:
        regular = (each for each in pod.containers if each.fields.key == "containers")
        for container in islice(regular, 2) if known is None else (known,):
            memory["items"].setdefault(container.fields.place, {})


def _server(items: ByPlace, filled: ByPlace, was: ByPlace) -> str:
    """The container that the places tell as the server; see Memory.server."""
    found = _only_one(items)
    if found is None:
        found = _only_one((*filled, *was))
    return found or ""


def _only_one(places: Iterable[str]) -> str | None:
    """The container in which the places are; empty where there are several, None without one."""
    found = None
    for place in places:
        name = _container(place)
        if name and found and name != found:
            return ""
        found = name or found
    return found


def _container(place: str) -> str:
    """The name of the regular container in which a place is, if it is in one."""
    end = place.find("]") if place.startswith(_CONTAINER) else -1
    return "" if end < 0 else place[len(_CONTAINER) : end]


def _collect(spec: Fields, patch: Patch) -> dict[str, ByPlace]:
    """What the journal of a review says about the spec."""
    memory: dict[str, ByPlace] = {"items": {}, "set": {}, "was": {}}
    places: dict[Fields, str | None] = {spec: ""}
    pointers = patch.pointers()
    for edit in patch.edits():
        at, key = edit.at, edit.key
        if key == names.GATES:
            continue
        place = places[at] if at in places else place_of(at, places)
        if place is None:
            continue
        now, theirs = at.get(key), edit.theirs
        if type(now) is dict and patch.made(now):
            _collect_made(memory, join(place, key), now, patch)
        if not (edit.filled or edit.overridden):
            continue
        if key in LISTS and not edit.overridden:
            _remember(memory["items"], place, key, _ours(now, theirs))
            continue
        if now is not None and (edit.filled or at.has(key)):
            _remember(memory["set"], place, key, now)
        if theirs is not ABSENT and (
            edit.overridden or (theirs is not None and pointers.of(at) is not None)
        ):
            _remember(memory["was"], place, key, theirs)
    return memory


def _collect_made(
    memory: dict[str, ByPlace], place: str, made: dict[str, Any], patch: Patch
) -> None:
    """All that an object holds which we made; no rule adds to a list of one."""
    ours: dict[str, Any] = {}
    for key, value in made.items():
        if type(value) is dict and patch.made(value):
            _collect_made(memory, join(place, key), value, patch)
        else:
            ours[key] = value
    if ours:
        memory["set"].setdefault(place, {}).update(ours)


def _remember(places: ByPlace, place: str, key: str, value: Any) -> None:
    if place in places:
        places[place][key] = value
    else:
        places[place] = {key: value}


def _ours(now: Any, theirs: Any) -> list[Any]:
    """The items that were added to a list, each once."""
    known = set(map(id, theirs if type(theirs) is list else ()))
    return list({to_json(item): item for item in now or () if id(item) not in known}.values())


def _sorted(value: Any) -> Any:
    if type(value) is list:
        return [_sorted(item) for item in value]
    if type(value) is dict:
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value


def _ordered(memory: dict[str, ByPlace]) -> dict[str, ByPlace]:
    """One spelling for one memory, whatever the order in which it was filled in."""
    return {
        kind: {
            place: {key: places[place][key] for key in sorted(places[place])}
            for place in sorted(places)
        }
        for kind, places in sorted(memory.items())
        if places
    }
