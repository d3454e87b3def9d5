"""The Secrets that servers take their configuration from, each read once for all who ask.

A hundred servers may name one Secret of a megabyte. When it changes, all of them ask for the same
version within seconds. It is read by one, and kept for those that follow; a few seconds after the
last one no value of it is in memory any more. Copies of a large one are made one at a time in a
namespace, so that neither memory nor the processor is filled with them.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from webhook.controller.cluster_state import ClusterState
from webhook.controller.owned import SECRET, version_of
from webhook.kube import Api, NamespacedName, NotFound

MOST_KEPT, KEPT_SECONDS = 4, 5.0
LARGE = 32 * 1024

Json = dict[str, Any]


class _Kept(NamedTuple):
    """A Secret as it was read, and the end of its time here."""

    version: str
    found: Json
    ends: asyncio.TimerHandle


class SourceReader:
    """Reads the Secrets that servers name."""

    def __init__(self, api: Api, state: ClusterState) -> None:
        self._api, self._state = api, state
        self._kept: dict[NamespacedName, _Kept] = {}
        self._long_work: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(self, key: NamespacedName) -> Json | None:
        """The Secret as it is, not older than the watch has seen it; None where there is none."""
        kept = self._kept.get(key)
        if kept is not None and kept.version == self._state.sources.get(*key):
            self._keep(key, kept.found)
            return kept.found
        try:
            found = await self._api.get(SECRET.path(*key))
        except NotFound:
            self._forget(key)
            return None
        self._keep(key, found)
        return found

    def copying(
        self, namespace: str, copies: Iterable[Json]
    ) -> AbstractAsyncContextManager[None, None]:
        """Within the block these are written; large ones one after another in a namespace."""
        if sum(map(size_of, copies)) < LARGE:
            return nullcontext()
        return self.one_at_a_time(namespace)

    def one_at_a_time(self, namespace: str) -> asyncio.Lock:
        """Within the block no other long work is done for this namespace."""
        return self._long_work.setdefault(namespace, asyncio.Lock())

    def _keep(self, key: NamespacedName, found: Json) -> None:
        self._forget(key)
        while len(self._kept) >= MOST_KEPT:
            self._forget(next(iter(self._kept)))
        ends = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, key)
        self._kept[key] = _Kept(version_of(found), found, ends)

    def _forget(self, key: NamespacedName) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            kept.ends.cancel()


def size_of(found: Json | None) -> int:
    """The length of keys and values of a Secret; 0 of anything else."""
    data = (found or {}).get("data") or {}
    return sum(len(key) + len(value or "") for key, value in data.items())
