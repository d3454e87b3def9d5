"""The restart of a server by the update of `kubectl rollout restart`.

The webhook fills in the template of this update again. A filled-in template in the update would
not work: the webhook takes its own values out of a template that is applied again. Each update is
tried as a dry run first. A server that would be refused, or would not change, or whose pods would
name a runtime class that is missing, is not touched.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import CURRENT, Drift
from webhook.controller.installation import WEBHOOK_CONFIGURATION
from webhook.fleet import new_pods, roll
from webhook.fleet.roll import Restarted, RestartResult, Rolling
from webhook.fleet.rollback import former_note
from webhook.fleet.targets import Target, Targets, path_of
from webhook.fleet.workloads import changed_finding, refused_finding

Json = dict[str, Any]
TRIES = 10
TOO_OFTEN = "it is written too often to be changed, or the API server is overloaded: try again"
OTHER_SETTINGS = (
    "the API server would store it as it is: its webhook is not registered, works with other "
    "settings than these, or another webhook undoes what it fills in; see `kubectl get "
    f"mutatingwebhookconfiguration {WEBHOOK_CONFIGURATION}`; after a changed setting wait a minute "
    "and run it again"
)


class ClassLookup(NamedTuple):
    """A runtime class that pods would name; `exists` is None where it may not be read."""

    name: str
    exists: bool | None

    @property
    def line(self) -> str:
        """What to tell about it; empty where it is there."""
        told = f"its pods would name the runtime class {self.name}"
        if self.exists is None:
            return f"{told}: whether it exists is unknown, because you may not read runtimeclasses"
        mend = "create it, or change mcpServerDefaults.runtimeClassName"
        return "" if self.exists else f"{told}, which does not exist: {mend}"


class RuntimeClasses:
    """Whether runtime classes exist; each is asked for once."""

    def __init__(self, api: kube.Api) -> None:
        self._api = api
        self._found: dict[str, ClassLookup] = {}

    async def look_up(self, name: str) -> ClassLookup:
        """Whether the one of this name exists, as far as it may be read."""
        if name not in self._found:
            self._found[name] = ClassLookup(name, await self._exists(name))
        return self._found[name]

    async def _exists(self, name: str) -> bool | None:
        try:
            await self._api.get(kube.cluster_wide("node.k8s.io/v1", "runtimeclasses", name))
        except kube.NotFound:
            return False
        except kube.Forbidden:
            return None
        return True


@dataclass(frozen=True)
class Restarter:
    """Restarts servers; what became of an update is for `watch` to see."""

    api: kube.Api
    targets: Targets
    watch: roll.RollWatch
    classes: RuntimeClasses
    dry_run: bool = False
    keeps_note: bool = True

    async def restart(self, target: Target) -> Restarted:
        """Make one server current and wait until it is; a failure is part of the result."""
        try:
            for _ in range(TRIES):
                try:
                    return await self._try(target)
                except kube.Conflict:
                    # Another client, often its own controller, wrote first: judge it again.
                    await asyncio.sleep(roll.POLL_SECONDS / TRIES)
                except kube.TooManyRequests as error:
                    await asyncio.sleep(error.retry_after)
            return Restarted(target, RestartResult.FAILED, (TOO_OFTEN,), "WrittenTooOften")
        except kube.NotFound:
            return Restarted(target, RestartResult.GONE)
        except kube.ApiError as error:
            return Restarted(target, RestartResult.FAILED, (error.message,), error.reason)

    async def _try(self, target: Target) -> Restarted:
        found = await self.api.get(path_of(target))
        drift = await self.targets.drift(found)
        untouched = _untouched(target, found, drift)
        if untouched is not None:
            return untouched
        began = kube.time_text(datetime.now(UTC))
        tried = await self._patch(target, found, began, dry_run=True)
        rolling = Rolling(target, found, tried, began, tuple(each.field for each in drift.changes))
        if (await self.targets.drift_of_template(tried)).state != CURRENT:
            return rolling.failed(OTHER_SETTINGS, "OtherSettings")
        looked_up = await self._runtime_class(tried)
        if self.dry_run:
            fields = tuple(changed_finding(each).line for each in drift.changes)
            told = (looked_up.line,) if looked_up and looked_up.line else ()
            return Restarted(target, RestartResult.WOULD_ROLL, fields + told)
        if looked_up is not None and looked_up.exists is False:
            line = f"{looked_up.line}; it was not touched"
            return rolling.failed(line, "RuntimeClassMissing", "spec.runtimeClassName")
        rolled = await self._patch(target, found, began, dry_run=False)
        return await self.watch.see_through(rolling._replace(after=rolled))

    async def _runtime_class(self, tried: Json) -> ClassLookup | None:
        name = self.targets.runtime_class(tried)
        return await self.classes.look_up(name) if name else None

    async def _patch(self, target: Target, found: Json, began: str, *, dry_run: bool) -> Json:
        seen = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        metadata = {**seen, "annotations": former_note(found, kept=self.keeps_note)}
        annotations = {new_pods.RESTARTED: began}
        template = {"metadata": {"annotations": annotations}}
        body = {"metadata": metadata, "spec": {"template": template}}
        return await self.api.patch(path_of(target), body, kind="merge", dry_run=dry_run)


def _untouched(target: Target, found: Json, drift: Drift) -> Restarted | None:
    """The result for a server that no update is sent for."""
    if drift.state == CURRENT:
        return Restarted(target, RestartResult.CURRENT)
    if drift.reasons:
        reasons = tuple(refused_finding(each).line for each in drift.reasons)
        return Restarted(target, RestartResult.REFUSED, reasons)
    if found["spec"].get("paused"):
        advice = "resume it with kubectl rollout resume"
        return Restarted(target, RestartResult.PAUSED, (advice,))
    return None
