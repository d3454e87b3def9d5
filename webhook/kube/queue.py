"""What is to be looked at: each key once, however often it was asked for, and by one at a time.

A key that is asked for while it is worked on is worked on once more afterwards. One that fails
comes again after a pause of its own, which grows until it goes well.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

FIRST, LONGEST = 0.2, 30.0


class Backoff:
    """Exponential, with full jitter: many that fail together do not come back together."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self.failures = 0

    def next(self) -> float:
        """The seconds to wait now; counts a failure."""
        most = min(LONGEST, FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self._uniform(0.0, most)

    def forget(self) -> None:
        """It went well."""
        self.failures = 0


Key = TypeVar("Key", bound=Hashable)
Handle = Callable[[Key], Awaitable[float | None]]
Failed = Callable[[Key, Exception], None]


class Queue(Generic[Key]):
    """`failed` is told each failure; what it raises ends the work."""

    def __init__(
        self,
        failed: Failed[Key],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._failed, self._uniform = failed, uniform
        self._waiting: dict[Key, None] = {}
        self._worked_on: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._backoffs: dict[Key, Backoff] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        """How many keys wait for a worker now."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether nothing waits for a worker, is worked on or comes again by itself."""
        return not (self._waiting or self._worked_on or self._again or self._timers)

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for a key, now or in some seconds; the earlier of two wishes counts."""
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
            self._news.set()

    async def work(self, handle: Handle[Key], workers: int) -> None:
        """Hand out keys until cancelled.

        `handle` returns after how many seconds it wants the key again, None for when it is asked
        for.
        """
        async with asyncio.TaskGroup() as group:
            for number in range(workers):
                group.create_task(self._work(handle), name=f"worker-{number}")

    async def _work(self, handle: Handle[Key]) -> None:
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            key = next(iter(self._waiting))
            del self._waiting[key]
            self._worked_on.add(key)
            try:
                await self._handle(handle, key)
            finally:
                self._worked_on.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)

    async def _handle(self, handle: Handle[Key], key: Key) -> None:
        try:
            due = await handle(key)
        except Exception as error:  # noqa: BLE001 - it is told, and tried again
            self._failed(key, error)
            backoff = self._backoffs.setdefault(key, Backoff(self._uniform))
            self._later(key, backoff.next())
            return
        self._backoffs.pop(key, None)
        if due is not None:
            self._later(key, due)

    def _later(self, key: Key, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self.add, key)
