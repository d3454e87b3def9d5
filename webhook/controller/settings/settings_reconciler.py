"""The settings: decide which are in force, write them, and see that every replica has them.

A change is made in steps: steps.py. The controller itself follows at once, except for a stricter
Pod Security level: namespaces would refuse what a replica fills in by the settings before, so they
wait for the last step.

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
from webhook.controller.settings import steps
from webhook.controller.settings.distribution import ChangeStep, Distribution, resource_status
from webhook.controller.settings.effective import EffectiveSettings, asks_more, effective_settings
from webhook.controller.settings.propagation import PATIENCE, Propagation
from webhook.controller.settings.settings_store import SettingsResource, SettingsStore
from webhook.documents import DocumentError, reader
from webhook.kube import Api, ApiError, NotFound
from webhook.settings import ACCEPTED_FILE, COUNTED, Layer, SettingsError, Stage

SOURCE_FILE = "resource.yaml"
LABELS = {"app.kubernetes.io/name": names.PRODUCT, **OWN_LABELS}
# Counts of servers alone cause no more writes than this.
SECONDS_BETWEEN_COUNTS = 15.0
# What was filled in before the last replica changed is checked within this time.
LINGERING = 1.0
# Settings that cannot be written keep namespaces from following no longer than this.
LONGEST_HOLD = 2 * PATIENCE

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
        self._decided_at = 0.0
        # The step that the ConfigMap should say; the next leader reads it there.
        self._stage: Stage | None = None
        self._at_once = self._followed = False
        self._counts_at = 0.0

    async def reconcile(self, _key: str = "") -> float | None:
        """Let ConfigMap, replicas and status be as they should; raises ApiError.

        Settings that cannot be written are in force here, and their status names who lacks them.
        """
        if not self._store.known:
            return None
        resource = self._store.resource
        effective, faults = self._decide(resource.spec if resource else {})
        stage = self._due_stage(effective)
        while True:
            problem = await self._written(stage, effective)
            answers = await self._propagation.look(stage.digest)
            following = self._due_stage(effective)
            if problem is not None or following == stage:
                break
            stage = following
        if not self._holds(stage, effective):
            self._use(effective)
            self._followed = True
        if resource is not None:
            step = ChangeStep(steps.step_number(stage, effective.written), stage.digest)
            found = Distribution(
                faults, effective.digest, answers, self._servers(), step, self._at_once
            )
            await self._write_status(resource, found)
        if problem is not None:
            raise problem
        return min(self._propagation.due, self._lingers(stage), SECONDS_BETWEEN_COUNTS)

    def _due_stage(self, effective: EffectiveSettings) -> Stage:
        """The step to be made now: the one that was, or the next one on the way."""
        stage = self._stage or steps.read_stage(self._store.files or {})
        if stage is None:
            return Stage(effective.written)
        since = self._propagation.reached_for(stage.digest)
        following = steps.following_stage(
            stage,
            effective.written,
            reached=since is not None,
            over=since is not None and since >= LINGERING,
        )
        return following if following == stage else steps.fitting_stage(following, effective)

    def _lingers(self, stage: Stage) -> float:
        """In how many seconds the last step begins, if nobody is waited for."""
        since = self._propagation.reached_for(stage.digest)
        if since is None or not stage.accepted:
            return SECONDS_BETWEEN_COUNTS
        return max(0.0, LINGERING - since)

    def _holds(self, stage: Stage, effective: EffectiveSettings) -> bool:
        """Whether namespaces wait for replicas, which fill in by less strict settings."""
        if stage.current == effective.written and not self._followed and self._propagation.behind:
            # What the controller before has written may not have reached them.
            return True
        if asyncio.get_running_loop().time() >= self._decided_at + LONGEST_HOLD:
            return False
        return any(asks_more(effective.settings, each.cluster) for each in stage.filled_in_by)

    def _decide(self, spec: Json) -> tuple[EffectiveSettings, str | None]:
        """The settings for this spec, or the last good ones and what is wrong with the spec."""
        if self._decided is None or self._decided[0] != spec:
            self._decided_at, self._at_once = asyncio.get_running_loop().time(), False
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

    async def _written(self, stage: Stage, effective: EffectiveSettings) -> ApiError | None:
        try:
            await self._write(stage, effective)
        except ApiError as error:
            return error
        return None

    async def _write(self, stage: Stage, effective: EffectiveSettings) -> None:
        """Let the ConfigMap say this step."""
        wanted = {**stage.files, SOURCE_FILE: effective.source}
        files = self._store.files
        if not wanted.items() <= {ACCEPTED_FILE: "", **(files or {})}.items():
            before = self._stage or steps.read_stage(files or {})
            await self._store.write(wanted, LABELS)
            number = steps.step_number(stage, effective.written)
            fields = {"digest": effective.digest, "step": f"{number} of {steps.STEPS}"}
            LOG.info("settings distributed", extra={"fields": fields})
            if before is not None and number == steps.STEPS:
                self._at_once |= before.current != stage.current
        self._stage = stage

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


def _without_counts(found: Json) -> Json:
    return {key: value for key, value in found.items() if key != "servers"}
