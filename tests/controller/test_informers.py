"""A namespace that is read by its name: there, changed, gone, and not to be read."""

import asyncio
from typing import Any

from tests.kube.virtual_time import run
from webhook.controller.informers import NamespaceReader
from webhook.kube.cache import Cache
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.kube.reconcile import Controller
from webhook.kube.work_queue import Queue
from webhook.observe.metrics import ControllerMetrics

Json = dict[str, Any]
GONE = NotFound(404, "NotFound", "no")
REFUSED = Forbidden(403, "Forbidden", "no")


def namespace(version: int, managed: str) -> Json:
    return {"metadata": {"name": "tools", "resourceVersion": str(version), "is": managed}}


class Answers:
    """Answers one GET after another, the last one again and again."""

    def __init__(self, *answers: Json | ApiError) -> None:
        self.paths: list[str] = []
        self.asked = asyncio.Semaphore(0)
        self._answers = list(answers)

    async def get(self, path: str) -> Json:
        self.paths.append(path)
        self.asked.release()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, ApiError):
            raise answer
        return answer


async def followed(answers: Answers, looks: int) -> tuple[list[str | None], float, bool]:
    """What it was seen to be, one after another; how many reads failed; whether it synced."""
    seen: list[str | None] = []
    cache: Cache[Any] = Cache(
        lambda found: str(found["metadata"]["is"]), lambda *change: seen.append(change[3])
    )
    api: Any = answers
    reader, queue, metrics = (
        NamespaceReader(api, ["tools"], cache),
        Queue[str](),
        ControllerMetrics(),
    )
    queue.add("tools")
    task = asyncio.create_task(Controller("namespace-reader", reader, queue, metrics).run())
    for _ in range(looks):
        await answers.asked.acquire()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    labels = {"reconciler": "namespace-reader"}
    failed = metrics.registry.get_sample_value("mcp_admission_reconcile_errors_total", labels)
    return seen, failed or 0.0, reader.synced.is_set()


def test_informers_follow_changes_and_deletions() -> None:
    answers = Answers(namespace(1, "own"), namespace(1, "own"), namespace(2, "managed"), GONE)

    assert run(followed(answers, 4)) == (["own", "managed", None], 0, True)
    assert set(answers.paths) == {"/api/v1/namespaces/tools"}


def test_one_that_is_not_there_yet_is_known_not_to_be() -> None:
    assert run(followed(Answers(GONE, namespace(1, "own")), 2)) == (["own"], 0, True)


def test_what_may_not_be_read_is_counted_and_read_again() -> None:
    seen, failed, synced = run(followed(Answers(REFUSED, REFUSED, namespace(1, "own")), 3))

    assert (seen, failed, synced) == (["own"], 2, True)
    assert run(followed(Answers(REFUSED), 3))[2] is False
