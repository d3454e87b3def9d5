"""How many readings a console has: each person's rights are their own, and so is what they read.

A reading is as large as the cluster. So there are few of them at a time, whoever comes.
"""

import time
from collections.abc import Awaitable, Callable

from webhook.kube import TooManyRequests

MOST_OPEN = 20
IN_USE_SECONDS = 330.0
"""An open page looks every five minutes; where nobody has for longer, others may have the room."""
NO_ROOM = (
    f"the console reads the cluster for {MOST_OPEN} people or namespaces already, which is all "
    "that it has room for: wait until a page is closed, or call mcp-admission audit"
)

End = Callable[[], Awaitable[None]]


class OpenReadings:
    """The readings of all people, the one that was looked at least lately first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[object, tuple[float, End]] = {}

    def look(self, reading: object, end: End) -> End | None:
        """Somebody looks at a reading, which `end` ends; returns what ends another one for it.

        Raises TooManyRequests where the reading is new, and all others are in use.
        """
        now, room = self._clock(), None
        if reading not in self._open and len(self._open) >= MOST_OPEN:
            oldest = next(iter(self._open))
            looked, room = self._open[oldest]
            if now - looked < IN_USE_SECONDS:
                raise TooManyRequests(429, "TooManyRequests", NO_ROOM)
            del self._open[oldest]
        self._open.pop(reading, None)
        self._open[reading] = now, end
        return room

    def leave(self, reading: object) -> None:
        """It has ended, or does now."""
        self._open.pop(reading, None)
