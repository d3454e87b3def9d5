"""One made object is written: created, brought back to what is wanted, or deleted.

An object of the name that is not ours is never touched, except that one which was ours, and which
another manager has taken over, is released. What was edited is put back, and an Event says so:
later each time, where it happens again and again.
"""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any

from webhook.controller.owned import owned_objects
from webhook.controller.owned.foreign_edits import PutBacks, put_back_note, released, unwritten
from webhook.controller.owned.managed_fields import at, changed_by
from webhook.kube import AlreadyExists, Api, ApiError, Cache, Conflict, Invalid, NotFound

Json = dict[str, Any]
LABELS = ("metadata", "labels")


class NotOurs(Exception):  # noqa: N818 - it is what was found, not a failure
    """An object of this name has another owner; `found` is the object."""

    def __init__(self, kind: str, name: str, found: Json) -> None:
        sentence = "belongs to somebody else and stays as it is: rename or delete it"
        super().__init__(f"{kind} {name} {sentence}")
        self.found = found


class Waits(Exception):  # noqa: N818
    """The object is edited again and again: it is put back in some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GoingAway(ApiError):  # noqa: N818
    """An object of this name is being deleted: it is made again after it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(0, "GoingAway", f"{kind} {name} is being deleted")


class Changed(ApiError):  # noqa: N818
    """Another manager wrote the object since it was read: it is looked at again."""

    def __init__(self, place: owned_objects.ObjectKey) -> None:
        super().__init__(0, "Changed", f"{place.kind} {place.name} has changed since it was read")


