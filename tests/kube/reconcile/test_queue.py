"""Each key once, one worker a key, later and later after failures."""

import asyncio
from itertools import pairwise

import pytest

from tests.kube.virtual_time import run
from webhook.kube.reconcile import Controller, Queue
from webhook.observe.metrics import ControllerMetrics


def most(_: float, high: float) -> float:
    return high


class Log:
    """What was worked on, and when."""

    def __init__(self, takes: float = 0.0, fails: int = 0) -> None:
        self.starts: list[tuple[str, float]] = []
        self.takes, self.fails = takes, fails
        self.at_once = self.most_at_once = 0
        self.errors: list[str] = []
        self.queue = Queue[str](most)

    async def reconcile(self, key: str) -> float | None:
        self.starts.append((key, asyncio.get_running_loop().time()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.at_once -= 1
        if self.fails:
            self.fails -= 1
            self.errors.append(f"{key}: not yet")
            raise ValueError("not yet")
        return None

    async def work(self, seconds: float, workers: int = 1) -> None:
        try:
            async with asyncio.timeout(seconds):
                await Controller("test", self, self.queue, ControllerMetrics(), workers).run()
        except TimeoutError:
            return

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.starts]


def test_a_key_that_waits_is_worked_on_once_in_the_order_asked_for() -> None:
    async def main() -> Log:
        log = Log()
        for key in ("a", "b", "a", "c", "b"):
            log.queue.add(key)
        assert len(log.queue) == 3
        await log.work(1)
        assert len(log.queue) == 0
        return log

    assert run(main()).keys == ["a", "b", "c"]


def test_a_key_asked_for_while_worked_on_comes_once_more_and_never_twice_at_a_time() -> None:
    async def main() -> Log:
        log = Log(takes=10)
        log.queue.add("a")
        loop = asyncio.get_running_loop()
        for at in (1, 2, 3):
            loop.call_later(at, log.queue.add, "a")
        await log.work(100, workers=3)
        return log

    log = run(main())
    assert log.starts == [("a", 0), ("a", 10)]
    assert log.most_at_once == 1


@pytest.mark.parametrize(("workers", "seconds"), [(1, 40), (2, 20), (4, 10)])
def test_so_many_keys_at_a_time_as_there_are_workers(workers: int, seconds: float) -> None:
    async def main() -> Log:
        log = Log(takes=10)
        for key in "abcd":
            log.queue.add(key)
        await log.work(seconds + 1, workers)
        assert len(log.queue) == 0
        return log

    log = run(main())
    assert log.most_at_once == workers
    assert sorted(log.keys) == list("abcd")


def test_a_failing_key_waits_longer_each_time_up_to_half_a_minute_and_then_not_at_all() -> None:
    async def main() -> Log:
        log = Log(fails=10)
        log.queue.add("a")
        await log.work(200)
        log.fails = 1
        log.queue.add("a")
        await log.work(1)
        return log

    log = run(main())
    times = [at for _, at in log.starts]
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(times)]
    assert gaps[:10] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    assert gaps[-1] == 0.2
    assert log.errors == ["a: not yet"] * 11


def test_a_failing_key_keeps_no_other_waiting() -> None:
    async def main() -> Log:
        log = Log(fails=1)
        log.queue.add("a")
        log.queue.add("b")
        await log.work(0.1)
        return log

    assert run(main()).keys == ["a", "b"]


def test_the_earlier_of_two_wishes_counts() -> None:
    async def main() -> Log:
        log = Log()
        log.queue.add("a", after=10)
        log.queue.add("a", after=5)
        log.queue.add("a", after=20)
        log.queue.add("b", after=7)
        log.queue.add("b")
        await log.work(60)
        return log

    assert run(main()).starts == [("b", 0), ("a", 5)]
