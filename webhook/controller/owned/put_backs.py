"""What was put back lately: how long the next time waits, and the note of its Event.

The first edit of an object is put back at once, edits by a process that repeats them later each
time: there is one Event, and no war. What isolates servers never waits for long.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from webhook.controller.owned.owned_objects import ObjectKey

FIRST, LONGEST = 2.0, 600.0
LONGEST_FOR_POLICIES = 30.0
REMEMBERED = 2 * LONGEST
MOST_TOLD = 5


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
    more = len(parts) - MOST_TOLD
    return ", ".join(parts[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


def _now() -> float:
    return asyncio.get_running_loop().time()
