"""What a person sees of the installation: the checks of `mcp-admission check`, and the metrics.

It is read while somebody looks, and at most once in 15 seconds. A reading goes on when the page
that wanted it is gone, and the next page gets it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook.console.health_view.metric_history import SECONDS_BETWEEN, MetricHistory
from webhook.controller.installation import (
    REGISTRATIONS_CONFIG_MAP,
    WEBHOOK_CONFIGURATIONS,
    Installation,
)
from webhook.controller.probe import registrations
from webhook.fleet import cluster_snapshot, settings_in_force
from webhook.fleet.checkup import catalog, overview
from webhook.fleet.checkup.checks import FAULT, OK, UNKNOWN, CheckResult, Snapshot, Told, run_checks
from webhook.kube import Api, Forbidden, NotFound, namespaced

CHECKS = tuple(each for each in catalog.CHECKS_AFTER if each.part != catalog.SERVERS)
"""The servers have a page of their own."""
MOST_NEEDS, LOOK_SECONDS = 10, SECONDS_BETWEEN
AS_SHIPPED = "both webhook configurations are as the chart has shipped them"

Json = dict[str, Any]


class HealthSeen(NamedTuple):
    """The installation at a time of the API server's clock.

    `registrations` are what is not as the chart has shipped it, or that all is.
    """

    at: datetime
    results: list[CheckResult]
    overview: Json
    registrations: tuple[Told, ...]

    @property
    def needs(self) -> list[Told]:
        """What needs a person, the worst first."""
        found = [each for each in self.registrations if each.verdict == FAULT]
        return [*found, *overview.worst_told(self.results, MOST_NEEDS)][:MOST_NEEDS]


class HealthReading:
    """The latest reading of one person, and the history of the metrics as they may see them."""

    def __init__(
        self, api: Api, places: Installation, clock: Callable[[], float] = time.time
    ) -> None:
        self._api, self._places, self._clock = api, places, clock
        self.history = MetricHistory(api, places, clock)
        self.seen: HealthSeen | None = None
        self._task: asyncio.Task[None] | None = None
        self._at = 0.0

    @property
    def now(self) -> float:
        """The time by which the history is kept, in seconds since 1970."""
        return self._clock()

    async def look(self, seconds: float) -> None:
        """Read it again where it is old, and wait so long for that; raises what kept it away."""
        if self._task is None and self._clock() - self._at >= LOOK_SECONDS:
            self._task = asyncio.create_task(self._read())
        task = self._task
        if task is None:
            return
        await asyncio.wait([task], timeout=seconds)
        if task.done():
            if self._task is task:
                self._task = None
            task.result()

    async def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _read(self) -> None:
        await self.history.look()
        self.seen = await self._take()
        self._at = self._clock()

    async def _take(self) -> HealthSeen:
        api, places = self._api, self._places
        by = await settings_in_force.judging_settings_in_force(api, places.namespace)
        found = await cluster_snapshot.take_snapshot(
            api, places, by, catalog.names_read(CHECKS), fleet=False
        )
        results = run_checks(CHECKS, found)
        compared = tuple(await compare_registrations(api, found))
        at = found.now.astimezone(UTC)
        return HealthSeen(at, results, overview.overview(found, results), compared)


async def compare_registrations(api: Api, seen: Snapshot) -> list[Told]:
    """Whether the webhook configurations are as the chart has shipped them; raises ApiError."""
    called = f"ConfigMap {seen.places.namespace}/{REGISTRATIONS_CONFIG_MAP}"
    path = namespaced("v1", "configmaps", seen.places.namespace, REGISTRATIONS_CONFIG_MAP)
    unread = [seen.readings[kind].unread for kind in WEBHOOK_CONFIGURATIONS]
    if any(unread):
        return [Told(UNKNOWN, next(filter(None, unread)))]
    try:
        installed = registrations.installed_entries((await api.get(path)).get("data") or {})
    except Forbidden as error:
        return [Told(UNKNOWN, f"{called} may not be read by you: {error.message}")]
    except NotFound:
        return [Told(UNKNOWN, f"{called} is not there: the chart writes it", seen.put_back)]
    except ValueError as error:
        return [Told(UNKNOWN, f"{called} cannot be read: {error}", seen.put_back)]
    present = {
        kind: registrations.entries_of(found.get("webhooks"))
        for kind in WEBHOOK_CONFIGURATIONS
        if (found := seen.one(kind)) is not None
    }
    told = list(_differences(registrations.Registrations(installed, present)))
    return [Told(FAULT, each, seen.put_back) for each in told] or [Told(OK, AS_SHIPPED)]


def _differences(found: registrations.Registrations) -> Iterator[str]:
    """Each sentence once: some are about both scopes."""
    scopes = [scope for scope in registrations.ENTRIES if found.has(scope)]
    told = (each.sentence for scope in scopes for each in found.differences(scope))
    yield from dict.fromkeys(told)
