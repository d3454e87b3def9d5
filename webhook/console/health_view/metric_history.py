"""What replicas did in the last hour, from what they had counted at two times.

Nothing is asked while nobody looks. Who looks again after a while gets the mean of that while, as
counters count on. What was counted before the first look is not known.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple, TypeVar

from webhook.console.health_view.metric_reading import (
    CONTROL,
    SERVE,
    MetricReading,
    PodMetrics,
    read_metrics,
)
from webhook.controller.installation import Installation
from webhook.kube import Api

SECONDS_BETWEEN, SECONDS_KEPT = 15.0, 3600.0
MOST_INTERVALS, MOST_NAMES = int(SECONDS_KEPT / SECONDS_BETWEEN), 100
"""Intervals that are kept, and different decisions, times or rules of one."""
REFUSED, DRY_RUN = "refused", "dry-run"
Key = TypeVar("Key", str, float)


class Interval(NamedTuple):
    """What all replicas did from one time to another, in seconds since 1970."""

    began: float
    ended: float
    reviews: dict[str, float]
    within: dict[float, float]
    refusals: dict[str, float]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.ended - self.began

    def per_second(self, *decisions: str) -> float:
        """Reviews a second: of these decisions, or of all."""
        counted = decisions or self.reviews
        return sum(self.reviews.get(each, 0.0) for each in counted) / self.seconds

    def quantile(self, part: float) -> float | None:
        """The seconds within which this part of the reviews ended; None without one."""
        return quantile(self.within, part)


class MetricHistory:
    """The last hour of the replicas, as one person may see it."""

    def __init__(
        self, api: Api, places: Installation, clock: Callable[[], float] = time.time
    ) -> None:
        self._api, self._places, self._clock = api, places, clock
        self._intervals: list[Interval] = []
        self._last: dict[str, PodMetrics] = {}
        self._at = -inf
        self._turn = asyncio.Lock()
        self.replicas, self.controllers = MetricReading({}), MetricReading({})

    async def look(self) -> None:
        """Ask the pods, unless that was done less than 15 seconds ago; raises ApiError."""
        async with self._turn:
            if self._clock() - self._at < SECONDS_BETWEEN:
                return
            self.replicas = await read_metrics(self._api, self._places, SERVE)
            self.controllers = await read_metrics(self._api, self._places, CONTROL)
            self._take(self._clock(), self.replicas.pods)

    @property
    def intervals(self) -> list[Interval]:
        """Those of the last hour, the oldest first."""
        oldest = self._clock() - SECONDS_KEPT
        return [each for each in self._intervals if each.ended > oldest]

    @property
    def counted_since(self) -> datetime | None:
        """The time since when something is known of the last hour."""
        first = next(iter(self.intervals), None)
        began = first and max(first.began, self._clock() - SECONDS_KEPT)
        return None if began is None else datetime.fromtimestamp(began, UTC)

    def refusals(self) -> list[tuple[str, float]]:
        """How often each rule refused in the last hour, the most frequent first."""
        found = dict[str, float]()
        for interval in self.intervals:
            for rule, count in interval.refusals.items():
                found[rule] = found.get(rule, 0.0) + count
        counted = ((rule, count) for rule, count in found.items() if count)
        return sorted(counted, key=lambda each: (-each[1], each[0]))

    @property
    def queues(self) -> dict[str, float] | None:
        """The keys that wait in the leader's queues, by reconciler; None where nobody knows."""
        leading = [each for each in self.controllers.pods.values() if each.leads]
        return leading[0].queues if len(leading) == 1 else None

    def _take(self, now: float, pods: Mapping[str, PodMetrics]) -> None:
        # A replica that did not answer last time is counted from now on.
        seen = [(self._last[name], found) for name, found in pods.items() if name in self._last]
        if seen and now > self._at:
            self._intervals.append(
                Interval(
                    self._at,
                    now,
                    _grown((before.reviews, after.reviews) for before, after in seen),
                    _grown((before.within, after.within) for before, after in seen),
                    _grown((before.refusals, after.refusals) for before, after in seen),
                )
            )
            del self._intervals[:-MOST_INTERVALS]
        self._last, self._at = dict(pods), now


def quantile(within: Mapping[float, float], part: float) -> float | None:
    """The seconds within which this part of reviews ended, as Prometheus's histogram_quantile.

    `within` are reviews that took at most so many seconds. Beyond the longest of these it is that.
    """
    wanted = part * within.get(inf, 0.0)
    limit = count = 0.0
    for longer, more in sorted(within.items()) if wanted else ():
        if more >= wanted:
            return (
                limit
                if longer == inf
                else limit + (longer - limit) * (wanted - count) / (more - count)
            )
        limit, count = longer, more
    return None


def _grown(pairs: Iterable[tuple[Mapping[Key, float], Mapping[Key, float]]]) -> dict[Key, float]:
    """By how much counters have grown, in all pods; one that is less than before began anew."""
    found: dict[Key, float] = {}
    for before, after in pairs:
        for key, value in after.items():
            was = before.get(key, 0.0)
            if key in found or len(found) < MOST_NAMES:
                found[key] = found.get(key, 0.0) + (value - was if value >= was else value)
    return found
