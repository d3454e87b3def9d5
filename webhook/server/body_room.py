"""Room for the bodies of reviews: so many bytes are held at a time, whoever sends them.

A body takes its room before it is read, until it is answered. Without that, many bodies that come
slowly would fill the memory of the process. What finds no room waits unread, each peer in its turn.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from webhook.server.turns import FairQueue

# A body that has been coming for so long gives way to those who wait for its room.
SLOW_BODY_SECONDS = 1.0
LOOK_SECONDS = 0.1


class BodyPlace:
    """The room of one body; `since` is when it was given by time.monotonic()."""

    def __init__(self, peer: str, size: int) -> None:
        self.peer = peer
        self.size = size
        self.since: float | None = None
        self.given: asyncio.Future[None] | None = None
        self.gave_way = False
        self._stop: Callable[[], object] | None = None

    def begin(self, stop: Callable[[], object]) -> None:
        """Reading begins; `stop` ends it."""
        self.since = time.monotonic()
        self._stop = stop
        if self.given and not self.given.done():
            self.given.set_result(None)

    def is_read(self) -> None:
        """The whole body is there: it gives way no more."""
        self._stop = None

    def give_way(self) -> None:
        """Stop reading this body, unless it is there."""
        if self._stop:
            self.gave_way = True
            self._stop()
            self._stop = None


class BodyRoom:
    """So many bytes for all bodies together, of which one peer has at most half."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._each = size // 2
        self._of: Counter[str] = Counter()
        self._held: dict[BodyPlace, None] = {}
        self._waiting: FairQueue[tuple[BodyPlace, Callable[[], object]]] = FairQueue()
        self._look: asyncio.TimerHandle | None = None

    async def take(self, place: BodyPlace, stop: Callable[[], object]) -> None:
        """Return as soon as there is room; `stop` is called if the body then comes slowly."""
        if not self._waiting and self._fits((place, stop)):
            self._give(place, stop)
            return
        place.given = asyncio.get_running_loop().create_future()
        self._waiting.add(place.peer, (place, stop))
        self._look_later()
        try:
            await place.given
        finally:
            self._waiting.discard(place.peer, (place, stop))

    def take_at_once(self, place: BodyPlace) -> bool:
        """Whether there is room, for a body that has come already; it is taken then."""
        if self._waiting or not self._fits((place, place.is_read)):
            return False
        self._give(place, place.is_read)
        place.is_read()
        return True

    def leave(self, place: BodyPlace) -> None:
        """The body is answered, or is not read any more: others have its room."""
        if place not in self._held:
            return
        del self._held[place]
        self._free += place.size
        self._of[place.peer] -= place.size
        if not self._of[place.peer]:
            del self._of[place.peer]
        while waiting := self._waiting.pop(self._fits):
            self._give(*waiting)

    def _fits(self, waiting: tuple[BodyPlace, Callable[[], object]]) -> bool:
        place = waiting[0]
        taken = self._of.get(place.peer, 0)
        return place.size <= self._free and (not taken or taken + place.size <= self._each)

    def _give(self, place: BodyPlace, stop: Callable[[], object]) -> None:
        self._held[place] = None
        self._free -= place.size
        self._of[place.peer] += place.size
        place.begin(stop)

    def _look_later(self) -> None:
        """While somebody waits for room, look who takes long to fill what he has."""
        if self._look is None and self._waiting:
            loop = asyncio.get_running_loop()
            self._look = loop.call_later(LOOK_SECONDS, self._end_slow)

    def _end_slow(self) -> None:
        self._look = None
        slow = time.monotonic() - SLOW_BODY_SECONDS
        for place in list(self._held):
            if place.since is not None and place.since < slow:
                place.give_way()
        self._look_later()
