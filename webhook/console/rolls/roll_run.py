"""A roll of chosen servers that lives in the process, and not in the request that began it.

It is the machine of `mcp-admission apply`. A browser that goes away changes nothing. A pause or a
stop lets no further server begin. Those that roll are seen through then, and rolled back where they
fail. `leave` is for the end of the session or of the process: those that roll are left to
Kubernetes, which continues with them by itself.

Of two programs that roll one server at once, whoever writes first does: each update names the
version that was seen, and a server that is judged again is current.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

from webhook.controller.installation import Installation
from webhook.fleet import fleet_roll, restart, settings_in_force
from webhook.fleet.roll import Restarted, RestartResult, RollEnds, RollWatch
from webhook.fleet.targets import NotEnforced, NotServers, Outdated, Target, Targets
from webhook.kube import Api, ApiError
from webhook.observe import logs
from webhook.settings import Settings, SettingsByNamespace, SettingsError

CHOOSING, ROLLING, PAUSED, STOPPING, ENDED = "choosing", "rolling", "paused", "stopping", "ended"
MOST_SERVERS = 20_000
MOST_LINES, LONGEST_LINE, MOST_CHARACTERS = 30, 400, 2_000_000
"""What is kept of results: lines of each, characters of a line, and of all that differ."""
LEFT_OUT = "more is not kept here: open the server, or use mcp-admission apply --dry-run"
SECONDS_TO_LEAVE = 15.0
TOO_MANY = f"these are more than {MOST_SERVERS} servers: choose a namespace"
SETTINGS_CHANGED = (
    "the settings have changed since the dry run, so that other changes would be made than those "
    "shown: nothing was touched; make a new dry run"
)
SIGNED_OUT = (
    "the API server does not accept your credentials any more: no further server was begun; sign "
    "in again, and make a new dry run"
)
FAILED_ITSELF = "this roll failed itself: the log of the console has the lines of code"
LOG = logging.getLogger(__name__)

Choose = Callable[[Targets], Awaitable[Outdated]]


class RollBounds(NamedTuple):
    """How many roll at a time, how many failures end it, and how long one may take."""

    parallel: int = 1
    most_failures: int | None = 1
    timeout: float | None = None
    rolls_back: bool = True


class RollAccess(NamedTuple):
    """The rights that it is done by, where the product is, and whom to tell that it has changed."""

    api: Api
    places: Installation
    tell: Callable[[], object]


class RollRun:
    """One roll of servers, or with `dry_run` what it would be.

    `choose` says which. `expected` are the settings of namespaces by which they were tried: by
    others, none is rolled.
    """

    def __init__(
        self,
        access: RollAccess,
        choose: Choose,
        bounds: RollBounds,
        *,
        dry_run: bool,
        expected: Mapping[str, Settings] | None = None,
    ) -> None:
        self._access, self._choose = access, choose
        self.bounds, self.dry_run, self._expected = bounds, dry_run, expected
        self.began, self.targets = datetime.now(UTC), list[Target]()
        self.ended: datetime | None = None
        self.current, self.below_enforce = 0, dict[str, int]()
        self.under_way: dict[Target, str] = {}
        self.judged_by: dict[str, Settings] = {}
        self.problem, self.source = "", ""
        self.common: fleet_roll.CommonFailure | None = None
        self._results: dict[RestartResult | None, list[Restarted]] = {
            each: [] for each in (None, *RestartResult)
        }
        self._kept, self._room = dict[str, str](), MOST_CHARACTERS
        self._chosen, self._stop, self._resumed, self._left = (asyncio.Event() for _ in range(4))
        self._resumed.set()
        self._task = asyncio.create_task(self._run())

    @property
    def state(self) -> str:
        """One of CHOOSING, ROLLING, PAUSED, STOPPING and ENDED."""
        if self.ended is not None:
            return ENDED
        if self._stop.is_set():
            return STOPPING
        if not self._resumed.is_set():
            return PAUSED
        return ROLLING if self._chosen.is_set() else CHOOSING

    @property
    def done(self) -> int:
        """How many have ended."""
        return len(self._results[None])

    @property
    def untouched(self) -> int:
        """How many were not begun."""
        return len(self.targets) - self.done - len(self.under_way)

    @property
    def counts(self) -> dict[RestartResult, int]:
        """How many have each result, those without one left out."""
        found = {each: len(self._results[each]) for each in RestartResult}
        return {each: count for each, count in found.items() if count}

    def results(self, result: RestartResult | None = None) -> Sequence[Restarted]:
        """Those that have ended with this result, or all, in the order in which they ended."""
        return self._results[result]

    def pause(self) -> None:
        """Let no further server begin until `resume`."""
        if not self._stop.is_set():
            self._resumed.clear()
        self._access.tell()

    def resume(self) -> None:
        """Go on."""
        self._resumed.set()
        self._access.tell()

    def stop(self) -> None:
        """Let no further server begin; those that roll are seen through."""
        self._stop.set()
        self._resumed.set()
        self._access.tell()

    async def leave(self) -> None:
        """Let no further server begin, leave those that roll to Kubernetes, and wait for the end.

        What the API server has not answered for a while is not waited for: then it is not known
        whether that server rolls.
        """
        self._left.set()
        self.stop()
        await asyncio.wait([self._task], timeout=SECONDS_TO_LEAVE)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def until_ended(self) -> None:
        """Wait for its end, which the one who waits does not bring about."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await self._roll()
        except (ApiError, NotEnforced, NotServers, SettingsError) as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - the console goes on, and the person is told
            LOG.error("roll failed", extra={"fields": logs.failure(error)})  # noqa: TRY400
            self.problem = FAILED_ITSELF
        finally:
            for target, line in [*self.under_way.items()]:
                self._end(Restarted(target, RestartResult.INTERRUPTED, (line,) if line else ()))
            self.ended = datetime.now(UTC)
            self._access.tell()

    async def _roll(self) -> None:
        api, places, _ = self._access
        by = (await settings_in_force.judging_settings_in_force(api, places.namespace)).known
        self.source = by.source
        targets = Targets(api, by.settings, places.namespace)
        found = await self._choose(targets)
        if len(found.targets) > MOST_SERVERS:
            self.problem = TOO_MANY
            return
        self._judge_by(by.settings, found.targets)
        if self._expected is not None and self._expected != self.judged_by:
            self.problem = SETTINGS_CHANGED
            return
        self.targets, self.current, self.below_enforce = found
        self._chosen.set()
        self._access.tell()
        restarter = self._restarter(targets)

        async def roll_one(target: Target) -> Restarted:
            self.under_way[target] = ""
            return self._end(await restarter.restart(target))

        parallel, most_failures = self.bounds.parallel, self.bounds.most_failures
        many = fleet_roll.FleetRoll(
            roll_one, self._stop, parallel, most_failures, self._resumed.wait
        )
        ended = await many.roll(found.targets, lambda _: None)
        common = fleet_roll.common_failure(ended, by.settings.of)
        if common is not None:
            self.common = await fleet_roll.with_sources(api, places.namespace, common, by.source)

    def _restarter(self, targets: Targets) -> restart.Restarter:
        api, bounds = self._access.api, self.bounds
        ends = RollEnds(self._left, bounds.timeout or inf, bounds.rolls_back)
        watch = RollWatch(api, targets, ends, self._told)
        classes = restart.RuntimeClasses(api)
        return restart.Restarter(api, targets, watch, classes, self.dry_run, bounds.rolls_back)

    def _judge_by(self, settings: SettingsByNamespace, targets: list[Target]) -> None:
        namespaces = {each.namespace for each in targets}
        self.judged_by = {each: settings.of(each) for each in namespaces}

    def _told(self, target: Target, line: str) -> None:
        self.under_way[target] = _cut(line)

    def _end(self, ended: Restarted) -> Restarted:
        """Keep the result of a server, with so much of its lines as there is room for."""
        if ended.reason == "Unauthorized":
            self.problem = SIGNED_OUT
            self._stop.set()
        self.under_way.pop(ended.target, None)
        ended = ended._replace(lines=tuple(self._fitting(ended.lines)))
        self._results[None].append(ended)
        self._results[ended.result].append(ended)
        self._access.tell()
        return ended

    def _fitting(self, lines: tuple[str, ...]) -> Iterator[str]:
        """These lines, each kept once for all servers that have it."""
        for line in lines[:MOST_LINES]:
            text = _cut(line)
            if text not in self._kept:
                self._room -= len(text)
                if self._room < 0:
                    yield LEFT_OUT
                    return
                self._kept[text] = text
            yield self._kept[text]
        if len(lines) > MOST_LINES:
            yield LEFT_OUT


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
