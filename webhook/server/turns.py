"""Turns of the one thread: which review it does next.

A review is decoded and judged without a pause, so whoever sends much would otherwise be served
alone. Bodies wait here unread instead, and each peer has its turn. Between two slices of work the
event loop reads, writes and answers probes. A review that nobody waits for any more is not begun.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Generic, NamedTuple, TypeVar

# After so long a time of work, the event loop has its turn.
SLICE_SECONDS = 0.005
# After a large review of a second, the next one begins a second later, three while small ones wait.
REST, REST_WHILE_SMALL_WAIT = 1.0, 3.0
TOO_LATE = "this review waited longer than its timeout, and was not read: send it again"

Item = TypeVar("Item")
Result = TypeVar("Result")


def _any(_: object) -> bool:
    return True


class RejectedError(Exception):
    """A request that is no review: answered with an HTTP status and one sentence."""

    def __init__(
        self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers


class FairQueue(Generic[Item]):
    """Items of many peers: each peer has its turn, and its items keep their order."""

    def __init__(self) -> None:
        self._items: dict[str, deque[Item]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, peer: str, item: Item) -> None:
        """Wait behind the other items of this peer."""
        self._items.setdefault(peer, deque()).append(item)
        self._length += 1

    def discard(self, peer: str, item: Item) -> None:
        """Wait no longer, if it still does."""
        items = self._items.get(peer, ())
        if item not in items:
            return
        self._items[peer].remove(item)
        self._length -= 1
        if not self._items[peer]:
            del self._items[peer]

    def pop(self, fits: Callable[[Item], bool] = _any) -> Item | None:
        """The item whose turn it is and which fits; None if there is none."""
        for peer in list(self._items):
            items = self._items[peer]
            if not fits(items[0]):
                continue
            del self._items[peer]
            self._length -= 1
            item = items.popleft()
            if items:
                self._items[peer] = items
            return item
        return None


class Asked(NamedTuple):
    """Who asks for a turn, for how large a body, and until when by time.monotonic()."""

    peer: str
    large: bool
    deadline: float


class _Waiting(NamedTuple):
    work: Callable[[], Any]
    deadline: float
    done: "asyncio.Future[Any]"


class Turns:
    """Gives turns: small bodies before large ones, and each peer after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._small: FairQueue[_Waiting] = FairQueue()
        self._large: FairQueue[_Waiting] = FairQueue()
        self._used = 0.0
        self._next_slice: asyncio.Handle | None = None
        self._next_large: asyncio.TimerHandle | None = None
        self._rested = self._rested_while_small_wait = 0.0

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._small) + len(self._large)

    async def take(self, asked: Asked, work: Callable[[], Result]) -> Result:
        """Do the work in its turn; raises RejectedError (503) once its deadline is over."""
        if self._next_slice is None and not asked.large:
            return self._do(work, asked.deadline)
        done = asyncio.get_running_loop().create_future()
        queue = self._large if asked.large else self._small
        queue.add(asked.peer, _Waiting(work, asked.deadline, done))
        self._continue()
        try:
            result: Result = await done
            return result
        finally:
            del done  # It holds its exception, and that this frame.

    def _continue(self) -> None:
        """Go on with a slice of work after the event loop had its turn."""
        if self._next_slice is None:
            self._next_slice = asyncio.get_running_loop().call_soon(self._work_a_slice)

    def _work_a_slice(self) -> None:
        self._used = 0.0
        while self._used < SLICE_SECONDS:
            now = self._clock()
            rested = self._rested_while_small_wait if self._small else self._rested
            if self._large and now >= rested:
                self._do_large()
            elif self._small:
                self._answer(self._small.pop())
            else:
                break
        self._next_slice = None
        if self._small or self._used >= SLICE_SECONDS:
            self._continue()
        elif self._large and self._next_large is None:
            seconds = self._rested - self._clock()
            self._next_large = asyncio.get_running_loop().call_later(seconds, self._wake_large)

    def _wake_large(self) -> None:
        self._next_large = None
        self._continue()

    def _do_large(self) -> None:
        used = self._used
        self._answer(self._large.pop())
        took = self._used - used
        now = self._clock()
        self._rested = now + REST * took
        self._rested_while_small_wait = now + REST_WHILE_SMALL_WAIT * took

    def _answer(self, waiting: _Waiting | None) -> None:
        if waiting is None or waiting.done.done():
            return
        try:
            result = self._do(waiting.work, waiting.deadline)
        except Exception as error:  # noqa: BLE001 - it belongs to the one who waits
            waiting.done.set_exception(error)
        else:
            waiting.done.set_result(result)
        finally:
            del waiting  # As above.

    def _do(self, work: Callable[[], Result], deadline: float) -> Result:
        started = self._clock()
        if started >= deadline:
            raise RejectedError(HTTPStatus.SERVICE_UNAVAILABLE, TOO_LATE)
        try:
            return work()
        finally:
            self._used += self._clock() - started
            if self._used >= SLICE_SECONDS:
                self._continue()
