"""A Secret that many servers name is read once for a version, and copied one at a time."""

import asyncio
from typing import Any

from tests.controller.servers.one_server import Json, stored
from tests.kube.virtual_time import run
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.servers.source_reader import KEPT_SECONDS, LARGE, MOST_KEPT, SourceReader
from webhook.kube.errors import NotFound
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings


class Sources:
    """Secrets of a namespace, and how often they were read."""

    def __init__(self) -> None:
        self.view = ClusterState(
            SettingsByNamespace(Settings()),
            "release",
            (),
            Queues(*(Queue() for _ in Queues._fields)),
        )
        self.there: dict[str, Json] = {}
        self.reads: list[str] = []
        api: Any = self
        self.reader = SourceReader(api, self.view)

    async def get(self, path: str) -> Json:
        name = path.rpartition("/")[2]
        self.reads.append(name)
        if name not in self.there:
            raise NotFound(404, "NotFound", path)
        return self.there[name]

    def write(self, name: str, *, seen: bool = True) -> None:
        metadata = {"name": name, "namespace": "team"}
        self.there[name] = stored({"metadata": metadata, "data": {"KEY": "dmFsdWU="}}, name)
        if seen:
            self.view.sources.put(self.there[name])

    async def read(self, name: str) -> Json | None:
        return await self.reader.read(NamespacedName("team", name))


def test_a_version_is_read_once_for_all_that_follow_soon() -> None:
    async def main() -> None:
        sources = Sources()
        sources.write("one")
        for _ in range(100):
            assert await sources.read("one") is sources.there["one"]
        assert sources.reads == ["one"]
        sources.write("one")
        assert await sources.read("one") is sources.there["one"]
        assert sources.reads == ["one"] * 2

    run(main())


def test_what_is_newer_than_the_watch_has_seen_is_read_again() -> None:
    async def main() -> None:
        sources = Sources()
        sources.write("one", seen=False)
        await sources.read("one")
        await sources.read("one")
        assert sources.reads == ["one"] * 2

    run(main())


def test_no_value_is_kept_for_long_and_few_at_a_time() -> None:
    async def main() -> None:
        sources = Sources()
        for number in range(2 * MOST_KEPT):
            sources.write(f"s{number}")
            await sources.read(f"s{number}")
        assert len(sources.reader._kept) == MOST_KEPT
        await asyncio.sleep(KEPT_SECONDS + 1)
        assert not sources.reader._kept

    run(main())


def test_one_that_is_gone_is_not_there() -> None:
    async def main() -> None:
        sources = Sources()
        sources.write("one")
        await sources.read("one")
        del sources.there["one"]
        sources.view.sources.drop("team", "one")
        assert await sources.read("one") is None

    run(main())


def test_large_ones_are_copied_one_at_a_time_in_a_namespace_and_small_ones_together() -> None:
    async def main() -> list[float]:
        reader, ended = Sources().reader, []
        loop = asyncio.get_running_loop()

        async def copy(namespace: str, size: int) -> None:
            copies: list[Json] = [{"data": {"KEY": "x" * size}}, {"spec": {}}]
            async with reader.copying(namespace, copies):
                await asyncio.sleep(1)
            ended.append(loop.time())

        async with asyncio.TaskGroup() as group:
            for namespace, size in [("a", LARGE), ("a", LARGE), ("b", LARGE), ("a", 1), ("a", 1)]:
                group.create_task(copy(namespace, size))
        return ended

    assert run(main()) == [1, 1, 1, 1, 2]
