"""The settings: see that every replica has those that are in force.

A change is made in steps: steps.py. What users change for namespaces meanwhile waits for the last
step and goes out together, so that nobody who changes something all the time keeps others from
theirs. The controller itself follows at once, except for a stricter Pod Security level: namespaces
would refuse what a replica fills in by the settings before, so they wait for the last step.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from math import inf
from typing import Any

from webhook import names
from webhook.controller.installation import OWN_LABELS, Installation
from webhook.controller.settings import steps
from webhook.controller.settings.cluster_decision import SOURCE_FILE, SettingsDecision
from webhook.controller.settings.distribution import (
    NOTHING,
    ChangeStep,
    Distribution,
    Progress,
    resource_status,
)
from webhook.controller.settings.effective import EffectiveSettings, Overlays, asks_more, worked_out
from webhook.controller.settings.followed_classes import FollowedClasses
from webhook.controller.settings.overlay_builder import OverlayBuilder
from webhook.controller.settings.propagation import PATIENCE, Propagation
from webhook.controller.settings.servers_told import SECONDS_BETWEEN_COUNTS, StatusPace, counted
from webhook.controller.settings.settings_store import Files, SettingsResource, SettingsStore
from webhook.kube import Api, ApiError, NotFound, time_text
from webhook.settings import ACCEPTED_FILE, LOCKED_FILE, NAMESPACES_FILE, Layer, Stage

LABELS = {"app.kubernetes.io/name": names.PRODUCT, **OWN_LABELS}
# What was filled in before the last replica changed is checked within this time.
LINGERING = 1.0
# Settings that cannot be written keep namespaces from following no longer than this.
LONGEST_HOLD = 2 * PATIENCE

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class SettingsReconciler:
    """Writes what differs, and comes back to see whether every replica has it.

    `use` is called with the settings that the controller itself is to work by. `states` returns how
    many servers there are of each state of `drift`, nothing while that is not known. `builder` has
    what is changed for namespaces; `tell` is called with how far that is distributed. `others`
    returns the conditions that others know, `classes` know that of the runtime class.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it reads, and where its results go
        self,
        api: Api,
        installation: Installation,
        store: SettingsStore,
        locks: Sequence[Layer],
        use: Callable[[EffectiveSettings], None],
        states: Callable[[], Mapping[str, int]] = dict,
        *,
        builder: OverlayBuilder | None = None,
        tell: Callable[[Progress], None] = lambda _: None,
        others: Callable[[SettingsResource], Mapping[str, Json]] = lambda _: NOTHING,
        classes: FollowedClasses | None = None,
    ) -> None:
        self._store, self._use, self._states = store, use, states
        self._builder, self._tell, self._others = builder, tell, others
        self._classes, self._decision = classes, SettingsDecision(locks)
        self._propagation = Propagation(api, installation)
        self._clock: Callable[[], datetime] = api.server_time
        self._base: EffectiveSettings | None = None
        self._target: EffectiveSettings | None = None
        # The step that the ConfigMap should say; the next leader reads it there.
        self._stage: Stage | None = None
        self._at_once = self._followed = False
        self._target_at, self._pace = 0.0, StatusPace()

    def look_now(self) -> None:
        """Let the next reconcile ask the replicas, however lately they were asked."""
        self._propagation.look_now()

    async def reconcile(self, _key: str = "") -> float | None:
        """Let ConfigMap, replicas and status be as they should; raises ApiError.

        Settings that cannot be written are in force here, and their status names who lacks them.
        """
        if not self._store.known:
            return None
        resource = self._store.resource
        decided, faults = self._decision.decide(
            resource.spec if resource else {}, self._store.files or {}
        )
        effective = await self._targeted(decided)
        stage = await self._due_stage(effective)
        while True:
            problem = None
            try:
                await self._write(stage, effective)
            except ApiError as error:
                problem = error
            answers = await self._propagation.look(stage.digest)
            following = await self._due_stage(effective)
            if problem is not None or following == stage:
                break
            stage = following
        if not await self._holds(stage, effective):
            self._use(effective)
            self._followed = True
        reached = self._propagation.reached_for(stage.digest) is not None
        step = ChangeStep(steps.step_number(stage, effective.written), stage.digest)
        self._tell(Progress(effective.overlays, stage, answers, reached, faults, step.number))
        due = inf
        if resource is not None:
            found = Distribution(
                faults, effective.digest, answers, counted(self._states()), step, self._at_once
            )
            due = await self._write_status(resource, found)
        if problem is not None:
            raise problem
        return min(self._propagation.due, self._lingers(stage), self._unbuilt(effective), due)

    async def _targeted(self, decided: EffectiveSettings) -> EffectiveSettings:
        """The settings to be distributed: these, with what is changed for namespaces."""
        target = self._target
        same = target is not None and self._base is decided
        if target is not None and same and self._moving:
            return target
        overlays = await self._overlays(decided)
        if target is None or not same or target.overlays != overlays:
            target = decided.with_overlays(overlays, target)
            await worked_out(overlays, partial(getattr, target, "digest"))
            self._base, self._target, self._at_once = decided, target, False
            self._target_at = asyncio.get_running_loop().time()
        return target

    async def _overlays(self, decided: EffectiveSettings) -> Overlays:
        if self._builder is None:
            return {}
        if self._builder.known:
            room = self._room(decided)
            if self._builder.stale(decided.settings, room):
                return await self._builder.build(decided.settings, room)
            return self._builder.fitting
        if self._target is not None:
            return self._target.overlays
        # Those of the controller before hold until it is known what users say.
        stage = steps.read_stage(self._store.files or {})
        return (stage.upcoming or stage.current).overlays if stage else {}

    @property
    def _moving(self) -> bool:
        """Whether a change is under way."""
        return self._stage is not None and bool(self._stage.accepted)

    def _room(self, effective: EffectiveSettings) -> int:
        return steps.room_for_overlays(effective, len(self._decision.locked))

    def _unbuilt(self, effective: EffectiveSettings) -> float:
        """In how many seconds the overlays have to be built anew."""
        if self._builder is None or not self._builder.known or self._moving:
            return SECONDS_BETWEEN_COUNTS
        if self._builder.stale(effective.settings, self._room(effective)):
            return 0.0
        return min(self._builder.seconds, SECONDS_BETWEEN_COUNTS)

    async def _due_stage(self, effective: EffectiveSettings) -> Stage:
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
        if following == stage:
            return stage
        fitting = partial(steps.fitting_stage, following, effective, len(self._decision.locked))
        found = await worked_out(effective.overlays, fitting)
        await worked_out(effective.overlays, partial(getattr, found, "digest"))
        return found

    def _lingers(self, stage: Stage) -> float:
        """In how many seconds the last step begins, if nobody is waited for."""
        since = self._propagation.reached_for(stage.digest)
        if since is None or not stage.accepted:
            return SECONDS_BETWEEN_COUNTS
        return max(0.0, LINGERING - since)

    async def _holds(self, stage: Stage, effective: EffectiveSettings) -> bool:
        """Whether namespaces wait for replicas, which fill in by less strict settings."""
        if stage.current == effective.written and not self._followed and self._propagation.behind:
            # What the controller before has written may not have reached them.
            return True
        if asyncio.get_running_loop().time() >= self._target_at + LONGEST_HOLD:
            return False

        def more() -> bool:
            after = effective.by_namespace
            return any(asks_more(after, each) for each in stage.filled_in_by)

        return await worked_out(effective.overlays, more)

    async def _write(self, stage: Stage, effective: EffectiveSettings) -> None:
        """Let the ConfigMap say this step."""
        ours = {SOURCE_FILE: effective.source, LOCKED_FILE: self._decision.locked}
        files = self._store.files
        classes = {} if self._classes is None else self._classes.files(files or {})
        text: Files = {**stage.files, **ours, **classes}
        empty = dict.fromkeys((ACCEPTED_FILE, NAMESPACES_FILE, *classes), "")
        if not {**text, **stage.binary_files}.items() <= {**empty, **(files or {})}.items():
            before = self._stage or steps.read_stage(files or {})
            await self._store.write(text, stage.binary_files, LABELS)
            self._propagation.bring(classes, files or {})
            number = steps.step_number(stage, effective.written)
            fields = {"digest": effective.digest, "step": f"{number} of {steps.STEPS}"}
            LOG.info("settings distributed", extra={"fields": fields})
            if before is not None and number == steps.STEPS:
                self._at_once |= before.current != stage.current
        self._stage = stage

    def _class_exists(self, resource: SettingsResource) -> Mapping[str, Json]:
        if self._classes is None or self._target is None:
            return NOTHING
        named = self._target.settings.mcp_server_defaults.runtime_class_name
        return self._classes.conditions(named, resource.status, resource.generation)

    async def _write_status(self, resource: SettingsResource, found: Distribution) -> float:
        """Write the status if it differs; returns in how many seconds that is due, if not now."""
        now = time_text(self._clock())
        others = {**self._others(resource), **self._class_exists(resource)}
        wanted = resource_status(resource, found, self._decision.locks, now, others)
        clock = asyncio.get_running_loop().time
        due = self._pace.due_in(resource.status, wanted, clock())
        if due > 0:
            return due
        with suppress(NotFound):
            await self._store.write_status(resource.uid, wanted)
        self._pace.wrote(clock())
        return inf
