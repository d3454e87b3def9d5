"""A work queue: each key once, however often it is asked for, and one worker a key at a time.

A key that is asked for while it is worked on is worked on once more afterwards. One that fails
comes back after a pause of its own, which grows until it succeeds.
"""

import asyncio
import random
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

FIRST, LONGEST = 0.2, 30.0

Key = TypeVar("Key", bound=Hashable)
Uniform = Callable[[float, float], float]


class Backoff:
    """Exponential backoff with full jitter: many that fail together do not come back together."""

    def __init__(self, uniform: Uniform = random.uniform) -> None:
        self._uniform = uniform
        self.failures = 0

    def next(self) -> float:
        """The seconds to wait now; counts a failure."""
        most = min(LONGEST, FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self._uniform(0.0, most)

    def forget(self) -> None:
        """Begin anew: it succeeded."""
        self.failures = 0


class Queue(Generic[Key]):
    """Keys in the order in which they were asked for."""

    def __init__(self, uniform: Uniform = random.uniform) -> None:
        self._uniform = uniform
        self._waiting: dict[Key, None] = {}
        self._worked_on: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._backoffs: dict[Key, Backoff] = {}
        self._changed = asyncio.Event()
        self._shut_down = False

    def __len__(self) -> int:
        """How many keys wait for a worker now."""
        return len(self._waiting)

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for a key, now or in some seconds; the earlier of two requests counts."""
        if after > 0:
            self._later(key, after)
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if key in self._worked_on:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting[key] = None
            self._changed.set()

    async def get(self) -> Key | None:
        """Wait for a key and take it, until `done`; None once the queue is shut down."""
        while not self._waiting and not self._shut_down:
            self._changed.clear()
            await self._changed.wait()
        if self._shut_down:
            return None
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._worked_on.add(key)
        return key

    def done(self, key: Key) -> None:
        """Give a key back that was taken; it waits again if it was asked for in between."""
        self._worked_on.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def retry(self, key: Key) -> None:
        """Ask for a key that failed: after a pause, which is longer each time."""
        backoff = self._backoffs.setdefault(key, Backoff(self._uniform))
        self._later(key, backoff.next())

    def forget(self, key: Key) -> None:
        """Forget the failures of a key: it succeeded."""
        self._backoffs.pop(key, None)

    def shut_down(self) -> None:
        """Hand out no key any more; keys that are worked on may be finished."""
        self._shut_down = True
        self._changed.set()

    def _later(self, key: Key, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self.add, key)
