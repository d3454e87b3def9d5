"""How many readings a console has: each person's rights are their own, and so is what they read.

A reading is as large as the cluster. So there are few of them at a time, whoever comes. A tenant
may come as many people: no household keeps the others out.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from webhook.kube import TooManyRequests

MOST_OPEN = 20
IN_USE_SECONDS = 330.0
"""An open page looks every five minutes; where nobody has for longer, others may have the room."""
NO_ROOM = (
    f"the console reads the cluster for {MOST_OPEN} people or namespaces already, which is all "
    "that it has room for: wait until a page is closed, or call mcp-admission audit"
)

End = Callable[[], Awaitable[None]]


class OpenReading(NamedTuple):
    """When somebody looked at a reading, what ends it, and whose household has it."""

    looked: float
    end: End
    household: str


class OpenReadings:
    """The readings of all people, the one that was looked at least lately first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[object, OpenReading] = {}

    def look(self, reading: object, end: End, household: str = "") -> End | None:
        """Somebody looks at a reading, which `end` ends; returns what ends another one for it.

        Raises TooManyRequests where the reading is new, all others are in use, and no household
        has more of them.
        """
        now, room = self._clock(), None
        if reading not in self._open and len(self._open) >= MOST_OPEN:
            room = self._open.pop(self._gives_way(now, household)).end
        self._open.pop(reading, None)
        self._open[reading] = OpenReading(now, end, household)
        return room

    def leave(self, reading: object) -> None:
        """It has ended, or does now."""
        self._open.pop(reading, None)

    def _gives_way(self, now: float, household: str) -> object:
        """The one that nobody looks at, or one of who still has as many as the household then."""
        oldest, found = next(iter(self._open.items()))
        if now - found.looked >= IN_USE_SECONDS:
            return oldest
        counted = Counter(each.household for each in self._open.values())
        largest, most = counted.most_common(1)[0]
        if most - 1 <= counted[household]:
            raise TooManyRequests(429, "TooManyRequests", NO_ROOM)
        return next(each for each, of in self._open.items() if of.household == largest)
