"""One made object is written: created, brought back to what is wanted, or deleted.

An object of the name that is not ours is never touched, except that one which was ours, and which
another manager has taken over, is released. What was edited is put back, and an Event says so:
later each time, where it happens again and again.
"""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any

from webhook.controller.owned.foreign_edits import (
    PutBacks,
    put_back_note,
    released,
    seen,
    unwritten,
    without_surplus,
)
from webhook.controller.owned.managed_fields import by_us, changed_by, entries
from webhook.controller.owned.not_written import Changed, GoingAway, NotOurs, Waits
from webhook.controller.owned.owned_objects import (
    KINDS,
    RESERVED,
    Live,
    ObjectKey,
    Owner,
    is_reserved,
    keyed_digest,
    live_object,
)
from webhook.kube import AlreadyExists, Api, Cache, Conflict, Invalid, NotFound

Json = dict[str, Any]
LABELS = ("metadata", "labels")


class Writer:
    """Writes made objects, and keeps the caches as new as its own writes."""

    def __init__(self, api: Api, made: Mapping[str, Cache[Live]]) -> None:
        self._api, self._made = api, made
        self.put_backs = PutBacks()

    def live(self, place: ObjectKey) -> Live | None:
        """What is known of an object."""
        return self._made[place.kind].get(place.namespace, place.name)

    def fits(self, wanted: Json) -> bool:
        """Whether the object is there, and as it is wanted."""
        live = self.live(ObjectKey.of(wanted))
        return live is not None and not live.going and live.digest == _digest(wanted)

    def is_done(self, wanted: Json, owner: Owner) -> bool:
        """Whether it fits, and is the owner's: nothing is left to be written."""
        live = self.live(ObjectKey.of(wanted))
        return live is not None and owner.has(live) and self.fits(wanted)

    async def put(
        self,
        wanted: Json,
        owner: Owner,
        at_first: Mapping[str, str] | None = None,
        stood: Live | None = None,
    ) -> None:
        """Let the object be as wanted; raises NotOurs or Waits, or ApiError where it is not done.

        One of a reserved name is ours whoever made it.
        `at_first` are annotations that it gets when it is created, and that are not compared.
        `stood` is the object as it last was when all was right: where it was as it is wanted now,
        what differs was edited.
        """
        place = ObjectKey.of(wanted)
        live = self.live(place)
        if live is None:
            if await self._created(place, wanted, at_first or {}):
                return
        elif self.is_done(wanted, owner):
            return
        # As it is now: another manager may have taken it over.
        found, live = await self._read(place)
        reserved = is_reserved(place)
        if live.going and reserved:
            await self._make_anew(place, wanted, found)
            return
        if live.going:
            raise GoingAway(place, found)
        if owner.lost(live):
            found = await self._let_go(place, found, owner)
        if not reserved and not owner.has(live):
            raise NotOurs(place.kind, place.name, found)
        if live.digest == _digest(wanted):
            self._made[place.kind].put(found)
        else:
            await self._bring_back(place, wanted, found, stood)

    async def take_away(self, place: ObjectKey, owner: Owner) -> None:
        """Delete the object if it is ours; let it go where it was."""
        found, live = await self._read(place)
        if owner.lost(live):
            await self._let_go(place, found, owner)
        elif owner.has(live):
            if is_reserved(place) and found["metadata"].get("finalizers"):
                await self._unhold(place, found)
                found, live = await self._read(place)
            version = found["metadata"]["resourceVersion"]
            with suppress(NotFound):
                await self._write(
                    place,
                    self._api.delete(_path(place), uid=live.uid, resource_version=version),
                )
            self._made[place.kind].drop(place.namespace, place.name)

    async def _make_anew(self, place: ObjectKey, wanted: Json, found: Json) -> None:
        """End a deletion that somebody holds up, and create the object again."""
        await self._unhold(place, found)
        self._made[place.kind].drop(place.namespace, place.name)
        if not await self._created(place, wanted, {}):
            raise Changed(place)
        self.put_backs.done(place, put_back_note(place, [("metadata", "finalizers")], ()))

    async def _unhold(self, place: ObjectKey, found: Json) -> None:
        patch = {"metadata": {"uid": found["metadata"]["uid"], "finalizers": None}}
        with suppress(NotFound):
            await self._write(place, self._api.patch(_path(place), patch, kind="merge"))

    async def _created(
        self, place: ObjectKey, wanted: Json, annotations: Mapping[str, str]
    ) -> bool:
        body = {**wanted, "metadata": {**wanted["metadata"], "annotations": annotations}}
        try:
            made = await self._api.create(KINDS[place.kind].path(place.namespace), body)
        except AlreadyExists:
            # It may be ours without our label, and so not in the cache.
            return False
        self._made[place.kind].put(made)
        return True

    async def _read(self, place: ObjectKey) -> tuple[Json, Live]:
        try:
            found = await self._api.get(_path(place))
        except NotFound:
            self._made[place.kind].drop(place.namespace, place.name)
            raise Changed(place) from None
        return found, live_object(KINDS[place.kind], found)

    async def _let_go(self, place: ObjectKey, found: Json, owner: Owner) -> Json:
        patch = released(KINDS[place.kind], found, owner.uid)
        path = _path(place)
        try:
            left = await self._write(place, self._api.patch(path, patch, kind="merge"))
        except Invalid:
            # What they applied is not complete, or cannot be changed: it is left as it is.
            only = {"metadata": patch["metadata"]}
            left = await self._write(place, self._api.patch(path, only, kind="merge"))
        if live_object(KINDS[place.kind], left).written:
            # Taking ours out of a selector counts as writing the whole of it.
            left = await self._write(place, self._api.patch(path, unwritten(left), kind="merge"))
        self._made[place.kind].drop(place.namespace, place.name)
        return left

    async def _bring_back(
        self,
        place: ObjectKey,
        wanted: Json,
        found: Json,
        stood: Live | None,
    ) -> None:
        paths = KINDS[place.kind].differences(wanted, found)
        by = changed_by(found, paths)
        same = stood is not None and stood.digest == _digest(wanted)
        unwritten_by_us = not any(map(by_us, entries(found)))
        traces = any(path[:2] == LABELS or path in RESERVED for path in paths)
        edited = bool(by) or same or traces or unwritten_by_us
        wait = self.put_backs.wait(place)
        if edited and wait:
            raise Waits(wait)
        await self._apply(place, wanted, found)
        if edited:
            self.put_backs.done(place, put_back_note(place, paths, by))

    async def _apply(self, place: ObjectKey, wanted: Json, found: Json) -> None:
        try:
            stored = await self._applied(place, wanted, found)
        except Invalid:
            # A field that another manager added contradicts ours: a port of the same name.
            stored = await self._applied(place, wanted, await self._freed(place, wanted, found))
        if keyed_digest(KINDS[place.kind].content(stored)) != _digest(wanted):
            # An apply removes only what an apply has written: neither what another manager added,
            # nor what we created and no longer want.
            stored = await self._freed(place, wanted, stored)
        self._made[place.kind].put(stored)

    async def _applied(self, place: ObjectKey, wanted: Json, found: Json) -> Json:
        body = {**wanted, "metadata": {**wanted["metadata"], **seen(found)}}
        return await self._write(place, self._api.apply(_path(place), body))

    async def _freed(self, place: ObjectKey, wanted: Json, found: Json) -> Json:
        """The object without what others have in our fields."""
        patch = without_surplus(KINDS[place.kind], wanted, found)
        return await self._write(place, self._api.patch(_path(place), patch, kind="merge"))

    async def _write(self, place: ObjectKey, call: Awaitable[Json]) -> Json:
        """A write that fails where the object is not the one that was read."""
        try:
            return await call
        except Conflict:
            raise Changed(place) from None


def _path(place: ObjectKey) -> str:
    return KINDS[place.kind].path(place.namespace, place.name)


def _digest(wanted: Json) -> bytes:
    return keyed_digest(KINDS[wanted["kind"]].content(wanted))
