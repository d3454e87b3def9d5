"""One made object is written: created, brought back to what is wanted, or deleted.

An object of the name that is not ours is never touched. Ours is what carries the reference to the
very Deployment that it is made for, or, where it is made for none, what the API server says that we
wrote; a label, which everybody can write, is not enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from webhook.controller.api import Api
from webhook.controller.cache import Cache
from webhook.controller.errors import AlreadyExists, ApiError, NotFound
from webhook.controller.reconcile.kinds import KINDS, Kind, Live, digest, keep

Json = dict[str, Any]
IsOurs = Callable[[Live], bool]


class NotOurs(Exception):  # noqa: N818 - it is what was found, not a failure
    """An object of this name belongs to somebody else."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} is not ours, it stays as it is: rename or delete it")


class GoingAway(ApiError):  # noqa: N818
    """An object of this name is being deleted: it is made again after it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(0, "GoingAway", f"{kind} {name} is being deleted")


class Writer:
    """Writes made objects, and keeps the caches as new as its own writes."""

    def __init__(self, api: Api, made: Mapping[str, Cache[Live]]) -> None:
        self._api, self._made = api, made

    def live(self, kind: str, namespace: str, name: str) -> Live | None:
        """What is known of an object."""
        return self._made[kind].get(namespace, name)

    def fits(self, wanted: Json) -> bool:
        """Whether the object is there, and as it is wanted."""
        metadata = wanted["metadata"]
        live = self.live(wanted["kind"], metadata["namespace"], metadata["name"])
        return live is not None and not live.going and live.digest == _digest(wanted)

    def written(self, wanted: Json) -> tuple[str, int] | None:
        """Which object it is, and how often its spec was written; None where it is not there."""
        metadata = wanted["metadata"]
        live = self.live(wanted["kind"], metadata["namespace"], metadata["name"])
        return live and (live.uid, live.generation)

    async def put(
        self, wanted: Json, is_ours: IsOurs, at_first: Mapping[str, str] | None = None
    ) -> None:
        """Let the object be as wanted; raises NotOurs, or ApiError where it is not done.

        `at_first` are annotations that it gets when it is created, and that nobody compares.
        """
        kind, metadata = KINDS[wanted["kind"]], wanted["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        live = self.live(kind.kind, namespace, name)
        if live is None:
            try:
                body = {**wanted, "metadata": {**metadata, "annotations": at_first or {}}}
                self._made[kind.kind].put(await self._api.create(kind.path(namespace), body))
            except AlreadyExists:
                # Ours all the same, where somebody has taken our label away.
                live = keep(kind, await self._api.get(kind.path(namespace, name)))
            else:
                return
        if live.going:
            raise GoingAway(kind.kind, name)
        if not is_ours(live):
            raise NotOurs(kind.kind, name)
        if live.digest != _digest(wanted):
            await self._apply(kind, wanted, live)

    async def delete(self, kind: str, namespace: str, name: str, live: Live) -> None:
        """Delete the very object that was seen."""
        with suppress(NotFound):
            await self._api.delete(KINDS[kind].path(namespace, name), uid=live.uid)
        self._made[kind].drop(namespace, name)

    async def _apply(self, kind: Kind, wanted: Json, live: Live) -> None:
        metadata = wanted["metadata"]
        path = kind.path(metadata["namespace"], metadata["name"])
        body = {**wanted, "metadata": {**metadata, "uid": live.uid}}
        stored = await self._api.apply(path, body)
        if digest(kind.content(stored)) != _digest(wanted):
            # What somebody added, and what we created ourselves and want no more, stays in an
            # apply: only an apply takes away what an apply has brought.
            surplus = _without_surplus(kind, wanted, stored, live.uid)
            stored = await self._api.patch(path, surplus, kind="merge")
        self._made[kind.kind].put(stored)


def _digest(wanted: Json) -> bytes:
    return digest(KINDS[wanted["kind"]].content(wanted))


def _without_surplus(kind: Kind, wanted: Json, stored: Json, uid: str) -> Json:
    patch: Json = {"metadata": {"uid": uid}}
    for path in kind.exact:
        inside, outside, into = wanted, stored, patch
        for key in path[:-1]:
            inside, outside = inside.get(key) or {}, outside.get(key) or {}
            into = into.setdefault(key, {})
        into[path[-1]] = _difference(inside.get(path[-1]), outside.get(path[-1]))
    return patch


def _difference(wanted: Any, stored: Any) -> Any:
    """A merge patch: what is wanted, and null for what is not."""
    if not isinstance(wanted, dict) or not isinstance(stored, dict):
        return wanted
    gone = dict.fromkeys(stored.keys() - wanted.keys())
    return {key: _difference(value, stored.get(key)) for key, value in wanted.items()} | gone
