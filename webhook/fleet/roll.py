"""Rolls one server to the current settings, by the update that `kubectl rollout restart` sends.

The webhook fills the template in again while it passes; to send a filled-in template instead would
be undone there, as what a manifest says that comes again. Each update is tried as a dry run first:
a server that would be refused, or that would come out as it was, is not touched.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from webhook.admission.drift import CURRENT, REFUSED
from webhook.fleet.rollout import progress
from webhook.fleet.targets import Target, Targets
from webhook.fleet.workloads import changed, refused
from webhook.kube.api import Api
from webhook.kube.api_request import namespaced
from webhook.kube.errors import ApiError, Conflict, Forbidden, NotFound, TooManyRequests
from webhook.kube.queue import Backoff

Json = dict[str, Any]
RESTARTED = "kubectl.kubernetes.io/restartedAt"
BETWEEN_LOOKS = 1.0
TRIES = 10
SECONDS_WITHOUT_ANSWER = 120.0
TOO_OFTEN = "it is written too often to be changed, or the API server has no time: try again"
OTHER_SETTINGS = (
    "the API server would store it as it is: its webhook is not registered, works with "
    "other settings than these, or another webhook undoes what it fills in; see `kubectl get "
    "mutatingwebhookconfiguration mcp-admission`; after a changed setting wait a minute "
    "and run it again"
)


class End(Enum):
    """How it ended for one server, in the word that programs read and in those for people."""

    def __init__(self, word: str, said: str) -> None:
        self.word, self.said = word, said

    ROLLED = "rolled", "rolled"
    WOULD_ROLL = "would-roll", "would roll"
    CURRENT = "current", "is current"
    GONE = "gone", "is gone"
    REFUSED = "refused", "would be refused, and was not touched"
    PAUSED = "paused", "is paused, and was not touched"
    FAILED = "failed", "failed"
    INTERRUPTED = "interrupted", "goes on rolling by itself"


class Rolled(NamedTuple):
    """One server, and what there is to say about it."""

    target: Target
    end: End
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roller:
    """Rolls servers; `tell` is told how far the present one is, `stop` is set to end early."""

    api: Api
    targets: Targets
    stop: asyncio.Event
    tell: Callable[[str], None]
    dry_run: bool = False

    async def roll(self, target: Target) -> Rolled:
        """Make one server current, and wait until it is; what goes wrong is told."""
        try:
            for _ in range(TRIES):
                try:
                    return await self._rolled(target)
                except Conflict:
                    # Somebody, often its own controller, wrote meanwhile: judge it anew.
                    await asyncio.sleep(BETWEEN_LOOKS / TRIES)
                except TooManyRequests as error:
                    await asyncio.sleep(error.retry_after)
            return Rolled(target, End.FAILED, (TOO_OFTEN,))
        except NotFound:
            return Rolled(target, End.GONE)
        except ApiError as error:
            return Rolled(target, End.FAILED, (error.message,))

    async def _rolled(self, target: Target) -> Rolled:
        found = await self.api.get(_path(target))
        outlook = await self.targets.outlook(found)
        if outlook.state == CURRENT:
            return Rolled(target, End.CURRENT)
        if outlook.state == REFUSED:
            reasons = tuple(refused(each).line for each in outlook.reasons)
            return Rolled(target, End.REFUSED, reasons)
        if found["spec"].get("paused"):
            return Rolled(target, End.PAUSED, ("resume it with kubectl rollout resume",))
        tried = await self._patch(target, found, dry_run=True)
        if (await self.targets.outlook(tried)).state != CURRENT:
            return Rolled(target, End.FAILED, (OTHER_SETTINGS,))
        if self.dry_run:
            fields = tuple(changed(each).line for each in outlook.changes)
            return Rolled(target, End.WOULD_ROLL, fields)
        rolling = await self._patch(target, found, dry_run=False)
        return await self._wait(target, rolling)

    async def _patch(self, target: Target, found: Json, *, dry_run: bool) -> Json:
        seen = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        annotations = {RESTARTED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        body = {"metadata": seen, "spec": {"template": {"metadata": {"annotations": annotations}}}}
        return await self.api.patch(_path(target), body, kind="merge", dry_run=dry_run)

    async def _wait(self, target: Target, rolling: Json) -> Rolled:
        """Look once a second until it is rolled out, does not go on, or somebody wants to stop."""
        clock = asyncio.get_running_loop().time
        began, found = clock(), rolling
        while True:
            now = progress(found)
            if now.done:
                return Rolled(target, End.ROLLED, (f"{now.line}, after {clock() - began:.0f} s",))
            if now.stuck:
                return Rolled(target, End.FAILED, (now.line,))
            self.tell(now.line)
            if await self._stopped(BETWEEN_LOOKS):
                return Rolled(target, End.INTERRUPTED, (now.line,))
            found = await self._look(target, found)
            if found["metadata"]["uid"] != rolling["metadata"]["uid"]:
                return Rolled(target, End.GONE)

    async def _look(self, target: Target, found: Json) -> Json:
        """The Deployment as it is now; as it was, where somebody stops before there is an answer.

        An API server that does not answer may come back.
        """
        clock, backoff = asyncio.get_running_loop().time, Backoff()
        ends = clock() + SECONDS_WITHOUT_ANSWER
        while True:
            try:
                return await self.api.get(_path(target))
            except (NotFound, Forbidden):
                raise
            except ApiError as error:
                if clock() > ends:
                    raise
                self.tell(error.message)
            if await self._stopped(backoff.next()):
                return found

    async def _stopped(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _path(target: Target) -> str:
    return namespaced("apps/v1", "deployments", *target)
