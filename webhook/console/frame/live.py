"""What tells an open page that it shows something old: the name of what has changed, no more.

Events carry no data of objects. The page asks for its part again, with the rights that its reader
has then. So an event that comes twice, or for nothing, costs a request and tells nobody anything.
A listener that is slow loses nothing either: names that are due are kept once each.
"""

import asyncio
import time
from collections.abc import AsyncGenerator

EVENTS = ("fleet", "rolls")
"""All events: a namespace was judged anew; a roll has moved on."""
MOST_LISTENERS = 16
# A stream ends by itself, and the browser asks again: what is idle costs no connection for long.
STREAM_SECONDS, BEAT_SECONDS = 30.0, 10.0
RETRY_MILLISECONDS = 1000
BEGIN = f"retry: {RETRY_MILLISECONDS}\n\n"
BEAT = ": nothing new\n\n"


class LiveListener:
    """One open page: the names that are due for it, each once."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.due: dict[str, None] = {}
        self.ended = False
        self._woken = asyncio.Event()

    def tell(self, name: str) -> None:
        """Say that this has changed."""
        self.due[name] = None
        self._woken.set()

    def end(self) -> None:
        """End the stream; the browser may ask for another."""
        self.ended = True
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Return when there is something to say, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()


class LiveEvents:
    """The events of one person, for all pages that they have open; at most so many."""

    def __init__(self, _person: object = None) -> None:
        self._listeners: list[LiveListener] = []
        # It goes on rising when the process starts again: a page that waited knows no other clock.
        self._last = time.time_ns() // 1_000_000
        self._told = dict.fromkeys(EVENTS, 0)

    @property
    def last(self) -> int:
        """The number of the last event: a page that says it is told of every later one."""
        return self._last

    def publish(self, name: str, namespace: str = "") -> None:
        """Tell the pages of this namespace and those of all; without one, every page."""
        self._last = self._told[name] = self._last + 1
        for listener in self._listeners:
            if not namespace or listener.namespace in ("", namespace):
                listener.tell(name)

    def listen(self, namespace: str = "", after: int | None = None) -> LiveListener:
        """A new listener, in the place of the oldest where there are too many.

        Events after the one that the page has seen last are due at once.
        """
        listener = LiveListener(namespace)
        for name, told in self._told.items():
            if after is not None and (told > after or after > self._last):
                listener.tell(name)
        if len(self._listeners) >= MOST_LISTENERS:
            self._listeners.pop(0).end()
        self._listeners.append(listener)
        return listener

    async def stream(self, listener: LiveListener) -> AsyncGenerator[str, None]:
        """What the listener is sent, as server-sent events, until its time is over."""
        clock = asyncio.get_running_loop().time
        ends = clock() + STREAM_SECONDS
        try:
            yield BEGIN
            while not listener.ended and (left := ends - clock()) > 0:
                if not listener.due:
                    await listener.wait(min(left, BEAT_SECONDS))
                names, listener.due = listener.due, {}
                yield "".join(map(self._written, names)) or BEAT
        finally:
            self.leave(listener)

    def leave(self, listener: LiveListener) -> None:
        """Forget a listener."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    async def close(self) -> None:
        """The person has signed out: every stream ends."""
        for listener in self._listeners:
            listener.end()

    def _written(self, name: str) -> str:
        return f"event: {name}\nid: {self._last}\ndata: {name}\n\n"
