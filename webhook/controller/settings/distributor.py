"""The distribution while this controller leads: decide, write, and see that every replica has it.

The controller itself follows at once, but for Pod Security that asks more of pods: namespaces would
refuse what a replica fills in by the settings before.

A resource that is not valid changes nothing: what was good last stays, in this process or, for the
controller that leads next, in the ConfigMap. What is locked holds all the same.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from webhook import names
from webhook.controller.installation import Places
from webhook.controller.settings.effective import Effective, settle
from webhook.controller.settings.in_force import InForce
from webhook.controller.settings.propagation import Rollout
from webhook.controller.settings.settings_store import Following, Resource
from webhook.controller.settings.status import Verdict, status
from webhook.controller.settings.strictness import asks_more
from webhook.documents import reader
from webhook.documents.reader import DocumentError
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, NotFound
from webhook.kube.leading import until_one_ends
from webhook.kube.loop import repeat
from webhook.settings.effective_file import FILE
from webhook.settings.faults import SettingsError
from webhook.settings.layers import Layer
from webhook.settings.load import parse_settings
from webhook.settings.resource import COUNTED

SOURCE_FILE = "resource.yaml"
LABELS = {"app.kubernetes.io/name": names.PRODUCT, names.MANAGED_BY: names.PRODUCT}
# Counts of servers alone cause no more writes than this.
SECONDS_BETWEEN_COUNTS = 15.0

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class Distributor:
    """Takes turns: each writes what differs, and waits for what is new before the next.

    `states` says how many servers there are of each state of `drift`, nothing while none knows.
    """

    states: Callable[[], Mapping[str, int]] = staticmethod(dict)

    def __init__(
        self,
        api: Api,
        places: Places,
        following: Following,
        locks: Sequence[Layer],
        in_force: InForce,
    ) -> None:
        self._following, self._locks, self._in_force = following, locks, in_force
        self._rollout = Rollout(api, places)
        self._clock: Callable[[], datetime] = api.server_time
        self._decided: tuple[Json, Effective, str | None] | None = None
        # What the controller before has written is not known: the replicas may not have it yet.
        self._stricter = True
        self._counts_at = 0.0
        self._due = 0.0

    async def run(self, failed: Callable[[], None]) -> None:
        """Follow and take turns until cancelled; `failed` is told of each turn that fails."""
        turns = repeat(self.turn, asyncio.Event(), failed)
        await until_one_ends(self._following.run(), turns)

    async def turn(self) -> timedelta:
        """Let ConfigMap, replicas and status be as they should; raises ApiError.

        Settings that cannot be written are in force here, and their status says who lacks them.
        """
        await self._news()
        self._following.news.clear()
        resource = self._following.resource
        effective, faults = self._decide(resource.spec if resource else {})
        problem = await self._written(effective)
        answers = await self._rollout.look(effective.digest)
        if not (self._stricter and self._rollout.behind):
            self._in_force.put(effective)
        if resource is not None:
            await self._tell(resource, Verdict(faults, effective.digest, answers, self._servers()))
        if problem is not None:
            raise problem
        self._due = min(self._rollout.due, SECONDS_BETWEEN_COUNTS)
        return timedelta(0)

    async def _news(self) -> None:
        """Wait for what is new; after a turn that failed, for nothing."""
        await self._following.known()
        seconds, self._due = self._due, 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._following.news.wait()

    def _decide(self, spec: Json) -> tuple[Effective, str | None]:
        """The settings for this spec, or the last good ones and what is wrong with the spec."""
        if self._decided is None or self._decided[0] != spec:
            try:
                self._decided = spec, settle(spec, self._locks), None
            except SettingsError as error:
                LOG.error(  # noqa: TRY400 - its sentences are ours
                    "the settings resource is not valid: the last good settings stay in force",
                    extra={"fields": {"reason": str(error)}},
                )
                good = self._decided[1] if self._decided else self._last_good()
                self._decided = spec, good, str(error)
        return self._decided[1:]

    def _last_good(self) -> Effective:
        """What the controller before has written, under the locks of this one."""
        files = self._following.files
        if files is None or SOURCE_FILE not in files:
            return settle({}, self._locks)
        try:
            (document,) = reader.read_documents(files[SOURCE_FILE], SOURCE_FILE)
            return settle(document.value, self._locks)
        except (DocumentError, SettingsError, ValueError) as error:
            LOG.error(  # noqa: TRY400 - its sentences are ours
                "the last good settings cannot be used: those of chart and environment hold alone",
                extra={"fields": {"reason": str(error)}},
            )
            return settle({}, self._locks)

    async def _written(self, effective: Effective) -> ApiError | None:
        try:
            await self._write(effective)
        except ApiError as error:
            return error
        return None

    async def _write(self, effective: Effective) -> None:
        wanted = {FILE: effective.text, SOURCE_FILE: effective.source}
        before = self._following.files or {}
        if wanted.items() <= before.items():
            return
        self._stricter = _is_stricter(effective, before)
        await self._following.write(wanted, LABELS)
        LOG.info("settings are distributed", extra={"fields": {"digest": effective.digest}})

    async def _tell(self, resource: Resource, verdict: Verdict) -> None:
        """Write the status if it differs; where only counts do, not at once."""
        wanted = status(resource, verdict, self._locks, f"{self._clock():%Y-%m-%dT%H:%M:%SZ}")
        if wanted == resource.status:
            return
        clock = asyncio.get_running_loop().time
        counts_alone = _without_counts(wanted) == _without_counts(resource.status)
        if counts_alone and clock() < self._counts_at:
            return
        with suppress(NotFound):
            await self._following.write_status(resource.uid, wanted)
        self._counts_at = clock() + SECONDS_BETWEEN_COUNTS

    def _servers(self) -> Mapping[str, int] | None:
        states = self.states()
        if not states:
            return None
        counts = {key: states[state] for state, key in COUNTED.items()}
        return {"total": sum(counts.values()), **counts}


def _is_stricter(effective: Effective, before: Mapping[str, str]) -> bool:
    """Whether namespaces have to wait for the replicas, which work by these files until now."""
    try:
        settings = parse_settings(before[FILE], FILE)
    except (KeyError, SettingsError):
        return False
    return asks_more(
        effective.settings.mcp_namespace.pod_security, settings.mcp_namespace.pod_security
    )


def _without_counts(found: Json) -> Json:
    return {key: value for key, value in found.items() if key != "servers"}
