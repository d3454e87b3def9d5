"""Places of a pod's spec in the words of people, and the objects that stand there.

A place says `containers[main]` where a pointer says `containers/0`: it finds the container again
after another one was put before it.
"""

import re
from typing import Any

from webhook.pods.fields import Fields, Malformed, item_name, join
from webhook.pods.pod import CONTAINER_LISTS

ENTERED = frozenset({*CONTAINER_LISTS, "nodeSelectorTerms", "ports"})
_STEP = re.compile(r"(\w+)(?:\[([^\]]*)\])?(?:\.(?=\w)|$)")


class PodPaths:
    """Finds objects in a pod's spec; each list on the way is read once."""

    def __init__(self, spec: Fields) -> None:
        self.spec = spec
        self._lists: dict[int, tuple[list[Any], dict[str, int]]] = {}

    def find(self, place: str) -> Fields | None:
        """The object at a place, which may be absent; None where a list lacks the name.

        None, too, for what is no place: every object has one alone, however often it is named.
        """
        at: Fields | None = self.spec
        read = 0
        try:
            while at is not None and read < len(place):
                match = _STEP.match(place, read)
                if match is None:
                    return None
                at, read = self._step(at, match[1], match[2]), match.end()
        except Malformed:
            return None
        return at

    def _step(self, at: Fields, key: str, name: str | None) -> Fields | None:
        if name is None:
            return at.child(key)
        items = at.list(key) if key in ENTERED else []
        if id(items) not in self._lists:
            self._lists[id(items)] = (items, _positions(items))
        position = self._lists[id(items)][1].get(name)
        return None if position is None else Fields(items[position], at.editor, at, key, position)


def place_of(at: Fields, known: dict[Fields, str | None]) -> str | None:
    """The place of an object, or None where it stands in none of the known ones.

    What was found on the way is known from then on.
    """
    if at in known:
        return known[at]
    around = None if at.inside is None else place_of(at.inside, known)
    known[at] = place = None if around is None else join(around, at.label)
    return place


def _positions(items: list[Any]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for position, item in enumerate(items):
        positions.setdefault(item_name(item, position), position)
    return positions
