"""One time of leading: what waits for what, and how it ends."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.kube.virtual_time import run
from webhook.controller.installation import Installation
from webhook.controller.leading import Leading
from webhook.controller.manager import ControlOptions, Manager
from webhook.kube.access.client_config import NONE
from webhook.kube.errors import NotFound
from webhook.kube.pages import Listing
from webhook.observe.metrics import ControllerMetrics
from webhook.server.listener import Address

Json = dict[str, Any]
NUMBERS = itertools.count(100)
OPTIONS = ControlOptions(
    kubeconfig=Path("none"),
    overrides=NONE,
    installation=Installation(),
    settings=None,
    namespaces=(),
    lease="lease",
    workers=1,
    metrics_listen=Address("127.0.0.1", 0),
)


class Cluster:
    """An empty cluster; lists of these resources are never answered."""

    def __init__(self, *, silent: Collection[str] = ()) -> None:
        self.silent = silent
        self.created: list[str] = []
        self.stored: dict[str, Json] = {}
        self.writing = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    def server_time(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def get(self, path: str) -> Json:
        if path not in self.stored:
            raise NotFound(404, "NotFound", path)
        return self.stored[path]

    async def list(self, path: str, **_: Any) -> Listing:
        if "mcp-admission.dev" in path:
            raise NotFound(404, "NotFound", path)
        return Listing([], "1")

    async def list_each(self, path: str, _take: Callable[[Json], object], **_: Any) -> str:
        if path.rpartition("/")[2] in self.silent:
            await asyncio.Event().wait()
        return "1"

    async def watch(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None

    async def create(self, path: str, body: Json) -> Json:
        kind = body["kind"]
        self.writing.set()
        await self.answers.wait()
        self.created.append(f"{kind} {body['metadata']['name']}")
        metadata = {**body["metadata"], "uid": "1", "resourceVersion": str(next(NUMBERS))}
        self.stored[f"{path}/{body['metadata']['name']}"] = {**body, "metadata": metadata}
        return {**body, "metadata": metadata}


def manager_of(cluster: Any) -> Manager:
    leading = Leading(cluster, ControllerMetrics(), "test", asyncio.Event(), lambda: False, {})
    return Manager(leading, OPTIONS, [])


def work(cluster: Cluster, seconds: float) -> list[str]:
    """What is created by a manager that works for so long, in virtual time."""

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await manager_of(cluster).run(stop)

    run(main())
    return cluster.created


def test_settings_do_not_wait_for_lists() -> None:
    created = work(Cluster(silent={"namespaces", "deployments"}), 5)

    assert created == ["ConfigMap mcp-admission-settings"]


def test_a_write_that_has_begun_is_finished_before_it_ends() -> None:
    async def main() -> Cluster:
        cluster, stop = Cluster(), asyncio.Event()
        cluster.answers.clear()
        working = asyncio.create_task(manager_of(cluster).run(stop))
        await cluster.writing.wait()
        stop.set()
        await asyncio.sleep(3)
        assert not working.done()
        cluster.answers.set()
        await working
        return cluster

    assert run(main()).created
