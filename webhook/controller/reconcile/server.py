"""A server: its objects, what is no longer wanted of them, and the revision that rolls its pods.

An object that cannot be written stops no other. Secrets come first and the revision last, so that
pods that roll find the new values.
"""

from __future__ import annotations

import json
from typing import Any

from webhook.controller.api import Api
from webhook.controller.errors import ApiError, NotFound
from webhook.controller.objects import configuration, made
from webhook.controller.objects.refusal import Refused
from webhook.controller.objects.server import Server
from webhook.controller.paths import namespaced
from webhook.controller.reconcile import notes as events
from webhook.controller.reconcile.deployments import Deployment, rolled
from webhook.controller.reconcile.deployments import keep as keep_deployment
from webhook.controller.reconcile.kinds import POLICY, SECRET, SERVICE, Live
from webhook.controller.reconcile.notes import Notes
from webhook.controller.reconcile.standing import standing
from webhook.controller.reconcile.view import Key, View
from webhook.controller.reconcile.write import NotOurs, Writer
from webhook.rules import names

Json = dict[str, Any]
AGAIN = 2.0


class Servers:
    """Reconciles one server at a time."""

    def __init__(self, api: Api, view: View, writer: Writer, notes: Notes) -> None:
        self._api, self._view, self._writer, self._notes = api, view, writer, notes
        self._right: dict[Key, tuple[Deployment, str | None, tuple[Live | None, ...]]] = {}
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
            return await self._leave(key)
        source = self._source_version(key, found)
        lives = self._lives(key)
        if self._right.get(key) in ((found, source, lives), (found.rolled_out, source, lives)):
            return None
        wanted = await self._wanted(key, found)
        before = self._unwanted(key, wanted)
        if not await self._write(key, found, wanted):
            return None
        left = self._unwanted(key, wanted)
        if all(map(self._writer.fits, wanted.objects)) and before == left:
            lives = self._lives(key)
            waits = any(left) or not (lives[0] and lives[0].selects)
            # The source as it was before it was read: it may be another by now.
            self._right[key] = found if waits else found.rolled_out, source, lives
        return None

    def _unwanted(self, key: Key, wanted: made.Made) -> list[Live | None]:
        """What there is that is not wanted: it may come while others are written."""
        kept = {(each["kind"], each["metadata"]["name"]) for each in wanted.objects}
        return [
            live
            for place, live in zip(places(key.name), self._lives(key), strict=True)
            if place not in kept
        ]

    def _source_version(self, key: Key, found: Deployment) -> str | None:
        name = found.config_from
        return self._view.sources.get(key.namespace, name) if name else None

    def _lives(self, key: Key) -> tuple[Live | None, ...]:
        """What there is of everything that may be made for the server."""
        return tuple(
            self._writer.live(kind, key.namespace, name) for kind, name in places(key.name)
        )

    async def _wanted(self, key: Key, found: Deployment) -> made.Made:
        server = found.server
        live = self._writer.live(SERVICE.kind, key.namespace, server.identity)
        selects = live is not None and live.selects and live.owner_uid == found.uid
        selecting = server.labelled and (selects or found.first or found.rolled)
        source = await self._source(server)
        return made.of_server(server, self._view.settings, source, selecting=selecting)

    async def _source(self, server: Server) -> Json | None:
        try:
            name = configuration.wanted(server)
        except Refused:
            return None
        if name is None:
            return None
        try:
            return await self._api.get(SECRET.path(server.namespace, name))
        except NotFound:
            return None

    async def _write(self, key: Key, found: Deployment, wanted: made.Made) -> bool:
        """Write what differs and say what cannot be; whether everything is as it should be."""
        notes = {each.reason: each.note for each in wanted.refusals}
        begins = {names.REVISION: wanted.revision} if wanted.revision and found.unread else None
        taken: list[str] = []
        failures: list[ApiError] = []
        for each in wanted.objects:
            try:
                at_first = begins if each["kind"] == SECRET.kind else None
                await self._writer.put(each, lambda live: live.owner_uid == found.uid, at_first)
            except NotOurs as reason:
                taken.append(str(reason))
            except ApiError as error:
                failures.append(error)
        await self._tidy(key, found, wanted)
        if not failures and not taken:
            try:
                await self._roll(key, found, wanted.revision)
            except ApiError as error:
                # The review of the template may refuse what an older one did not.
                failures.append(error)
        if taken:
            notes["NameTaken"] = "; ".join(taken)
        notes |= {f"Write{each.reason}": each.message for each in failures if each.status}
        (self.refused.add if notes else self.refused.discard)(key)
        told = {**notes, **standing(key.namespace, key.name, found.state)}
        await self._notes.say(events.deployment(key.namespace, key.name, found.uid), told)
        if failures:
            raise failures[0]
        return not notes

    async def _tidy(self, key: Key, found: Deployment, wanted: made.Made) -> None:
        """Delete what is no longer wanted; what pods may still mount, once they have rolled."""
        kept = {(each["kind"], each["metadata"]["name"]) for each in wanted.objects}
        kept.update(wanted.keeps)
        for kind, name in places(key.name):
            live = self._writer.live(kind, key.namespace, name)
            if live is None or live.going or live.owner_uid != found.uid or (kind, name) in kept:
                continue
            if kind == POLICY.kind or found.rolled:
                await self._writer.delete(kind, key.namespace, name, live)

    async def _roll(self, key: Key, found: Deployment, revision: str | None) -> None:
        """Let the template say another revision than the one that its pods began with."""
        config = self._writer.live(SECRET.kind, key.namespace, names.config_secret(key.name))
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

    async def _leave(self, key: Key) -> float | None:
        """Delete what was made for a Deployment that is no server any more, once it has rolled."""
        left = [
            (kind, name, live)
            for kind, name in places(key.name)
            if (live := self._writer.live(kind, key.namespace, name)) and not live.going
        ]
        if not any(live.owner == key.name for _, _, live in left):
            return None
        path = namespaced("apps/v1", "deployments", key.namespace, key.name)
        try:
            found = await self._api.get(path)
        except NotFound:
            return None
        managed = self._view.managed(key.namespace)
        kept = keep_deployment(found, self._view.settings, managed=managed)
        if kept is not None and kept.covered:
            return None
        if not rolled(found):
            return AGAIN
        uid, template = found["metadata"]["uid"], json.dumps(found["spec"]["template"])
        for kind, name, live in left:
            mounted = kind == SECRET.kind and f'"{name}"' in template
            if live.owner_uid == uid and not mounted:
                await self._writer.delete(kind, key.namespace, name, live)
        return None


def places(name: str) -> list[tuple[str, str]]:
    """Kind and name of everything that may be made for a server."""
    return [
        (SERVICE.kind, names.identity(name)),
        (SECRET.kind, names.config_secret(name)),
        (SECRET.kind, names.files_secret(name)),
        (POLICY.kind, names.access_policy(name)),
    ]
