"""What is to be there of one server, as the settings of its namespace say."""

import asyncio
from typing import Any

from webhook.controller.cluster_state import ClusterState
from webhook.controller.deployment_state import DeploymentState
from webhook.controller.owned import (
    POLICY,
    SECRET,
    ObjectKey,
    Owner,
    Writer,
    former_service_key,
    keys_of_server,
)
from webhook.controller.servers.source_reader import LARGE, SourceReader, size_of
from webhook.kube import NamespacedName
from webhook.objects import made
from webhook.settings import Settings

Json = dict[str, Any]


class WantedObjects:
    """Decides what is made, and what is kept of what exists."""

    def __init__(self, state: ClusterState, writer: Writer, sources: SourceReader) -> None:
        self._state, self._writer, self._sources = state, writer, sources

    async def of(self, key: NamespacedName, found: DeploymentState) -> made.Made:
        """What is to be there; where its author made that long work, it is done on a thread."""
        owner = Owner(found.uid)
        lives = map(self._writer.live, [*keys_of_server(*key), former_service_key(*key)])
        new, *others, old = (live if live and owner.has(live) else None for live in lives)
        settings = self._state.settings(key.namespace)
        if not (settings.enforced or any((new, *others, old))):
            return made.Made()
        selects = any(live.selects for live in (new, old) if live)
        source = await self._source(key, found)
        if size_of(source) + len(found.packed) < LARGE:
            return self._allowed(found, _made(found, settings, source, selects=selects), settings)
        async with self._sources.one_at_a_time(key.namespace):
            wanted = await asyncio.to_thread(_made, found, settings, source, selects=selects)
            return self._allowed(found, wanted, settings)

    def _allowed(self, found: DeploymentState, wanted: made.Made, settings: Settings) -> made.Made:
        """What may be written of it: below `mode: enforce`, what exists and is no policy."""
        if settings.enforced:
            return wanted
        owner, kinds, there = Owner(found.uid), set(), []
        for each in wanted.objects:
            place = ObjectKey.of(each)
            live = self._writer.live(place)
            if place.kind != POLICY.kind and live and owner.has(live):
                there.append(each)
                kinds.add(place.kind)
        revision = wanted.revision if SECRET.kind in kinds else None
        return made.Made(tuple(there), keeps=wanted.keeps, revision=revision)

    async def _source(self, key: NamespacedName, found: DeploymentState) -> Json | None:
        if not found.config_from or not self._state.settings(key.namespace).secrets.copied:
            return None
        return await self._sources.read(NamespacedName(key.namespace, found.config_from))


def _made(
    found: DeploymentState, settings: Settings, source: Json | None, *, selects: bool
) -> made.Made:
    server = found.server
    selecting = server.labelled and (selects or found.first or found.rolled)
    return made.objects_once_enforced(server, settings, source, selecting=selecting)
