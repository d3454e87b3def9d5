"""The queue of one reconciler: its keys take turns by namespace.

Each key is there once, however often it is asked for, and one worker has it at a time. A key that
is asked for while it is worked on is worked on once more afterwards. One that fails comes back
after a pause of its own, which grows until it succeeds.

What a quota, a missing right or a policy refuses is a matter of its namespace. A namespace in which
something was refused has one key worked on at a time. What was refused waits together, for a pause
of the namespace that grows; what was not is tried after a second. Something that changes there
ends the pause, a success of what was refused ends it for all.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

FIRST, LONGEST = 0.2, 30.0
# Nothing tells that a quota or a right has changed.
LONGEST_REFUSED = 300.0
BETWEEN_TRIES = 1.0

Key = TypeVar("Key", bound=Hashable)
Uniform = Callable[[float, float], float]


class NamespacedName(NamedTuple):
    """The key of an object of one kind."""

    namespace: str
    name: str


class Backoff:
    """Exponential backoff with full jitter: many that fail together do not come back together."""

    def __init__(self, uniform: Uniform = random.uniform) -> None:
        self._uniform = uniform
        self.failures = 0

    def next(self, longest: float = LONGEST) -> float:
        """The seconds to wait now; counts a failure."""
        most = min(longest, FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self._uniform(0.0, most)

    def forget(self) -> None:
        """Begin anew: it succeeded."""
        self.failures = 0


class _Group(Generic[Key]):
    """The keys of one namespace: those that wait, and those that were refused."""

    def __init__(self, uniform: Uniform) -> None:
        self.waiting: dict[Key, None] = {}
        self.refused: OrderedDict[Key, None] = OrderedDict()
        self.working = 0
        self.backoff = Backoff(uniform)
        # When one may be tried, while something is refused: of those that wait, of the refused.
        self.try_waiting = self.try_refused = 0.0
        self.timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.waiting or self.refused or self.working)

    def due(self, most: int) -> float | None:
        """When a worker may take a key; None while nothing but the end of some work matters."""
        if not self.refused:
            return 0.0 if self.waiting and self.working < most else None
        if self.working:
            return None
        return min(self.try_refused, self.try_waiting if self.waiting else self.try_refused)

    def take(self, now: float) -> Key:
        """A key to work on; one that was refused stays among those until it succeeds."""
        self.working += 1
        if self.refused and (not self.waiting or self.try_refused <= now):
            return next(iter(self.refused))
        key = next(iter(self.waiting))
        del self.waiting[key]
        return key


class Queue(Generic[Key]):
    """Keys in the order in which they were asked for, of each namespace one after another.

    At most `most` keys of a namespace are worked on at a time, None for as many as there are
    workers. A key that is no NamespacedName is alone.
    """

    def __init__(self, uniform: Uniform = random.uniform, most: int | None = None) -> None:
        self._uniform, self._most = uniform, 1_000_000 if most is None else most
        self._groups: dict[Hashable, _Group[Key]] = {}
        # Those from which a worker may take a key now, the next one first.
        self._ready: dict[Hashable, None] = {}
        self._worked_on: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._backoffs: dict[Key, Backoff] = {}
        self._changed = asyncio.Event()
        self._shut_down = False

    def __len__(self) -> int:
        """How many keys wait for a worker now."""
        return sum(
            len(each.waiting) + sum(key not in self._worked_on for key in each.refused)
            for each in self._groups.values()
        )

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for a key, now or in some seconds; the earlier of two requests counts.

        One that was refused comes first when its namespace is tried again, which is soon.
        """
        if after > 0:
            self._later(key, after)
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        name = _namespace_of(key)
        group = self._groups.get(name)
        if key in self._worked_on:
            self._again.add(key)
        elif group is not None and key in group.refused:
            group.refused.move_to_end(key, last=False)
            self.wake(name)
        else:
            group = self._groups.setdefault(name, _Group(self._uniform))
            group.waiting[key] = None
            self._consider(name, group)

    async def get(self) -> Key | None:
        """Wait for a key and take it, until `done`; None once the queue is shut down."""
        while not self._ready and not self._shut_down:
            self._changed.clear()
            await self._changed.wait()
        if self._shut_down:
            return None
        name = next(iter(self._ready))
        del self._ready[name]
        group = self._groups[name]
        key = group.take(asyncio.get_running_loop().time())
        self._worked_on.add(key)
        self._consider(name, group)
        return key

    def done(self, key: Key) -> None:
        """Give a key back that was taken; it waits again if it was asked for in between."""
        self._worked_on.discard(key)
        name = _namespace_of(key)
        group = self._groups[name]
        group.working -= 1
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        self._consider(name, group)

    def retry(self, key: Key) -> None:
        """Ask for a key that failed: after a pause, which is longer each time."""
        self._not_refused(key)
        backoff = self._backoffs.setdefault(key, Backoff(self._uniform))
        self._later(key, backoff.next())

    def refuse(self, key: Key, longest: float = LONGEST_REFUSED) -> None:
        """Ask for a key later that is worked on and was refused: its namespace waits as a whole."""
        name = _namespace_of(key)
        group = self._groups[name]
        group.refused.pop(key, None)
        group.refused[key] = None
        now = asyncio.get_running_loop().time()
        group.try_waiting = now + BETWEEN_TRIES
        group.try_refused = now + group.backoff.next(longest)
        self._consider(name, group)

    def wake(self, namespace: Hashable) -> None:
        """Try what was refused in a namespace again soon: something has changed there."""
        group = self._groups.get(namespace)
        if group is not None and group.refused:
            group.try_refused = min(group.try_refused, group.try_waiting)
            self._consider(namespace, group)

    def forget(self, key: Key) -> None:
        """Forget the failures of a key: it succeeded."""
        self._backoffs.pop(key, None)
        group = self._not_refused(key)
        if group is not None:
            group.backoff.forget()
            group.try_waiting = group.try_refused = 0.0

    def shut_down(self) -> None:
        """Hand out no key any more; keys that are worked on may be finished."""
        self._shut_down = True
        self._changed.set()

    def _not_refused(self, key: Key) -> _Group[Key] | None:
        """The group of a key that was refused, and is not any more."""
        group = self._groups.get(_namespace_of(key))
        if group is None or key not in group.refused:
            return None
        del group.refused[key]
        return group

    def _consider(self, name: Hashable, group: _Group[Key]) -> None:
        """Let a worker take a key of the group, now or when it is due; or forget the group."""
        if group.timer is not None:
            group.timer.cancel()
            group.timer = None
        due = group.due(self._most)
        if due is None:
            self._ready.pop(name, None)
            if group.idle:
                del self._groups[name]
            return
        seconds = due and due - asyncio.get_running_loop().time()
        if seconds > 0:
            self._ready.pop(name, None)
            loop = asyncio.get_running_loop()
            group.timer = loop.call_later(seconds, self._consider, name, group)
            return
        self._ready.setdefault(name)
        self._changed.set()

    def _later(self, key: Key, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self.add, key)


def _namespace_of(key: Hashable) -> Hashable:
    return key.namespace if isinstance(key, NamespacedName) else key
