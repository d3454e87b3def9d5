"""A server: its objects, what is no longer wanted of them, and the revision that rolls its pods.

An object that cannot be written stops no other. Secrets come first and the revision last, so that
pods that roll find the new values.

Below `mode: enforce` nothing is made. Services and Secrets that exist are kept as they should be,
because clients and pods use them; policies of servers go after the last gate of their namespace.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any

from webhook import names
from webhook.controller.cluster_state import ClusterState
from webhook.controller.deployment_state import DeploymentState
from webhook.controller.event_recorder import EventRecorder, drift_notes, regarding_deployment
from webhook.controller.owned import GoingAway, NotOurs, Waits, Writer, owned_objects
from webhook.controller.servers import cleanup as former
from webhook.controller.servers.cleanup import clean_up
from webhook.controller.servers.outcome import Patience, Settled, WriteOutcome
from webhook.controller.servers.revisions import Revisions
from webhook.controller.servers.source_reader import SourceReader
from webhook.controller.servers.wanted_objects import WantedObjects
from webhook.kube import Api, ApiError, NamespacedName
from webhook.objects import leads_to, made

Json = dict[str, Any]
AGAIN_WHERE_TAKEN, AGAIN_AFTER_ROLLOUT = 60.0, 2.0
# Until the last gate of a namespace is gone.
PAUSE = 0.5


class ServerReconciler:
    """Reconciles one server at a time; `saw` is called with each one that was looked at.

    `refused` are those of which something could not be made, with the reason.
    """

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        writer: Writer,
        recorder: EventRecorder,
        saw: Callable[[NamespacedName], None] = lambda _: None,
    ) -> None:
        self._api, self._state, self._writer, self._recorder = api, state, writer, recorder
        self._sources = SourceReader(api, state)
        self._wanted = WantedObjects(state, writer, self._sources)
        self._settled: dict[NamespacedName, Settled] = {}
        self._revisions = Revisions(api, state, writer)
        self._patience = Patience()
        self._saw = saw
        self.refused: dict[NamespacedName, str] = {}

    async def reconcile(self, key: NamespacedName) -> float | None:
        """Write what differs; where nothing has changed since it was right, no request is sent."""
        try:
            return await self._look(key)
        finally:
            self._saw(key)

    async def _look(self, key: NamespacedName) -> float | None:
        found = self._state.deployment(key.namespace, key.name)
        if found is None or not found.covered:
            self._settled.pop(key, None)
            self.refused.pop(key, None)
        if not self._state.here(key.namespace):
            return None
        if found is None or not found.covered:
            if found is not None:
                await self._revisions.forget_cause(key, found)
            if await clean_up(self._api, self._state, self._writer, key):
                return self._patience.next(key, AGAIN_AFTER_ROLLOUT)
            self._patience.forget(key)
            return None
        source, now = self._versions(key, found), asyncio.get_running_loop().time()
        settings = self._state.settings(key.namespace)
        settled = self._settled.get(key)
        if settled and settled.is_settled(found, settings, source, self._lives(key), now):
            await self._revisions.forget_cause(key, found)
            return None if settled.until == inf else settled.until - now
        wanted = await self._wanted.of(key, found)
        before = self._unwanted(key, wanted)
        outcome = await self._write(key, found, wanted)
        if not outcome.held:
            self._patience.forget(key)
        left, owner = self._unwanted(key, wanted), owned_objects.Owner(found.uid)
        done = all(self._writer.is_done(each, owner) for each in wanted.objects)
        if outcome.right and done and before == left:
            lives = self._lives(key)
            waits = any(left) or not (lives[0] and lives[0].selects)
            # The source as it was before it was read: it may be another by now.
            seen = found if waits else found.rolled_out
            self._settled[key] = Settled(seen, settings, source, lives, now + outcome.ends_in)
        return outcome.again

    def _unwanted(self, key: NamespacedName, wanted: made.Made) -> list[owned_objects.Live | None]:
        """What there is that is not wanted: it may come while others are written."""
        kept = set(map(owned_objects.ObjectKey.of, wanted.objects))
        there = owned_objects.keys_of_server(key.namespace, key.name)
        return [self._writer.live(place) for place in there if place not in kept]

    def _versions(self, key: NamespacedName, found: DeploymentState) -> str | None:
        """What there is of others that matters: the source, and objects of names that are ours."""
        name, foreign = found.config_from, self._state.foreign
        source = self._state.sources.get(key.namespace, name) if name else None
        there = owned_objects.keys_of_server(key.namespace, key.name)
        return " ".join(filter(None, (source, *map(foreign.version, there)))) or None

    def _lives(self, key: NamespacedName) -> tuple[owned_objects.Live | None, ...]:
        """What there is of everything that may be made: the Service first, the former one last."""
        former = owned_objects.former_service_key(key.namespace, key.name)
        return tuple(
            map(self._writer.live, [*owned_objects.keys_of_server(key.namespace, key.name), former])
        )

    async def _write(
        self, key: NamespacedName, found: DeploymentState, wanted: made.Made
    ) -> WriteOutcome:
        """Write what differs and say what cannot be."""
        outcome = WriteOutcome({each.reason: each.note for each in wanted.refusals})
        async with self._sources.copying(key.namespace, wanted.objects):
            for each in wanted.objects:
                await self._put(key, found, each, wanted.revision, outcome)
        try:
            await self._tidy(key, found, wanted, outcome)
            await self._see_off(key, found, wanted, outcome)
            if outcome.written:
                # The review of the template may refuse what an older one did not.
                outcome.news |= await self._revisions.roll(key, found, wanted.revision)
        except ApiError as error:
            outcome.failures.append(error)
        if outcome.held:
            outcome.pauses.append(self._patience.next(key, AGAIN_WHERE_TAKEN))
        if outcome.going:
            outcome.troubles["BeingDeleted"] = "; ".join(outcome.going)
        if outcome.taken:
            outcome.troubles["NameTaken"] = "; ".join(outcome.taken)
        failed = [each for each in outcome.failures if each.status]
        outcome.troubles |= {f"Write{each.reason}": each.message for each in failed}
        if outcome.troubles:
            self.refused[key] = next(iter(outcome.troubles))
        else:
            self.refused.pop(key, None)
        outcome.add_put_backs(
            self._writer.put_backs.note, map(owned_objects.ObjectKey.of, wanted.objects)
        )
        await self._tell(key, found, wanted.revision, outcome)
        if outcome.failures:
            raise outcome.failures[0]
        return outcome

    async def _tell(
        self,
        key: NamespacedName,
        found: DeploymentState,
        revision: str | None,
        outcome: WriteOutcome,
    ) -> None:
        """Write the Events of what a reconcile came to."""
        restart = self._revisions.restart(key, found, revision) if outcome.written else None
        notes = {**outcome.troubles, **outcome.news, **(restart.notes if restart else {})}
        if self._state.settings(key.namespace).enforced:
            notes |= drift_notes(key.namespace, key.name, found.state)
        regarding = regarding_deployment(key.namespace, key.name, found.uid)
        await self._recorder.record(regarding, notes)
        if restart is not None:
            await self._revisions.remember(key, found, restart)

    async def _put(
        self,
        key: NamespacedName,
        found: DeploymentState,
        each: Json,
        revision: str | None,
        outcome: WriteOutcome,
    ) -> None:
        secret = each["kind"] == owned_objects.SECRET.kind
        first = found.unread or not found.touched
        begins = {names.REVISION: revision} if secret and revision and first else {}
        settled = self._settled.get(key)
        there = owned_objects.keys_of_server(key.namespace, key.name)
        stood = dict(zip(there, settled.lives, strict=False)) if settled else {}
        try:
            await self._writer.put(
                each,
                owned_objects.Owner(found.uid),
                begins,
                stood.get(owned_objects.ObjectKey.of(each)),
            )
        except NotOurs as reason:
            # Whatever it is: callers reach the server by the name.
            if each["kind"] != owned_objects.SERVICE.kind or not leads_to(
                found.server, reason.found
            ):
                outcome.taken.append(str(reason))
        except Waits as pause:
            outcome.pauses.append(pause.seconds)
        except ApiError as error:
            if isinstance(error, GoingAway) and error.held:
                outcome.going.append(error.message)
            else:
                outcome.failures.append(error)

    async def _tidy(
        self, key: NamespacedName, found: DeploymentState, wanted: made.Made, outcome: WriteOutcome
    ) -> None:
        """Delete what is no longer wanted; what pods may still mount, once they have rolled."""
        owner = owned_objects.Owner(found.uid)
        kept = {*map(owned_objects.ObjectKey.of, wanted.objects)}
        kept |= {owned_objects.ObjectKey(kind, key.namespace, name) for kind, name in wanted.keeps}
        for place in owned_objects.keys_of_server(key.namespace, key.name):
            live = self._writer.live(place)
            if live is None or live.going or place in kept or found.uid not in live.owner_uids:
                continue
            policy = place.kind == owned_objects.POLICY.kind
            if policy and self._gates_go_first(key.namespace):
                outcome.pauses.append(PAUSE)
            elif policy or found.rolled:
                await self._writer.take_away(place, owner)

    def _gates_go_first(self, namespace: str) -> bool:
        return not self._state.settings(namespace).enforced and self._state.waits(namespace)

    async def _see_off(
        self, key: NamespacedName, found: DeploymentState, wanted: made.Made, outcome: WriteOutcome
    ) -> None:
        services = [each for each in wanted.objects if each["kind"] == owned_objects.SERVICE.kind]
        kept = await former.keep_former_service(self._api, self._writer, key, found.uid, services)
        if kept is not None:
            outcome.news[former.REASON] = kept.note
            outcome.ends_in = kept.seconds
