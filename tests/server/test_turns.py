"""Whose review is next, and what is not begun any more."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from webhook.server.turns import SLICE_SECONDS, Asked, FairQueue, RejectedError, Turns

LATER = 1000.0


class World:
    """A clock that only work moves, and the order in which work was done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done: list[str] = []
        self.turns = Turns(lambda: self.now)

    def work(self, name: str, seconds: float) -> Callable[[], str]:
        def work() -> str:
            self.done.append(name)
            self.now += seconds
            return name

        return work

    def ask(
        self, peer: str, name: str, seconds: float, *, large: bool = False, deadline: float = LATER
    ) -> "asyncio.Task[str]":
        asked = Asked(peer, large, deadline)
        return asyncio.ensure_future(self.turns.take(asked, self.work(name, seconds)))


def test_a_queue_gives_each_peer_its_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        queue.add(item[0], item)
    queue.discard("a", "a2")
    queue.discard("d", "d1")
    assert len(queue) == 5
    assert queue.pop(lambda item: item[0] != "a") == "b1"
    assert [queue.pop() for _ in range(5)] == ["a1", "c1", "b2", "a3", None]
    assert not queue


async def test_what_nobody_waits_for_is_done_at_once() -> None:
    """Neither a future nor a callback for each: one for each slice of work."""
    world = World()
    loop = asyncio.get_running_loop()
    scheduled: list[object] = []
    soon = loop.call_soon
    asked = Asked("a", large=False, deadline=LATER)

    def counted(*args: Any) -> asyncio.Handle:
        scheduled.append(args)
        return soon(*args)

    loop.call_soon = counted  # type: ignore[assignment]
    try:
        for _ in range(100):
            assert await world.turns.take(asked, world.work("a", SLICE_SECONDS / 101)) == "a"
        assert scheduled == []
        await world.turns.take(asked, world.work("a", SLICE_SECONDS / 50))
        assert len(scheduled) == 1
    finally:
        loop.call_soon = soon  # type: ignore[method-assign]


async def test_each_peer_has_its_turn() -> None:
    world = World()
    many = [world.ask("a", f"a{number}", SLICE_SECONDS) for number in range(20)]
    few = [world.ask("b", f"b{number}", SLICE_SECONDS) for number in range(2)]
    await asyncio.gather(*few)
    assert len([name for name in world.done if name[0] == "a"]) <= 6
    assert world.turns.waiting >= 14
    await asyncio.gather(*many)
    assert world.turns.waiting == 0


async def test_small_bodies_come_before_large_ones_and_large_ones_rest() -> None:
    world = World()
    large = [world.ask("a", f"large {number}", 0.1, large=True) for number in range(2)]
    small = [world.ask("b", f"small {number}", SLICE_SECONDS) for number in range(100)]
    await asyncio.gather(*small, *large)
    first, second = (world.done.index(f"large {number}") for number in range(2))
    assert second - first > 50
    assert world.done[-1] != "large 1"


async def test_a_large_review_waits_for_the_rest_of_the_one_before() -> None:
    turns = Turns()
    asked = Asked("a", large=True, deadline=float("inf"))
    assert await asyncio.gather(*(turns.take(asked, lambda: 1) for _ in range(3))) == [1, 1, 1]
    assert turns.waiting == 0


@pytest.mark.parametrize("large", [False, True])
async def test_what_waited_too_long_is_not_begun(large: bool) -> None:
    world = World()
    first = world.ask("a", "first", 2.0, large=large)
    late = world.ask("b", "late", 0.0, large=large, deadline=1.5)
    assert await first == "first"
    world.now += 10
    with pytest.raises(RejectedError) as raised:
        await late
    assert raised.value.status == 503
    assert world.done == ["first"]


async def test_a_failure_belongs_to_the_one_who_asked() -> None:
    world = World()

    def fails() -> str:
        raise RuntimeError

    first = world.ask("a", "first", SLICE_SECONDS)
    failing = asyncio.ensure_future(world.turns.take(Asked("a", False, LATER), fails))
    left = world.ask("a", "left", 0.0)
    last = world.ask("a", "last", 0.0)
    await asyncio.sleep(0)
    left.cancel()
    await first
    with pytest.raises(RuntimeError):
        await failing
    assert await last == "last"
    assert "left" not in world.done


async def test_the_event_loop_has_its_turn_between_slices() -> None:
    world = World()
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(len(world.done))
        if len(world.done) < 20:
            asyncio.get_running_loop().call_soon(tick)

    waiting = [world.ask("a", "a", SLICE_SECONDS) for _ in range(20)]
    tick()
    await asyncio.gather(*waiting)
    assert max(after - before for before, after in itertools.pairwise(ticks)) <= 2
