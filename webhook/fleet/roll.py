"""One roll from its update to its end: rolled out, failed, or left to continue by itself.

It is looked at once a second. It ends at once where waiting cannot mend what keeps its new pods
from running. What ran before comes back then, unless nobody wants that.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import CURRENT
from webhook.fleet.new_pods import NewPods
from webhook.fleet.rollback import BACK, RolledBack, roll_back
from webhook.fleet.rollout import LOOK, RolloutProgress, rollout_progress
from webhook.fleet.targets import Target, Targets, path_of
from webhook.health import Cause

Json = dict[str, Any]
POLL_SECONDS = 1.0
SECONDS_WITHOUT_ANSWER = 120.0
SECONDS_TO_COME_BACK = 30.0
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
    """One server with its result, and the lines that explain it.

    Of a failure, `reason` is a stable CamelCase word, and `seen` is where it was seen. `fields` are
    those that the roll changed.
    """

    target: Target
    result: RestartResult
    lines: tuple[str, ...] = ()
    reason: str = ""
    seen: str = ""
    rolled_back: bool = False
    fields: tuple[str, ...] = ()


class Rolling(NamedTuple):
    """A roll under way: the Deployment before and after the update, and what the update changed.

    `began` is the time that the update wrote.
    """

    target: Target
    before: Json
    after: Json
    began: str
    fields: tuple[str, ...] = ()

    def failed(self, line: str, reason: str, seen: str = "") -> Restarted:
        """The result where it does not come to its end."""
        end = RestartResult.FAILED
        return Restarted(self.target, end, (line,), reason, seen, fields=self.fields)


@dataclass(frozen=True)
class RollEnds:
    """When a roll ends before it is rolled out, and what becomes of it then.

    `stop` is set to leave it to itself. It fails after `timeout` seconds. With `rolls_back`, a
    failure is taken back.
    """

    stop: asyncio.Event
    timeout: float = inf
    rolls_back: bool = True


class RollWatch:
    """Sees rolls through; `on_progress` gets each line of progress."""

    def __init__(
        self,
        api: kube.Api,
        targets: Targets,
        ends: RollEnds,
        on_progress: Callable[[Target, str], None],
    ) -> None:
        self._api, self._targets = api, targets
        self._ends, self._on_progress = ends, on_progress
        self._new_pods = NewPods(api)

    async def see_through(self, roll: Rolling) -> Restarted:
        """Wait until the roll is rolled out, has failed, or is left to itself."""
        clock = asyncio.get_running_loop().time
        began, found = clock(), roll.after
        while True:
            now = rollout_progress(found)
            if now.done:
                return await self._rolled_out(roll, found, f"after {clock() - began:.0f} s")
            causes = await self._new_pods.causes(found, roll.began)
            failed = self._failure(roll, now, causes, clock() - began)
            if failed is not None:
                return await self._taken_back(roll, failed, paused=found["spec"].get("paused"))
            self._on_progress(roll.target, _with_cause(now.line, causes))
            if await self._stopped_within(POLL_SECONDS):
                end = RestartResult.INTERRUPTED
                return Restarted(roll.target, end, (_with_cause(now.line, causes),))
            found = await self._poll(roll.target, found)
            if found["metadata"]["uid"] != roll.after["metadata"]["uid"]:
                return Restarted(roll.target, RestartResult.GONE)

    async def _rolled_out(self, roll: Rolling, found: Json, when: str) -> Restarted:
        if (await self._targets.drift_of_pods(found)).state != CURRENT:
            return roll.failed(OTHER_PODS, "PodsNotFilledIn")
        line = f"{rollout_progress(found).line}, {when}"
        return Restarted(roll.target, RestartResult.ROLLED, (line,))

    def _failure(
        self, roll: Rolling, now: RolloutProgress, causes: tuple[Cause, ...], seconds: float
    ) -> Restarted | None:
        """The failure that ends the roll now, if there is one."""
        first = causes[0] if causes else None
        if first is not None and first.final:
            return roll.failed(first.message, first.reason, first.seen)
        if now.stuck:
            line, reason = _with_cause(now.line, causes), "NoProgress"
        elif seconds >= self._ends.timeout:
            waited = f"not rolled out after {self._ends.timeout:.0f} s (timeout)"
            line, reason = f"{waited}: {_with_cause(now.line, causes)}", "TimedOut"
        else:
            return None
        return roll.failed(line, *((first.reason, first.seen) if first else (reason,)))

    async def _taken_back(self, roll: Rolling, failed: Restarted, *, paused: object) -> Restarted:
        """The failure, with what became of its roll."""
        if not self._ends.rolls_back or paused:
            return failed
        self._on_progress(roll.target, "rolling back")
        back = await roll_back(self._api, path_of(roll.target), roll.before, roll.after)
        line = back.line if back.found is None else await self._came_back(roll.target, back)
        return failed._replace(lines=(*failed.lines, line), rolled_back=back.done)

    async def _came_back(self, target: Target, back: RolledBack) -> str:
        """The line about a template that is back: whether its pods run, within half a minute."""
        clock, found = asyncio.get_running_loop().time, back.found or {}
        ends = clock() + SECONDS_TO_COME_BACK
        while True:
            now = rollout_progress(found)
            if now.done:
                return f"{BACK}, and its pods run"
            if clock() > ends or await self._stopped_within(POLL_SECONDS):
                return f"{BACK}, whose pods are not all there yet: {now.line}"
            try:
                found = await self._poll(target, found)
            except kube.ApiError as error:
                return f"{BACK}; {error.message}"

    async def _poll(self, target: Target, found: Json) -> Json:
        """The Deployment as it is now, or as it was where `stop` is set before an answer.

        An API server that does not answer is asked again with backoff.
        """
        clock, backoff = asyncio.get_running_loop().time, kube.Backoff()
        ends = clock() + SECONDS_WITHOUT_ANSWER
        while True:
            try:
                return await self._api.get(path_of(target))
            except kube.ApiError as error:
                if isinstance(error, kube.NotFound | kube.Forbidden) or clock() > ends:
                    raise
                self._on_progress(target, error.message)
            if await self._stopped_within(backoff.next()):
                return found

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._ends.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _with_cause(line: str, causes: tuple[Cause, ...]) -> str:
    """The progress, and what its pods wait for where that is known and not said yet."""
    said = causes[0].message if causes else ""
    return f"{line.removesuffix(f': {LOOK}')}: {said}" if said and said not in line else line
