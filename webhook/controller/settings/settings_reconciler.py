"""The settings: decide which are in force, write them, and see that every replica has them.

The controller itself follows at once, except for a stricter Pod Security level: namespaces would
refuse what a replica fills in by the previous settings.

A resource that is not valid changes nothing. The last valid settings stay in force: those of this
process or, for the next leader, those in the ConfigMap. What is locked is in force in any case.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from webhook import names
from webhook.controller.installation import OWN_LABELS, Installation
from webhook.controller.settings.distribution import Distribution, Propagation, resource_status
from webhook.controller.settings.effective import EffectiveSettings, asks_more, effective_settings
from webhook.controller.settings.settings_store import SettingsResource, SettingsStore
from webhook.documents import reader
from webhook.documents.reader import DocumentError
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, NotFound
from webhook.settings.faults import SettingsError
from webhook.settings.layers import FILE, Layer
from webhook.settings.load import COUNTED, parse_settings

SOURCE_FILE = "resource.yaml"
LABELS = {"app.kubernetes.io/name": names.PRODUCT, **OWN_LABELS}
# Counts of servers alone cause no more writes than this.
SECONDS_BETWEEN_COUNTS = 15.0

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class SettingsReconciler:
    """Writes what differs, and comes back to see whether every replica has it.

    `use` is called with the settings that the controller itself is to work by. `states` returns how
    many servers there are of each state of `drift`, nothing while that is not known.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it reads, and where its results go
        self,
        api: Api,
        installation: Installation,
        store: SettingsStore,
        locks: Sequence[Layer],
        use: Callable[[EffectiveSettings], None],
        states: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._store, self._locks, self._use, self._states = store, locks, use, states
        self._propagation = Propagation(api, installation)
        self._clock: Callable[[], datetime] = api.server_time
        self._decided: tuple[Json, EffectiveSettings, str | None] | None = None
        # What the previous leader has written is not known: the replicas may not have it yet.
        self._stricter = True
        self._counts_at = 0.0

    async def reconcile(self, _key: str = "") -> float | None:
        """Let ConfigMap, replicas and status be as they should; raises ApiError.

        Settings that cannot be written are in force here, and their status names who lacks them.
        """
        if not self._store.known:
            return None
        resource = self._store.resource
        effective, faults = self._decide(resource.spec if resource else {})
        problem = await self._written(effective)
        answers = await self._propagation.look(effective.digest)
        if not (self._stricter and self._propagation.behind):
            self._use(effective)
        if resource is not None:
            found = Distribution(faults, effective.digest, answers, self._servers())
            await self._write_status(resource, found)
        if problem is not None:
            raise problem
        return min(self._propagation.due, SECONDS_BETWEEN_COUNTS)

    def _decide(self, spec: Json) -> tuple[EffectiveSettings, str | None]:
        """The settings for this spec, or the last good ones and what is wrong with the spec."""
        if self._decided is None or self._decided[0] != spec:
            try:
                self._decided = spec, effective_settings(spec, self._locks), None
            except SettingsError as error:
                LOG.error(  # noqa: TRY400 - its sentences are ours
                    "settings resource not valid: the last valid settings stay in force",
                    extra={"fields": {"reason": str(error)}},
                )
                good = self._decided[1] if self._decided else self._last_good()
                self._decided = spec, good, str(error)
        return self._decided[1:]

    def _last_good(self) -> EffectiveSettings:
        """What the controller before has written, under the locks of this one."""
        files = self._store.files
        if files is None or SOURCE_FILE not in files:
            return effective_settings({}, self._locks)
        try:
            (document,) = reader.read_documents(files[SOURCE_FILE], SOURCE_FILE)
            return effective_settings(document.value, self._locks)
        except (DocumentError, SettingsError, ValueError) as error:
            LOG.error(  # noqa: TRY400 - its sentences are ours
                "last valid settings not usable: those of chart and environment hold alone",
                extra={"fields": {"reason": str(error)}},
            )
            return effective_settings({}, self._locks)

    async def _written(self, effective: EffectiveSettings) -> ApiError | None:
        try:
            await self._write(effective)
        except ApiError as error:
            return error
        return None

    async def _write(self, effective: EffectiveSettings) -> None:
        wanted = {FILE: effective.text, SOURCE_FILE: effective.source}
        before = self._store.files or {}
        if wanted.items() <= before.items():
            return
        self._stricter = _is_stricter(effective, before)
        await self._store.write(wanted, LABELS)
        LOG.info("settings distributed", extra={"fields": {"digest": effective.digest}})

    async def _write_status(self, resource: SettingsResource, found: Distribution) -> None:
        """Write the status if it differs; where only counts do, not at once."""
        wanted = resource_status(
            resource, found, self._locks, f"{self._clock():%Y-%m-%dT%H:%M:%SZ}"
        )
        if wanted == resource.status:
            return
        clock = asyncio.get_running_loop().time
        counts_alone = _without_counts(wanted) == _without_counts(resource.status)
        if counts_alone and clock() < self._counts_at:
            return
        with suppress(NotFound):
            await self._store.write_status(resource.uid, wanted)
        self._counts_at = clock() + SECONDS_BETWEEN_COUNTS

    def _servers(self) -> Mapping[str, int] | None:
        states = self._states()
        if not states:
            return None
        counts = {key: states[state] for state, key in COUNTED.items()}
        return {"total": sum(counts.values()), **counts}


def _is_stricter(effective: EffectiveSettings, before: Mapping[str, str]) -> bool:
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
