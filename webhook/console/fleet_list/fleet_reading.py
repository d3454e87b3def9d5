"""The servers that one person sees: read once as a whole, then judged anew by namespace.

It is the report of `audit`, made with the person's own rights. A watch of the Deployments, of their
metadata alone, says in which namespace something has changed: that namespace is judged again, as
changed_namespaces.py says. What no Deployment shows, such as a Secret or a policy, is seen when all
is read again, every ten minutes. Where nobody looks for a while, nothing is read.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from webhook import kube
from webhook.console.fleet_list.changed_namespaces import ChangedNamespaces
from webhook.console.fleet_list.merged_report import find_server, with_namespace
from webhook.controller.installation import Installation
from webhook.fleet.cluster_snapshot import audited
from webhook.fleet.report import FleetReport, ServerStatus, WorkloadKey
from webhook.fleet.settings_in_force import JudgingSettings, judging_settings_in_force
from webhook.settings import SettingsError

WHOLE_SECONDS, SETTINGS_SECONDS = 600.0, 60.0
RETRY_SECONDS, AGAIN_SECONDS = 30.0, 3.0
"""After which time a reading that failed is tried again: by itself, and for somebody who asks."""
REST_SECONDS = 900.0
"""After which time nobody looks any more; pages that are open ask more often."""
WATCHED, APPS, PAGE = "deployments", "apps/v1", 500

Json = dict[str, Any]
ReadError = kube.ApiError | SettingsError


class FleetReading:
    """The servers of the cluster, or of a namespace, for one person.

    `report` is None until the first one is there. `error` is why the last reading failed, if it
    did. `read_at` is when all was read, `judged_at` when a part was judged anew, both by the clock
    of the API server. `reading` is whether all is being read now; `counts` are the objects that it
    has seen, by resource. `watched` is whether changes are followed: not without the right to.
    """

    def __init__(
        self,
        api: kube.Api,
        places: Installation,
        namespace: str,
        changed: Callable[[str], object],
    ) -> None:
        self._api, self._places, self.namespace = api, places, namespace
        self._changed = changed
        self.report: FleetReport | None = None
        self.error: ReadError | None = None
        self.read_at: datetime | None = None
        self.judged_at: datetime | None = None
        self.reading, self.watched = True, True
        self.counts: Counter[str] = Counter()
        self._by: JudgingSettings | None = None
        self._task: asyncio.Task[None] | None = None
        self._changes = ChangedNamespaces()
        self._answered, self._woken = asyncio.Event(), asyncio.Event()
        self._looked = self._whole_at = self._tried_at = self._settings_at = 0.0

    @property
    def deployments(self) -> int:
        """How many Deployments there are, whether they are servers or not; 0 if not known yet."""
        return len(self._cache) if self._task else 0

    @property
    def ended(self) -> bool:
        """Whether nothing is followed now; the next look begins anew."""
        return self._task is None or self._task.done()

    async def look(self, seconds: float) -> None:
        """Somebody looks: follow it from now on, and wait so long for a first answer.

        Raises what nobody expected while it was followed.
        """
        self._looked = _now()
        if self.error and self.report is None and _now() - self._tried_at >= AGAIN_SECONDS:
            self._whole_at = 0.0
            self._answered.clear()
            self._woken.set()
        if self.ended:
            before, self._task = self._task, asyncio.create_task(self._follow())
            if before is not None and not before.cancelled():
                before.result()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._answered.wait()

    def status(self, namespace: str, kind: str, name: str) -> ServerStatus | None:
        """What was read of a server; None where it was not read yet, or is none."""
        key = WorkloadKey(namespace, kind, name)
        return find_server(self.report, key) if self.report else None

    async def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _follow(self) -> None:
        """Read all, and follow what changes, until nobody looks any more."""
        version, resource, inside = APPS, WATCHED, self.namespace
        everywhere = kube.cluster_wide(version, resource)
        path = kube.namespaced(version, resource, inside) if inside else everywhere
        source = kube.ListWatch(resource, path, metadata_only=True, page=PAGE)
        self._cache = kube.Cache(_seen, self._note)
        self._informer = kube.Informer(self._api, source, self._cache, self._restarted)
        self._failures, self._whole_at = 0, 0.0
        async with asyncio.TaskGroup() as group:
            self._watch = group.create_task(self._informer.run())
            waking = group.create_task(self._wake_when_synced())
            while _now() - self._looked < REST_SECONDS:
                await self._work()
            self._watch.cancel()
            waking.cancel()

    async def _work(self) -> None:
        """Do what is due, or wait for something to do."""
        now = _now()
        if not (self._failures or self._informer.synced.is_set()):
            await self._wait(REST_SECONDS)
        elif self._whole_at <= now:
            await self._read_whole()
        elif self._settings_at <= now:
            await self._check_settings()
        else:
            namespace, seconds = self._changes.due() or ("", REST_SECONDS)
            if seconds:
                await self._wait(min(self._whole_at - now, self._settings_at - now, seconds))
            elif self.namespace or self._changes.many:
                self._whole_at = 0.0
            else:
                await self._judge(namespace)

    async def _wait(self, seconds: float) -> None:
        self._woken.clear()
        left = max(0.0, self._looked + REST_SECONDS - _now())
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, left)):
                await self._woken.wait()

    async def _read_whole(self) -> None:
        self._changes.judging_all()
        self.counts.clear()
        self.reading, again = True, RETRY_SECONDS
        at = self._api.server_time()
        try:
            self._by = await self._judging()
            self.report = await self._audited(self._by, self.namespace)
            self.error, self.read_at, again = None, at, WHOLE_SECONDS
        except (kube.ApiError, SettingsError) as error:
            self.error = error
        finally:
            self.reading = False
        self._tried_at = _now()
        self._whole_at, self._settings_at = self._tried_at + again, self._tried_at
        self._settings_at += SETTINGS_SECONDS
        self._answered.set()
        self._changed("")

    async def _judge(self, namespace: str) -> None:
        """Judge a namespace anew, if that has a meaning by the settings that are in force now."""
        began = _now()
        self._changes.judging(namespace)
        by = await self._check_settings()
        if by is None or self.report is None:
            return
        try:
            part: FleetReport | None = await self._audited(by, namespace)
        except kube.NotFound:
            part = None
        except kube.ApiError as error:
            self._fail(error)
            return
        self._changes.spent(_now() - began)
        self.report = with_namespace(self.report, namespace, part)
        self.judged_at = self._api.server_time()
        self._changed(namespace)

    async def _check_settings(self) -> JudgingSettings | None:
        """The settings, if they are those of the report; otherwise all is read again."""
        self._settings_at = _now() + SETTINGS_SECONDS
        try:
            by = await self._judging()
        except (kube.ApiError, SettingsError) as error:
            self._fail(error)
            return None
        if self._by is None or _values(by) != _values(self._by):
            self._whole_at = 0.0
            return None
        return by

    async def _judging(self) -> JudgingSettings:
        found = await judging_settings_in_force(self._api, self._places.namespace)
        return found.known

    async def _audited(self, by: JudgingSettings, namespace: str) -> FleetReport:
        def count(resource: str) -> None:
            self.counts[resource] += 1

        only = namespace or None
        return await audited(self._api, self._places, by, namespace=only, on_object=count)

    def _fail(self, error: ReadError) -> None:
        """What was read is old from now on: soon all of it is read again."""
        self.error, self._whole_at = error, _now() + RETRY_SECONDS
        self._changed("")

    async def _wake_when_synced(self) -> None:
        await self._informer.synced.wait()
        if self._failures:
            # The report was made while nobody followed what changes.
            self._whole_at = 0.0
        self._woken.set()

    def _note(self, namespace: str, _name: str, _was: Any, _now: Any) -> None:
        """A Deployment has changed; while the first list comes, none has."""
        if self._informer.synced.is_set():
            self._changes.note(namespace)
            self._woken.set()

    def _restarted(self, _resource: str, reason: str) -> None:
        self._failures += 1
        self._woken.set()
        if reason == "Forbidden":
            self.watched = False
            self._watch.cancel()


def _values(by: JudgingSettings) -> tuple[Any, Any]:
    return by.settings.cluster, by.settings.overlays


def _seen(found: Json) -> str:
    """What is kept of a Deployment: its version, which says that it has changed."""
    return str(found["metadata"].get("resourceVersion"))


def _now() -> float:
    return asyncio.get_running_loop().time()
