"""Work and its Lease: each on a loop of its own, so that neither keeps the other."""

import asyncio
import threading
import time
from contextlib import nullcontext
from typing import Any

import pytest

from tests.kube.test_lease import Line, Stored
from webhook.kube.leader import lead
from webhook.kube.lease import Lease


class Leading:
    """One process that leads over a Lease, which it renews fifty times a second."""

    def __init__(self) -> None:
        self.stored = Stored()
        self.told: list[bool] = []
        self.threads: set[int] = set()
        self.lease = Lease(
            self.connect,
            "/leases",
            "lease",
            "one",
            self.told.append,
            duration=60.0,
            renew=50.0,
            retry=0.02,
        )

    async def connect(self) -> Any:
        self.threads.add(threading.get_ident())
        return nullcontext(Line(self.stored))

    async def lead(self, work: Any, stop: asyncio.Event | None = None) -> None:
        await lead(self.lease, work, stop or asyncio.Event())


async def test_work_that_keeps_its_loop_busy_keeps_the_lease() -> None:
    one = Leading()
    renewed: list[int] = []

    async def work() -> None:
        before, began = len(one.stored.holders), time.monotonic()
        lasts_until = began + one.lease.remaining
        while len(one.stored.holders) - before <= 3 and time.monotonic() < began + 30:
            time.sleep(0.01)  # noqa: ASYNC251 - it is the work that gives nobody a turn
        renewed.append(len(one.stored.holders) - before)
        assert time.monotonic() + one.lease.remaining > lasts_until
        assert threading.get_ident() not in one.threads

    await one.lead(work)

    assert renewed[0] > 3
    assert one.told == [True, False]
    assert one.stored.holders[-1] == "", "given up at the end"


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await Leading().lead(work)


async def test_what_keeps_the_lease_from_being_looked_at_is_raised() -> None:
    one = Leading()
    one.lease.connect = Leading.__init__  # type: ignore[assignment]

    with pytest.raises(TypeError):
        await one.lead(asyncio.Event().wait)


async def test_work_ends_by_itself_when_it_is_to_stop() -> None:
    one, stop, ended = Leading(), asyncio.Event(), []

    async def work() -> None:
        stop.set()
        await asyncio.sleep(0)
        ended.append("by itself")

    await one.lead(work, stop)
    assert ended == ["by itself"]


async def test_a_process_that_does_not_lead_stops_at_once() -> None:
    one, stop = Leading(), asyncio.Event()
    spec = {"holderIdentity": "another", "leaseDurationSeconds": 1000}
    one.stored.store({"metadata": {"name": "lease"}, "spec": spec})
    stop.set()

    await one.lead(asyncio.Event().wait, stop)
    assert one.told == []


async def test_a_lease_that_is_lost_cancels_the_work_and_waits_for_its_end() -> None:
    one, begun, ended = Leading(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(list(one.told))

    leading = asyncio.create_task(one.lead(work))
    await begun.wait()
    assert one.stored.found is not None
    spec = {**one.stored.found["spec"], "holderIdentity": "x", "leaseDurationSeconds": 1000}
    one.stored.store({**one.stored.found, "spec": spec})
    while not ended:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    leading.cancel()
    await asyncio.wait([leading])

    assert leading.cancelled()
    assert ended == [[True]], "it leads until the work has ended"
    assert one.told == [True, False]
