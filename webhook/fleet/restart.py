"""The restart of a server by the update of `kubectl rollout restart`.

The webhook fills in the template of this update again. A filled-in template in the update would
not work: the webhook takes its own values out of a template that is applied again. Each update is
tried as a dry run first. A server that would be refused, or would not change, is not touched.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import CURRENT
from webhook.controller.installation import WEBHOOK_CONFIGURATION
from webhook.fleet.rollout import rollout_progress
from webhook.fleet.targets import APPS, Target, Targets
from webhook.fleet.workloads import changed_finding, refused_finding

Json = dict[str, Any]
RESTARTED = "kubectl.kubernetes.io/restartedAt"
POLL_SECONDS = 1.0
TRIES = 10
SECONDS_WITHOUT_ANSWER = 120.0
TOO_OFTEN = "it is written too often to be changed, or the API server is overloaded: try again"
OTHER_SETTINGS = (
    "the API server would store it as it is: its webhook is not registered, works with other "
    "settings than these, or another webhook undoes what it fills in; see `kubectl get "
    f"mutatingwebhookconfiguration {WEBHOOK_CONFIGURATION}`; after a changed setting wait a minute "
    "and run it again"
)
OTHER_PODS = (
    "its pods are new and still not as these settings make them: the webhook is not registered, or "
    "works with other settings; see `mcp-admission audit`"
)


class RestartResult(Enum):
    """The result for one server: a word that programs read, and the words for people."""

    def __init__(self, word: str, said: str) -> None:
        self.word, self.said = word, said

    ROLLED = "rolled", "rolled"
    WOULD_ROLL = "would-roll", "would roll"
    CURRENT = "current", "is current"
    GONE = "gone", "is gone"
    REFUSED = "refused", "would be refused, and was not touched"
    PAUSED = "paused", "is paused, and was not touched"
    FAILED = "failed", "failed"
    INTERRUPTED = "interrupted", "continues rolling by itself"


class Restarted(NamedTuple):
    """One server with its result, and the lines that explain it."""

    target: Target
    result: RestartResult
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Restarter:
    """Restarts servers; `on_progress` gets each line of progress, `stop` is set to end early."""

    api: kube.Api
    targets: Targets
    stop: asyncio.Event
    on_progress: Callable[[str], None]
    dry_run: bool = False

    async def restart(self, target: Target) -> Restarted:
        """Make one server current and wait until it is; a failure is part of the result."""
        try:
            for _ in range(TRIES):
                try:
                    return await self._try(target)
                except kube.Conflict:
                    # Another client, often its own controller, wrote first: judge it again.
                    await asyncio.sleep(POLL_SECONDS / TRIES)
                except kube.TooManyRequests as error:
                    await asyncio.sleep(error.retry_after)
            return Restarted(target, RestartResult.FAILED, (TOO_OFTEN,))
        except kube.NotFound:
            return Restarted(target, RestartResult.GONE)
        except kube.ApiError as error:
            return Restarted(target, RestartResult.FAILED, (error.message,))

    async def _try(self, target: Target) -> Restarted:
        found = await self.api.get(_path(target))
        drift = await self.targets.drift(found)
        if drift.state == CURRENT:
            return Restarted(target, RestartResult.CURRENT)
        if drift.reasons:
            reasons = tuple(refused_finding(each).line for each in drift.reasons)
            return Restarted(target, RestartResult.REFUSED, reasons)
        if found["spec"].get("paused"):
            advice = "resume it with kubectl rollout resume"
            return Restarted(target, RestartResult.PAUSED, (advice,))
        tried = await self._patch(target, found, dry_run=True)
        if (await self.targets.drift_of_template(tried)).state != CURRENT:
            return Restarted(target, RestartResult.FAILED, (OTHER_SETTINGS,))
        if self.dry_run:
            fields = tuple(changed_finding(each).line for each in drift.changes)
            return Restarted(target, RestartResult.WOULD_ROLL, fields)
        rolling = await self._patch(target, found, dry_run=False)
        return await self._wait(target, rolling)

    async def _patch(self, target: Target, found: Json, *, dry_run: bool) -> Json:
        seen = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        annotations = {RESTARTED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        body = {"metadata": seen, "spec": {"template": {"metadata": {"annotations": annotations}}}}
        return await self.api.patch(_path(target), body, kind="merge", dry_run=dry_run)

    async def _wait(self, target: Target, rolling: Json) -> Restarted:
        """Read it once a second until it is rolled out, is stuck, or `stop` is set."""
        clock = asyncio.get_running_loop().time
        began, found = clock(), rolling
        while True:
            now = rollout_progress(found)
            if now.done:
                if (await self.targets.drift_of_pods(found)).state != CURRENT:
                    return Restarted(target, RestartResult.FAILED, (OTHER_PODS,))
                line = f"{now.line}, after {clock() - began:.0f} s"
                return Restarted(target, RestartResult.ROLLED, (line,))
            if now.stuck:
                return Restarted(target, RestartResult.FAILED, (now.line,))
            self.on_progress(now.line)
            if await self._stopped_within(POLL_SECONDS):
                return Restarted(target, RestartResult.INTERRUPTED, (now.line,))
            found = await self._poll(target, found)
            if found["metadata"]["uid"] != rolling["metadata"]["uid"]:
                return Restarted(target, RestartResult.GONE)

    async def _poll(self, target: Target, found: Json) -> Json:
        """The Deployment as it is now, or as it was where `stop` is set before an answer.

        An API server that does not answer is asked again with backoff.
        """
        clock, backoff = asyncio.get_running_loop().time, kube.Backoff()
        ends = clock() + SECONDS_WITHOUT_ANSWER
        while True:
            try:
                return await self.api.get(_path(target))
            except kube.ApiError as error:
                if isinstance(error, kube.NotFound | kube.Forbidden) or clock() > ends:
                    raise
                self.on_progress(error.message)
            if await self._stopped_within(backoff.next()):
                return found

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _path(target: Target) -> str:
    return kube.namespaced(APPS, "deployments", *target)
