"""A server: its objects, what is no longer wanted of them, and the revision that rolls its pods.

An object that cannot be written stops no other. Secrets come first and the revision last, so that
pods that roll find the new values.
"""

import asyncio
from math import inf
from typing import Any

from webhook import names
from webhook.controller.cluster_state import Key, View
from webhook.controller.owned import owned_objects
from webhook.controller.owned.object_kinds import POLICY, SECRET, SERVICE, Live
from webhook.controller.owned.owned_objects import Place
from webhook.controller.owned.owner import Owner
from webhook.controller.owned.write import NotOurs, Waits, Writer
from webhook.controller.servers import former
from webhook.controller.servers.drift_event import standing
from webhook.controller.servers.leave import leave
from webhook.controller.servers.observed import Deployment
from webhook.controller.servers.outcome import Outcome, Right
from webhook.kube import event_recorder as events
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, NotFound
from webhook.kube.event_recorder import Notes
from webhook.kube.paths import namespaced
from webhook.objects import configuration, made
from webhook.objects.deployed_server import Refused, Server
from webhook.objects.service import leads_to

Json = dict[str, Any]
AGAIN_WHERE_TAKEN = 60.0


class Servers:
    """Reconciles one server at a time."""

    def __init__(self, api: Api, view: View, writer: Writer, notes: Notes) -> None:
        self._api, self._view, self._writer, self._notes = api, view, writer, notes
        self._right: dict[Key, Right] = {}
        self.refused: set[Key] = set()

    async def reconcile(self, key: Key) -> float | None:
        """Write what differs; where nothing has changed since it was right, nobody is called."""
        found = self._view.deployments.get(key.namespace, key.name)
        if found is None or not found.covered:
            self._right.pop(key, None)
            self.refused.discard(key)
        if not self._view.here(key.namespace):
            return None
        if found is None or not found.covered:
            return await leave(self._api, self._view, self._writer, key)
        source, now = self._source_version(key, found), asyncio.get_running_loop().time()
        right = self._right.get(key)
        if right and right.holds(found, source, self._lives(key), now):
            return None if right.until == inf else right.until - now
        wanted = await self._wanted(key, found)
        before = self._unwanted(key, wanted)
        outcome = await self._write(key, found, wanted)
        left = self._unwanted(key, wanted)
        if outcome.right and all(map(self._writer.fits, wanted.objects)) and before == left:
            lives = self._lives(key)
            waits = any(left) or not (lives[0] and lives[0].selects)
            # The source as it was before it was read: it may be another by now.
            seen = found if waits else found.rolled_out
            self._right[key] = Right(seen, source, lives, now + outcome.ends_in)
        return outcome.again

    def _unwanted(self, key: Key, wanted: made.Made) -> list[Live | None]:
        """What there is that is not wanted: it may come while others are written."""
        kept = set(map(Place.of, wanted.objects))
        there = owned_objects.of_server(key.namespace, key.name)
        return [self._writer.live(place) for place in there if place not in kept]

    def _source_version(self, key: Key, found: Deployment) -> str | None:
        name = found.config_from
        return self._view.sources.get(key.namespace, name) if name else None

    def _lives(self, key: Key) -> tuple[Live | None, ...]:
        """What there is of everything that may be made: the Service first, the former one last."""
        former = owned_objects.former_service(key.namespace, key.name)
        return tuple(
            map(self._writer.live, [*owned_objects.of_server(key.namespace, key.name), former])
        )

    async def _wanted(self, key: Key, found: Deployment) -> made.Made:
        server, owner = found.server, Owner(found.uid)
        new, *_, old = self._lives(key)
        selects = any(live.selects and owner.has(live) for live in (new, old) if live)
        selecting = server.labelled and (selects or found.first or found.rolled)
        source = await self._source(server)
        return made.server_objects(server, self._view.settings, source, selecting=selecting)

    async def _source(self, server: Server) -> Json | None:
        try:
            name = configuration.source_name(server)
        except Refused:
            return None
        if name is None:
            return None
        try:
            return await self._api.get(SECRET.path(server.namespace, name))
        except NotFound:
            return None

    async def _write(self, key: Key, found: Deployment, wanted: made.Made) -> Outcome:
        """Write what differs and say what cannot be."""
        outcome = Outcome({each.reason: each.note for each in wanted.refusals})
        for each in wanted.objects:
            await self._put(key, found, each, wanted.revision, outcome)
        try:
            await self._tidy(key, found, wanted)
            await self._see_off(key, found, wanted, outcome)
            if outcome.written:
                # The review of the template may refuse what an older one did not.
                await self._roll(key, found, wanted.revision)
        except ApiError as error:
            outcome.failures.append(error)
        if outcome.taken:
            outcome.troubles["NameTaken"] = "; ".join(outcome.taken)
        failed = [each for each in outcome.failures if each.status]
        outcome.troubles |= {f"Write{each.reason}": each.message for each in failed}
        (self.refused.add if outcome.troubles else self.refused.discard)(key)
        outcome.put_back(self._writer.put_backs.note, map(Place.of, wanted.objects))
        told = {
            **outcome.troubles,
            **outcome.news,
            **standing(key.namespace, key.name, found.state),
        }
        await self._notes.say(events.deployment(key.namespace, key.name, found.uid), told)
        if outcome.failures:
            raise outcome.failures[0]
        return outcome

    async def _put(
        self, key: Key, found: Deployment, each: Json, revision: str | None, outcome: Outcome
    ) -> None:
        secret = each["kind"] == SECRET.kind
        begins = {names.REVISION: revision} if secret and revision and found.unread else {}
        right = self._right.get(key)
        there = owned_objects.of_server(key.namespace, key.name)
        stood = dict(zip(there, right.lives, strict=False)) if right else {}
        try:
            await self._writer.put(each, Owner(found.uid), begins, stood.get(Place.of(each)))
        except NotOurs as reason:
            # Whatever it is: callers reach the server by the name.
            if each["kind"] != SERVICE.kind or not leads_to(found.server, reason.found):
                outcome.taken.append(str(reason))
                outcome.pauses.append(AGAIN_WHERE_TAKEN)
        except Waits as pause:
            outcome.pauses.append(pause.seconds)
        except ApiError as error:
            outcome.failures.append(error)

    async def _tidy(self, key: Key, found: Deployment, wanted: made.Made) -> None:
        """Delete what is no longer wanted; what pods may still mount, once they have rolled."""
        owner = Owner(found.uid)
        kept = {*map(Place.of, wanted.objects)}
        kept |= {Place(kind, key.namespace, name) for kind, name in wanted.keeps}
        for place in owned_objects.of_server(key.namespace, key.name):
            live = self._writer.live(place)
            if live is None or live.going or place in kept or live.owner_uid != found.uid:
                continue
            if place.kind == POLICY.kind or found.rolled:
                await self._writer.take_away(place, owner)

    async def _see_off(
        self, key: Key, found: Deployment, wanted: made.Made, outcome: Outcome
    ) -> None:
        services = [each for each in wanted.objects if each["kind"] == SERVICE.kind]
        kept = await former.see_off(self._api, self._writer, key, found.uid, services)
        if kept is not None:
            outcome.news[former.REASON] = kept.note
            outcome.ends_in = kept.seconds

    async def _roll(self, key: Key, found: Deployment, revision: str | None) -> None:
        """Let the template say another revision than the one that its pods began with."""
        place = Place(SECRET.kind, key.namespace, names.config_secret(key.name))
        config = self._writer.live(place)
        began = config.revision if config and config.owner_uid == found.uid else None
        if revision in (None, found.revision or began):
            return
        annotations = {names.REVISION: revision}
        body = {
            "metadata": {"uid": found.uid},
            "spec": {"template": {"metadata": {"annotations": annotations}}},
        }
        path = namespaced("apps/v1", "deployments", key.namespace, key.name)
        self._view.deployments.put(await self._api.patch(path, body, kind="merge"))
