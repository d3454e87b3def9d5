"""An hour of the replicas: rates between two looks, resets, gaps and bounds."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

import pytest

from tests.console.replicas import PLACES, Replicas, replica, reviewed
from webhook.console.health_view.metric_history import MetricHistory, quantile
from webhook.kube.errors import Unreachable
from webhook.observe.metrics import ControllerMetrics, Metrics

Main = Callable[[MetricHistory], Awaitable[None]]


def with_history(replicas: Replicas, main: Main) -> None:
    async def look() -> None:
        api: Any = replicas
        await main(MetricHistory(api, PLACES, lambda: replicas.now))

    asyncio.run(look())


def test_what_happens_between_two_looks_is_a_rate() -> None:
    replicas = Replicas()
    first, second = replicas.add("a"), replicas.add("b")
    reviewed(first, times=100)

    async def main(history: MetricHistory) -> None:
        await history.look()
        assert history.intervals == []
        reviewed(first, times=20)
        reviewed(second, "refused", 10)
        second.findings["privileged", "error"].inc(10)
        replicas.now += 15
        await history.look()
        (found,) = history.intervals
        assert (found.seconds, found.per_second(), found.per_second("refused")) == (15, 2, 10 / 15)
        assert found.refusals == {"privileged": 10}
        assert found.quantile(0.5) == pytest.approx(0.000375)
        assert history.refusals() == [("privileged", 10)]

    with_history(replicas, main)


def test_pods_are_asked_at_most_once_in_fifteen_seconds() -> None:
    replicas = Replicas()
    replicas.add("a")

    async def main(history: MetricHistory) -> None:
        await asyncio.gather(history.look(), history.look())
        replicas.now += 14.9
        await history.look()
        assert len(replicas.asked) == 1
        replicas.now += 0.1
        await history.look()
        assert len(replicas.asked) == 2

    with_history(replicas, main)


def test_a_replica_that_began_anew_counts_from_zero() -> None:
    replicas = Replicas()
    reviewed(replicas.add("a"), times=50)

    async def main(history: MetricHistory) -> None:
        await history.look()
        replicas.answers["a"] = again = Metrics()
        reviewed(again, times=30)
        replicas.now += 30
        await history.look()
        assert history.intervals[0].per_second() == 1

    with_history(replicas, main)


def test_a_replica_that_did_not_answer_is_counted_from_its_next_answer() -> None:
    replicas = Replicas()
    counted = replicas.add("a")

    async def main(history: MetricHistory) -> None:
        await history.look()
        replicas.answers["a"] = Unreachable("no answer")
        replicas.now += 15
        await history.look()
        assert (history.intervals, len(history.replicas.problems)) == ([], 1)
        replicas.answers["a"] = counted
        reviewed(counted, times=1000)
        replicas.now += 15
        await history.look()
        assert history.intervals == []
        reviewed(counted, times=15)
        replicas.now += 15
        await history.look()
        assert [each.per_second() for each in history.intervals] == [1]

    with_history(replicas, main)


def test_a_while_without_a_look_has_its_mean_and_an_hour_is_kept() -> None:
    replicas = Replicas()
    counted = replicas.add("a")

    async def main(history: MetricHistory) -> None:
        await history.look()
        reviewed(counted, times=600)
        replicas.now += 600
        await history.look()
        assert [(each.seconds, each.per_second()) for each in history.intervals] == [(600, 1)]
        for _ in range(250):
            replicas.now += 15
            await history.look()
        assert len(history.intervals) == 240
        replicas.now += 3000
        assert len(history.intervals) == 40
        replicas.now += 3600
        assert (history.intervals, history.refusals()) == ([], [])

    with_history(replicas, main)


def test_the_queues_of_the_leader_are_known_while_one_leads() -> None:
    replicas, control = Replicas(), ControllerMetrics()
    replicas.pods["control"] = [replica("c", "control")]
    replicas.answers["c"] = control

    async def main(history: MetricHistory) -> None:
        await history.look()
        assert history.queues is None
        control.leads(True)
        control.queue_depth.labels("server").set(3)
        replicas.now += 15
        await history.look()
        assert history.queues == {"server": 3}

    with_history(replicas, main)


@pytest.mark.parametrize(
    ("within", "part", "seconds"),
    [
        ({}, 0.5, None),
        ({1.0: 0, inf: 0}, 0.5, None),
        ({1.0: 0, 2.0: 10, inf: 10}, 0.5, 1.5),
        ({1.0: 10, 2.0: 10, inf: 10}, 0.99, 0.99),
        ({1.0: 5, 2.0: 5, inf: 10}, 0.99, 2.0),
    ],
)
def test_a_quantile_is_that_of_prometheus(
    within: dict[float, float], part: float, seconds: float | None
) -> None:
    assert quantile(within, part) == (None if seconds is None else pytest.approx(seconds))
