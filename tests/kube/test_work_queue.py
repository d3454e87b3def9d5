"""Each key once, one worker a key, later and later after failures; namespaces take turns."""

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import pairwise

import pytest

from tests.kube.virtual_time import run
from webhook.kube.errors import Conflict, Forbidden, Unreachable
from webhook.kube.reconcile import Controller
from webhook.kube.work_queue import NamespacedName, Queue
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


class Namespaces:
    """Reconciles that are refused in some namespaces, and what was tried when."""

    def __init__(self, *, most_workers: int | None = None, takes: float = 0.0) -> None:
        self.queue: Queue[NamespacedName] = Queue(most, most_workers)
        self.full: set[str] = set()
        self.error: Exception = Forbidden(403, "Forbidden", "exceeded quota")
        self.tries: list[tuple[float, NamespacedName]] = []
        self.takes, self.working, self.most_working = takes, Counter[str](), Counter[str]()

    async def reconcile(self, key: NamespacedName) -> None:
        self.tries.append((asyncio.get_running_loop().time(), key))
        self.working[key.namespace] += 1
        self.most_working[key.namespace] = max(
            self.most_working[key.namespace], self.working[key.namespace]
        )
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.working[key.namespace] -= 1
        if key.namespace in self.full:
            raise self.error

    def add(self, namespace: str, count: int) -> None:
        for number in range(count):
            self.queue.add(NamespacedName(namespace, f"server-{number}"))

    async def work(self, seconds: float, workers: int = 4) -> None:
        controller = Controller("test", self, self.queue, ControllerMetrics(), workers)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await controller.run()

    def times(self, namespace: str) -> list[float]:
        return [at for at, key in self.tries if key.namespace == namespace]


def test_namespaces_take_turns_whatever_each_has_asked_for() -> None:
    async def main() -> Namespaces:
        one = Namespaces(takes=1)
        one.add("crowd", 10_000)
        one.add("team", 2)
        await one.work(5, workers=2)
        return one

    assert run(main()).times("team") == [0, 1]


def test_a_namespace_has_so_many_workers_and_no_more() -> None:
    async def main() -> Namespaces:
        one = Namespaces(most_workers=2, takes=1)
        one.add("crowd", 100)
        asyncio.get_running_loop().call_later(0.5, one.add, "team", 1)
        await one.work(3)
        return one

    one = run(main())
    assert one.times("team") == [0.5]
    assert one.most_working == {"crowd": 2, "team": 1}


def test_what_is_refused_lets_its_namespace_wait_as_a_whole() -> None:
    """Each is tried once, one at a time; then one for all, later and later."""

    async def main() -> Namespaces:
        one = Namespaces(most_workers=2)
        one.full = {"full"}
        one.add("full", 400)
        one.add("team", 50)
        await one.work(3600)
        return one

    one = run(main())
    times = one.times("full")
    assert one.times("team") == [0] * 50
    assert all(later - earlier > 0.9 for earlier, later in pairwise(times[5:]))
    assert len(times) <= 400 + 3600 / 300 + 10
    late = [at for at in times if at > 1800]
    assert {round(later - earlier) for earlier, later in pairwise(late)} == {300}


def test_room_in_a_namespace_is_used_by_all_that_waited_without_a_pause() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full = {"full"}
        one.add("full", 40)
        asyncio.get_running_loop().call_later(100, one.full.clear)
        await one.work(500)
        return one

    one = run(main())
    late = [at for at in one.times("full") if at > 100]
    assert len(late) == 40
    assert late[0] == late[-1] <= 100 + 300
    assert len(one.queue) == 0


def test_a_change_in_the_namespace_ends_the_pause_and_not_more_often_than_each_second() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full = {"full"}
        one.add("full", 1)
        loop = asyncio.get_running_loop()
        for number in range(1000):
            loop.call_later(1000 + number / 100, one.queue.wake, "full")
        one.queue.wake("unknown")
        await one.work(1011)
        return one

    late = [at for at in run(main()).times("full") if at >= 1000]
    assert 9 <= len(late) <= 11


def test_a_refused_key_that_is_asked_for_comes_first_when_its_namespace_is_tried() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full = {"full"}
        one.add("full", 10)
        asyncio.get_running_loop().call_later(
            1000.5, one.queue.add, NamespacedName("full", "server-7")
        )
        await one.work(1002)
        return one

    at, key = run(main()).tries[-1]
    assert (at, key.name) == (1000.5, "server-7")


def test_what_is_new_in_a_refusing_namespace_is_tried_beside_what_was_refused() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full = {"full"}
        one.add("full", 2)
        loop = asyncio.get_running_loop()
        loop.call_later(1000, one.full.clear)
        loop.call_later(1000, one.queue.add, NamespacedName("full", "new"))
        await one.work(1001)
        return one

    assert run(main()).tries[-1] == (1000, NamespacedName("full", "new"))


def test_an_outage_is_waited_for_no_longer_than_half_a_minute() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full, one.error = {"full"}, Unreachable("no answer")
        one.add("full", 2)
        await one.work(1000)
        return one

    late = [at for at in run(main()).times("full") if at > 500]
    assert {round(later - earlier) for earlier, later in pairwise(late)} == {30}


def test_a_failure_of_the_key_alone_lets_no_other_of_its_namespace_wait() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full, one.error = {"full"}, Conflict(409, "Conflict", "it changed")
        one.add("full", 3)
        await one.work(10)
        return one

    assert run(main()).times("full")[:6] == [0] * 3 + [0.2] * 3


def test_a_key_that_was_refused_and_then_fails_alone_lets_the_others_go_on() -> None:
    async def main() -> Namespaces:
        one = Namespaces()
        one.full = {"full"}
        one.add("full", 1)
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, setattr, one, "error", Conflict(409, "Conflict", "it changed"))
        await one.work(20)
        return one

    gaps = [round(b - a, 6) for a, b in pairwise(run(main()).times("full"))]
    assert gaps[:4] == [0.2, 0.2, 0.4, 0.8]