class Writer:
    """Writes made objects, and keeps the caches as new as its own writes."""

    def __init__(self, api: Api, made: Mapping[str, Cache[owned_objects.Live]]) -> None:
        self._api, self._made = api, made
        self.put_backs = PutBacks()

    def live(self, place: owned_objects.ObjectKey) -> owned_objects.Live | None:
        """What is known of an object."""
        return self._made[place.kind].get(place.namespace, place.name)

    def fits(self, wanted: Json) -> bool:
        """Whether the object is there, and as it is wanted."""
        live = self.live(owned_objects.ObjectKey.of(wanted))
        return live is not None and not live.going and live.digest == _digest(wanted)

    def written(self, wanted: Json) -> tuple[str, int] | None:
        """Which object it is, and how often its spec was written; None where it is not there."""
        live = self.live(owned_objects.ObjectKey.of(wanted))
        return live and (live.uid, live.generation)

    async def put(
        self,
        wanted: Json,
        owner: owned_objects.Owner,
        at_first: Mapping[str, str] | None = None,
        stood: owned_objects.Live | None = None,
    ) -> None:
        """Let the object be as wanted; raises NotOurs or Waits, or ApiError where it is not done.

        `at_first` are annotations that it gets when it is created, and that are not compared.
        `stood` is the object as it last was when all was right: where it was as it is wanted now,
        what differs was edited.
        """
        place = owned_objects.ObjectKey.of(wanted)
        live = self.live(place)
        if live is None:
            if await self._created(place, wanted, at_first or {}):
                return
        elif owner.has(live) and self.fits(wanted):
            return
        # As it is now: another manager may have taken it over.
        found, live = await self._read(place)
        if live.going:
            raise GoingAway(place.kind, place.name)
        if owner.lost(live):
            found = await self._let_go(place, found, owner)
        if not owner.has(live):
            raise NotOurs(place.kind, place.name, found)
        if live.digest == _digest(wanted):
            self._made[place.kind].put(found)
        else:
            await self._bring_back(place, wanted, found, stood)

    async def take_away(self, place: owned_objects.ObjectKey, owner: owned_objects.Owner) -> None:
        """Delete the object if it is ours; let it go where it was."""
        found, live = await self._read(place)
        if owner.lost(live):
            await self._let_go(place, found, owner)
        elif owner.has(live):
            version = found["metadata"]["resourceVersion"]
            with suppress(NotFound):
                await self._write(
                    place,
                    self._api.delete(_path(place), uid=live.uid, resource_version=version),
                )
            self._made[place.kind].drop(place.namespace, place.name)

    async def _created(
        self, place: owned_objects.ObjectKey, wanted: Json, annotations: Mapping[str, str]
    ) -> bool:
        body = {**wanted, "metadata": {**wanted["metadata"], "annotations": annotations}}
        try:
            made = await self._api.create(
                owned_objects.KINDS[place.kind].path(place.namespace), body
            )
        except AlreadyExists:
            # It may be ours without our label, and so not in the cache.
            return False
        self._made[place.kind].put(made)
        return True

    async def _read(self, place: owned_objects.ObjectKey) -> tuple[Json, owned_objects.Live]:
        try:
            found = await self._api.get(_path(place))
        except NotFound:
            self._made[place.kind].drop(place.namespace, place.name)
            raise Changed(place) from None
        return found, owned_objects.live_object(owned_objects.KINDS[place.kind], found)

    async def _let_go(
        self, place: owned_objects.ObjectKey, found: Json, owner: owned_objects.Owner
    ) -> Json:
        patch = released(owned_objects.KINDS[place.kind], found, owner.uid)
        path = _path(place)
        try:
            left = await self._write(place, self._api.patch(path, patch, kind="merge"))
        except Invalid:
            # What they applied is not complete, or cannot be changed: it is left as it is.
            only = {"metadata": patch["metadata"]}
            left = await self._write(place, self._api.patch(path, only, kind="merge"))
        if owned_objects.live_object(owned_objects.KINDS[place.kind], left).written:
            # Taking ours out of a selector counts as writing the whole of it.
            left = await self._write(place, self._api.patch(path, unwritten(left), kind="merge"))
        self._made[place.kind].drop(place.namespace, place.name)
        return left

    async def _bring_back(
        self,
        place: owned_objects.ObjectKey,
        wanted: Json,
        found: Json,
        stood: owned_objects.Live | None,
    ) -> None:
        paths = owned_objects.KINDS[place.kind].differences(wanted, found)
        by = changed_by(found, paths)
        same = stood is not None and stood.digest == _digest(wanted)
        edited = bool(by) or same or any(path[:2] == LABELS for path in paths)
        wait = self.put_backs.wait(place)
        if edited and wait:
            raise Waits(wait)
        await self._apply(place, wanted, found)
        if edited:
            self.put_backs.done(place, put_back_note(place, paths, by))

    async def _apply(self, place: owned_objects.ObjectKey, wanted: Json, found: Json) -> None:
        try:
            stored = await self._applied(place, wanted, found)
        except Invalid:
            # A field that another manager added contradicts ours: a port of the same name.
            stored = await self._applied(place, wanted, await self._freed(place, wanted, found))
        if owned_objects.keyed_digest(owned_objects.KINDS[place.kind].content(stored)) != _digest(
            wanted
        ):
            # An apply removes only what an apply has written: neither what another manager added,
            # nor what we created and no longer want.
            stored = await self._freed(place, wanted, stored)
        self._made[place.kind].put(stored)

    async def _applied(self, place: owned_objects.ObjectKey, wanted: Json, found: Json) -> Json:
        body = {**wanted, "metadata": {**wanted["metadata"], **_seen(found)}}
        return await self._write(place, self._api.apply(_path(place), body))

    async def _freed(self, place: owned_objects.ObjectKey, wanted: Json, found: Json) -> Json:
        """The object without what others have in our fields."""
        patch = _without_surplus(owned_objects.KINDS[place.kind], wanted, found)
        return await self._write(place, self._api.patch(_path(place), patch, kind="merge"))

    async def _write(self, place: owned_objects.ObjectKey, call: Awaitable[Json]) -> Json:
        """A write that fails where the object is not the one that was read."""
        try:
            return await call
        except Conflict:
            raise Changed(place) from None


def _path(place: owned_objects.ObjectKey) -> str:
    return owned_objects.KINDS[place.kind].path(place.namespace, place.name)


def _digest(wanted: Json) -> bytes:
    return owned_objects.keyed_digest(owned_objects.KINDS[wanted["kind"]].content(wanted))


def _seen(found: Json) -> Json:
    return {key: found["metadata"][key] for key in ("uid", "resourceVersion")}


def _without_surplus(kind: owned_objects.Kind, wanted: Json, stored: Json) -> Json:
    patch: Json = {"metadata": _seen(stored)}
    for path in kind.exact:
        inside = patch
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = _difference(at(wanted, path), at(stored, path))
    return patch


def _difference(wanted: Any, stored: Any) -> Any:
    """A merge patch: what is wanted, and null for what is not."""
    if not isinstance(wanted, dict) or not isinstance(stored, dict):
        return wanted
    gone = dict.fromkeys(stored.keys() - wanted.keys())
    return {key: _difference(value, stored.get(key)) for key, value in wanted.items()} | gone
