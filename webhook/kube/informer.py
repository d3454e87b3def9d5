"""An informer: it keeps a cache of one kind of object up to date, by a list and then a watch.

A watch that ends is resumed where it was; one whose version is too old, or that the API server
reports an error in, starts again with a list. Between failures it waits, longer each time and for
a part of the time by chance, so that an API server that comes back is not overrun. Every ten
minutes everything is listed again, whatever the watch has said.

An API server whose etcd was restored has older versions than those that were seen. It would send
nothing until they have passed the one that a watch asks for. So whoever was cut off asks first. If
its next versions were raised, a list of a later version has objects that are older than known ones.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Generic, NamedTuple, TypeVar

from webhook.kube.api import Api
from webhook.kube.cache import Cache, CacheEntry
from webhook.kube.errors import ApiError, Gone, TooManyRequests, Unreachable
from webhook.kube.pages import Turn
from webhook.kube.work_queue import Backoff

RESYNC_SECONDS = 600.0
LONGEST_WATCH = 290
# A watch that ends sooner than this, without an event, is not resumed at once.
SHORTEST_WATCH = 1.0

LOG = logging.getLogger(__name__)

Json = dict[str, Any]
Kept = TypeVar("Kept")
Restarted = Callable[[str, str], None]


def _everything(_namespace: str, _name: str) -> bool:
    return True


async def _at_once() -> None:
    pass


class ListWatch(NamedTuple):
    """What to list and watch; `covers` says which objects of a shared cache it can speak of.

    `settled` is awaited after each object: whatever is done about it does not fall behind.
    """

    resource: str
    path: str
    covers: Callable[[str, str], bool] = _everything
    label_selector: str = ""
    field_selector: str = ""
    metadata_only: bool = False
    page: int = 100
    settled: Callable[[], Awaitable[None]] = _at_once


class Informer(Generic[Kept]):
    """Keeps a cache as the API server says; `synced` is set once it holds the whole list.

    `restarted` is called with the resource and a reason for each watch that did not run its time.
    """

    def __init__(
        self,
        api: Api,
        source: ListWatch,
        cache: Cache[Kept],
        restarted: Restarted,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.synced = asyncio.Event()
        self._api, self._source, self._cache = api, source, cache
        self._restarted, self._uniform = restarted, uniform
        self._backoff = Backoff(uniform)
        self._version = self._seen = ""
        self._list_at = 0.0
        self._cut = False
        self._relist = False
        self._watching: asyncio.Timeout | None = None
        self._turn_of_others = Turn()

    def relist(self) -> None:
        """List everything again, now; `synced` is set anew once the cache holds it."""
        self.synced.clear()
        self._relist = True
        if self._watching is not None:
            self._watching.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._turn()
            except Gone:
                self._restart("gone")
                await asyncio.sleep(self._backoff.next())
            except Unreachable as error:
                await self._failed(error, self._backoff.next())
            except TooManyRequests as error:
                await self._failed(error, error.retry_after + self._backoff.next())
            except ApiError as error:
                self._version = ""
                await self._failed(error, self._backoff.next())

    async def _turn(self) -> None:
        clock = asyncio.get_running_loop().time
        if self._cut and self._seen:
            await self._look_back()
        if not self._version or self._relist or clock() >= self._list_at:
            self._relist = False
            await self._list()
            self._list_at = clock() + RESYNC_SECONDS * self._uniform(0.8, 1.2)
        if self._relist:
            return
        began = clock()
        seconds = int(min(LONGEST_WATCH, max(1.0, self._list_at - began)))
        try:
            async with asyncio.timeout(None) as self._watching:
                any_came = await self._follow(seconds)
        except TimeoutError:
            return
        finally:
            self._watching = None
        self._cut = clock() - began < seconds - SHORTEST_WATCH
        if not any_came:
            if clock() - began < SHORTEST_WATCH:
                await asyncio.sleep(self._backoff.next())
            else:
                self._backoff.forget()

    async def _look_back(self) -> None:
        """Let everything be listed anew, where what is stored is older than what was seen."""
        source = self._source
        stored = await self._api.stored_version(
            source.path, source.label_selector, source.field_selector
        )
        self._cut = False
        if stored.isdecimal() and self._seen.isdecimal() and int(stored) < int(self._seen):
            self._go_back(stored, self._seen)

    def _go_back(self, stored: str, seen: str) -> None:
        fields = {"resource": self._source.resource, "stored": stored, "seen": seen}
        LOG.warning("what is stored went back", extra={"fields": fields})
        self._cache.go_back()
        self._version = self._seen = ""

    async def _list(self) -> None:
        """Take in pages as they come, of each object no more than is kept."""
        found: dict[tuple[str, str], CacheEntry[Kept]] = {}
        later: list[int] = []

        def take(item: Json) -> None:
            if known := self._cache.known_later(item):
                later.append(known)
            namespace, name, entry = self._cache.entry(item)
            if entry is not None:
                found[namespace, name] = entry

        source = self._source
        version = await self._api.list_each(
            source.path,
            take,
            label_selector=source.label_selector,
            field_selector=source.field_selector,
            metadata_only=source.metadata_only,
            page=source.page,
            between=self._between,
        )
        # What is later than the list was written while it was read.
        if version.isdecimal() and later and min(later) <= int(version):
            self._go_back(version, str(min(later)))
            await self._list()
            return
        self._cache.replace(source.covers, found)
        self._version = self._seen = version
        if not self._relist:
            self.synced.set()

    async def _follow(self, seconds: int) -> bool:
        """Take in events until the watch ends; whether there were any."""
        any_came = False
        source = self._source
        watch = self._api.watch(
            source.path,
            resource_version=self._version,
            label_selector=source.label_selector,
            field_selector=source.field_selector,
            metadata_only=source.metadata_only,
            seconds=seconds,
        )
        async with aclosing(watch) as events:
            async for kind, found in events:
                if not any_came:
                    any_came = True
                    self._backoff.forget()
                self._take(kind, found)
                # The next one may be decoded before anything else is waited for.
                del found
                await self._between()
        return any_came

    async def _between(self) -> None:
        await self._source.settled()
        await self._turn_of_others.end()

    def _take(self, kind: str, found: Json) -> None:
        metadata = found["metadata"]
        self._version = self._seen = str(metadata["resourceVersion"])
        if kind == "DELETED":
            self._cache.delete(found)
        elif kind != "BOOKMARK":
            self._cache.put(found)

    async def _failed(self, error: ApiError, pause: float) -> None:
        self._restart(error.reason)
        LOG.warning(
            "watch restarted",
            extra={"fields": {"reason": error.message, "in_seconds": round(pause, 1)}},
        )
        await asyncio.sleep(pause)

    def _restart(self, reason: str) -> None:
        self._cut = True
        if reason == "gone":
            self._version = ""
        self._restarted(self._source.resource, reason)
