"""The one reconcile machine: a reconciler, the queue of its keys, and workers of its own.

The queue holds each key once, however often it is asked for, and hands it to one worker at a time.
A key that is asked for while it is worked on is worked on once more afterwards. One that fails
comes back after a pause of its own, which grows until it succeeds.

Each reconciler has a controller: one that fails, or is slow, keeps no other from working.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from webhook.kube.errors import ApiError
from webhook.observe.metrics import ControllerMetrics

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


LOG = logging.getLogger(__name__)

Asked_contra = TypeVar("Asked_contra", contravariant=True)


class NamespacedName(NamedTuple):
    """The key of an object of one kind."""

    namespace: str
    name: str


class Reconciler(Protocol[Asked_contra]):
    """Brings one thing to the state that is wanted, from whatever state it is in."""

    async def reconcile(self, key: Asked_contra, /) -> float | None:
        """Write what differs; returns after how many seconds the key is due again.

        None means: when something asks for it. An exception means: later, after a pause that
        grows. A reconcile may be cancelled or repeated anywhere.
        """


class Controller(Generic[Key]):
    """Hands the keys of a queue to a reconciler, to as many at a time as it has workers."""

    def __init__(
        self,
        name: str,
        reconciler: Reconciler[Key],
        queue: Queue[Key],
        metrics: ControllerMetrics,
        workers: int = 1,
    ) -> None:
        self.name, self.queue = name, queue
        self._reconciler, self._workers = reconciler, workers
        self._seconds = metrics.reconcile_seconds.labels(name)
        self._errors = metrics.reconcile_errors.labels(name)

    async def run(self) -> None:
        """Work until the queue is shut down, and finish what has begun; or until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._workers):
                group.create_task(self._work(), name=f"{self.name}-{number}")

    async def _work(self) -> None:
        while (key := await self.queue.get()) is not None:
            try:
                await self._reconcile(key)
            finally:
                self.queue.done(key)

    async def _reconcile(self, key: Key) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            after = await self._reconciler.reconcile(key)
        except Exception as error:  # noqa: BLE001 - it is logged, counted, and comes back later
            self._failed(key, error)
            self.queue.retry(key)
            return
        self._seconds.observe(clock() - began)
        self.queue.forget(key)
        if after is not None:
            self.queue.add(key, after)

    def _failed(self, key: Key, error: Exception) -> None:
        self._errors.inc()
        fields: dict[str, Any] = {"reconciler": self.name}
        fields |= key._asdict() if isinstance(key, NamespacedName) else {"name": key}
        if isinstance(error, ApiError):
            LOG.warning("reconcile failed", extra={"fields": {**fields, "reason": error.message}})
        else:
            LOG.error("reconcile failed", exc_info=error, extra={"fields": fields})
