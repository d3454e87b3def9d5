"""A controller: a failure is logged, counted, and followed by a pause that grows."""

import asyncio
import logging
import time
from itertools import pairwise
from typing import ClassVar

import pytest

from tests.kube.virtual_time import run
from tests.observe.collector import Collector, recording
from webhook.kube.errors import ApiError
from webhook.kube.reconcile import Controller
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.observe.metrics import ControllerMetrics

KEY = NamespacedName("team", "crm")
BROKEN = ApiError(500, "InternalError", "it broke")


def most(_: float, high: float) -> float:
    return high


class Endings:
    """Reconciles that end as they are told to; the last ending is that of all that follow."""

    def __init__(self, *endings: float | Exception | None) -> None:
        self.metrics = ControllerMetrics()
        self.queue: Queue[NamespacedName] = Queue(most)
        self.times: list[float] = []
        self._endings = list(endings)

    async def reconcile(self, _: NamespacedName) -> float | None:
        self.times.append(asyncio.get_running_loop().time())
        ending = self._endings.pop(0) if len(self._endings) > 1 else self._endings[0]
        if isinstance(ending, Exception):
            raise ending
        return ending

    def work(self, seconds: float) -> "Endings":
        """Reconcile one key for so long, in virtual time."""

        async def main() -> None:
            self.queue.add(KEY)
            controller = Controller("server", self, self.queue, self.metrics)
            try:
                async with asyncio.timeout(seconds):
                    await controller.run()
            except TimeoutError:
                return

        run(main())
        return self

    def sample(self, name: str) -> float | None:
        labels = {"reconciler": "server"}
        return self.metrics.registry.get_sample_value(f"mcp_admission_{name}", labels)


def test_a_key_comes_back_when_its_reconciler_says() -> None:
    assert Endings(3.0, 3.0, None).work(60).times == [0, 3, 6]


def test_a_key_that_is_due_at_once_comes_back_at_once() -> None:
    assert Endings(0.0, 0.0, None).work(60).times == [0, 0, 0]


def test_a_pause_doubles_with_each_failure_and_starts_anew_after_a_success() -> None:
    endings = Endings(*[BROKEN] * 10, 1.0, BROKEN, None).work(400)

    gaps = [round(later - earlier, 6) for earlier, later in pairwise(endings.times)]
    assert gaps == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 1, 0.2]
    assert endings.sample("reconcile_errors_total") == 11
    assert endings.sample("reconcile_duration_seconds_count") == 2


def test_the_reason_is_logged_but_never_what_an_unknown_error_quotes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Endings(ApiError(403, "Forbidden", "who are you"), ValueError("a secret"), None).work(10)

    first, second = caplog.records
    about = {"reconciler": "server", "namespace": "team", "name": "crm"}
    assert first.fields == {**about, "reason": "who are you"}  # type: ignore[attr-defined]
    assert second.fields == about  # type: ignore[attr-defined]
    assert {first.getMessage(), second.getMessage()} == {"reconcile failed"}
    assert second.levelno == logging.ERROR


def test_what_has_begun_is_finished_when_the_queue_is_shut_down() -> None:
    finished: list[str] = []

    class Slow:
        async def reconcile(self, key: str) -> None:
            await asyncio.sleep(5)
            finished.append(key)

    async def main() -> float:
        queue: Queue[str] = Queue()
        for key in "abc":
            queue.add(key)
        loop = asyncio.get_running_loop()
        loop.call_later(1, queue.shut_down)
        await Controller("slow", Slow(), queue, ControllerMetrics(), workers=2).run()
        return loop.time()

    assert run(main()) == 5
    assert finished == ["a", "b"]


def test_idle_workers_end_when_the_queue_is_shut_down() -> None:
    async def main() -> float:
        queue: Queue[NamespacedName] = Queue()
        loop = asyncio.get_running_loop()
        loop.call_later(1, queue.shut_down)
        await Controller("idle", Endings(None), queue, ControllerMetrics(), workers=3).run()
        return loop.time()

    assert run(main()) == 1


def test_a_reconcile_that_never_ends_is_ended_and_comes_again() -> None:
    class Hanging:
        times: ClassVar[list[float]] = []

        async def reconcile(self, _: NamespacedName) -> None:
            self.times.append(asyncio.get_running_loop().time())
            await asyncio.Event().wait()

    async def main() -> None:
        queue: Queue[NamespacedName] = Queue(most)
        queue.add(KEY)
        asyncio.get_running_loop().call_later(61, queue.shut_down)
        await Controller("hanging", Hanging(), queue, ControllerMetrics(), seconds=30).run()

    run(main())
    assert [round(at, 6) for at in Hanging.times] == [0, 30.2, 60.6]


def test_keys_that_need_no_request_leave_turns_to_others() -> None:
    """Thousands of them may be asked for at once, by one change of what they share."""
    done: list[int] = []
    beats: list[int] = []

    class Busy:
        async def reconcile(self, key: int) -> None:
            ends = time.monotonic() + 0.02
            while time.monotonic() < ends:
                pass
            done.append(key)

    async def main() -> None:
        queue: Queue[int] = Queue()
        for key in range(10):
            queue.add(key)
        working = asyncio.create_task(Controller("busy", Busy(), queue, ControllerMetrics()).run())
        while len(done) < 10:
            await asyncio.sleep(0)
            beats.append(len(done))
        queue.shut_down()
        await working

    run(main())
    assert set(range(1, 10)) <= set(beats)


def test_each_reconcile_is_a_span_that_says_whether_it_failed() -> None:
    with Collector() as collector, recording(collector.port):
        Endings(BROKEN, None).work(60)
        first, second = collector.wait_for(2, "reconcile server")

    assert [first.failed, second.failed] == [True, False]
    assert first.attributes == {"k8s.namespace.name": "team", "reconcile.name": "crm"}
    assert first.trace_id != second.trace_id
