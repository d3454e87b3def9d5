"""A fleet is read once, followed by namespace, and left alone where nobody looks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest

from tests.controller.servers.live import Json, filled_in, server
from tests.fleet.listed_cluster import FORBIDDEN, RELEASE, Cluster
from tests.fleet.test_inspection import PORT, policy
from tests.kube.virtual_time import run
from webhook.console.fleet_list import changed_namespaces
from webhook.console.fleet_list.fleet_reading import FleetReading
from webhook.controller.installation import SETTINGS_CONFIG_MAP, Installation
from webhook.kube.errors import ApiError, NotFound, Unreachable
from webhook.settings import FILE, Settings, SettingsError

PLACES = Installation("mcp-admission", RELEASE)
AWAY = Unreachable("no answer")


class Followed(Cluster):
    """A cluster that lists are read of, and whose Deployments are watched."""

    def __init__(self, **objects: Any) -> None:
        super().__init__(**{"networkpolicies": [policy()], **objects})
        self.settings = "mode: enforce\n"
        self.events: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self.watches = 0

    async def get(self, path: str) -> Json:
        if path.endswith(f"/{SETTINGS_CONFIG_MAP}"):
            for error in self.failures.get("configmaps", []):
                raise error
            return {"data": {FILE: self.settings}}
        return await super().get(path)

    async def list_each(self, path: str, take: Callable[[Json], Any], **given: Any) -> str:
        given.pop("between", None)
        own = path.partition("/namespaces/")[2].partition("/")[0]

        def chosen(found: Json) -> None:
            if own in ("", found["metadata"].get("namespace", own)):
                take(found)

        return await super().list_each(path, chosen, **given)

    async def watch(self, _path: str, **_: Any) -> AsyncGenerator[tuple[str, Json], None]:
        self.watches += 1
        while True:
            yield await self.events.get()

    def lists(self, resource: str = "deployments") -> list[str]:
        """The paths of its lists that were read, but for those of metadata."""
        return [path for path, _ in self.asked if path.endswith(f"/{resource}")]


def deployment(name: str, namespace: str = "team", version: int = 1, **spec: Any) -> Json:
    found = filled_in(server(**PORT), Settings())
    found["spec"]["template"]["spec"] |= spec
    metadata = {"name": name, "namespace": namespace, "resourceVersion": str(version)}
    found["metadata"] |= metadata
    return found


class Watching:
    """A reading of a cluster, and what it told."""

    def __init__(self, cluster: Followed, namespace: str = "") -> None:
        self.cluster, self.told = cluster, list[str]()
        api: Any = cluster
        self.reading = FleetReading(api, PLACES, namespace, self.told.append)

    @property
    def servers(self) -> list[str]:
        report = self.reading.report
        return [f"{each.namespace}/{each.name}" for each in report.servers] if report else []

    async def look(self) -> None:
        await self.reading.look(5.0)

    async def change(self, kind: str, found: Json) -> None:
        """Let a watch say it, after it was so."""
        objects = self.cluster.objects["deployments"]
        assert isinstance(objects, list)
        objects[:] = [each for each in objects if each["metadata"] != found["metadata"]]
        if kind != "DELETED":
            objects[:] = [
                each for each in objects if each["metadata"]["name"] != found["metadata"]["name"]
            ]
            objects.append(found)
        self.cluster.events.put_nowait((kind, found))


def played(
    cluster: Followed, play: Callable[[Watching], Awaitable[None]], namespace: str = ""
) -> Watching:
    """Play something, in virtual time, and end."""

    async def main() -> Watching:
        watching = Watching(cluster, namespace)
        try:
            await play(watching)
        finally:
            await watching.reading.close()
        return watching

    return run(main())


def two() -> Followed:
    return Followed(deployments=[deployment("crm"), deployment("web", "shop")])


def test_the_first_look_reads_all_and_the_next_ones_nothing() -> None:
    async def play(watching: Watching) -> None:
        for _ in range(5):
            await watching.look()
        await asyncio.sleep(100)

    found = played(two(), play)

    assert found.servers == ["shop/web", "team/crm"]
    assert found.told == [""]
    # The list of the watch, and the one of the report.
    assert len(found.cluster.lists()) == 2
    assert found.cluster.watches == 1
    assert found.reading.deployments == 2
    assert (found.reading.error, found.reading.reading) == (None, False)


def test_an_answer_is_not_waited_for_longer_than_asked() -> None:
    async def play(watching: Watching) -> None:
        await watching.reading.look(0.0)
        assert (watching.servers, watching.reading.reading) == ([], True)
        await watching.look()

    assert played(two(), play).servers


def test_what_changes_is_judged_again_with_its_namespace_alone() -> None:
    async def play(watching: Watching) -> None:
        await watching.look()
        await watching.change("MODIFIED", deployment("crm", version=8, hostNetwork=True))
        await watching.change("ADDED", deployment("new", version=9))
        await asyncio.sleep(30)

    found = played(two(), play)

    assert found.servers == ["shop/web", "team/crm", "team/new"]
    # Once more, when what the change has caused is told.
    assert found.told == ["", "team", "team"]
    assert found.cluster.lists()[2:] == ["/apis/apps/v1/namespaces/team/deployments"] * 2
    crm = found.reading.status("team", "Deployment", "crm")
    assert crm is not None
    assert crm.findings
    assert found.reading.status("team", "Deployment", "none") is None


def test_a_namespace_that_is_gone_takes_its_servers_with_it() -> None:
    async def play(watching: Watching) -> None:
        await watching.look()
        watching.cluster.failures["namespaces"] = [NotFound(404, "NotFound", "gone")]
        await watching.change("DELETED", deployment("crm", version=8))
        await asyncio.sleep(30)

    assert played(two(), play).servers == ["shop/web"]


def test_many_changes_are_one_reading_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_namespaces, "MOST_CHANGED", 1)

    async def play(watching: Watching) -> None:
        await watching.look()
        await watching.change("MODIFIED", deployment("crm", version=8))
        await watching.change("MODIFIED", deployment("web", "shop", version=9))
        await asyncio.sleep(30)

    assert played(two(), play).told == ["", ""]


def test_other_settings_let_all_be_read_again() -> None:
    async def play(watching: Watching) -> None:
        await watching.look()
        watching.cluster.settings = "mode: observe\n"
        await asyncio.sleep(100)

    found = played(two(), play)

    assert found.told == ["", ""]
    assert found.reading.report is not None
    assert found.reading.report.modes == {"team": "observe", "shop": "observe"}


def test_all_is_read_again_after_a_while_as_long_as_somebody_looks() -> None:
    async def play(watching: Watching) -> None:
        for _ in range(4):
            await watching.look()
            await asyncio.sleep(300)

    assert played(two(), play).told == ["", ""]


def test_where_nobody_looks_nothing_is_read_until_somebody_does() -> None:
    asked: list[int] = []

    async def play(watching: Watching) -> None:
        await watching.look()
        for seconds in (1000, 10_000):
            await asyncio.sleep(seconds)
            asked.append(len(watching.cluster.asked))
        await watching.look()
        assert watching.servers
        await asyncio.sleep(1)
        asked.append(len(watching.cluster.asked))

    found = played(two(), play)

    assert asked[0] == asked[1] < asked[2]
    assert found.cluster.watches == 2


@pytest.mark.parametrize("error", [AWAY, SettingsError("no settings")], ids=["away", "settings"])
def test_an_error_is_told_and_tried_again_for_who_looks(error: ApiError | SettingsError) -> None:
    async def play(watching: Watching) -> None:
        failing: Any = [error]
        watching.cluster.failures["configmaps"] = failing
        await watching.look()
        assert watching.reading.error is error
        assert not watching.reading.reading
        watching.cluster.failures.clear()
        await watching.look()
        assert watching.reading.error is error
        await asyncio.sleep(4)
        await watching.look()

    found = played(two(), play)

    assert found.servers == ["shop/web", "team/crm"]
    assert found.reading.error is None


def test_what_was_read_stays_where_it_cannot_be_read_again() -> None:
    async def play(watching: Watching) -> None:
        await watching.look()
        watching.cluster.failures["configmaps"] = [AWAY]
        await watching.change("MODIFIED", deployment("crm", version=8))
        await asyncio.sleep(10)
        assert watching.reading.error is AWAY
        assert watching.servers == ["shop/web", "team/crm"]
        watching.cluster.failures.clear()
        await asyncio.sleep(40)

    found = played(two(), play)

    assert found.reading.error is None
    assert found.told == ["", "", "team", ""]


def test_without_the_right_to_watch_all_is_read_every_ten_minutes() -> None:
    class Unwatched(Followed):
        async def watch(self, _path: str, **_: Any) -> AsyncGenerator[tuple[str, Json], None]:
            self.watches += 1
            raise FORBIDDEN
            yield

    async def play(watching: Watching) -> None:
        for _ in range(3):
            await watching.look()
            await asyncio.sleep(300)

    found = played(Unwatched(deployments=[deployment("crm")]), play)

    assert (found.cluster.watches, found.reading.watched) == (1, False)
    assert found.told == ["", ""]


def test_what_is_not_followed_yet_is_read_again_once_it_is() -> None:
    async def play(watching: Watching) -> None:
        watching.cluster.failures["deployments"] = [AWAY]
        await watching.look()
        await asyncio.sleep(60)

    found = played(two(), play)

    assert found.told[:2] == ["", ""]
    assert found.servers == ["shop/web", "team/crm"]


def test_one_namespace_is_read_and_followed_alone() -> None:
    async def play(watching: Watching) -> None:
        await watching.look()
        await watching.change("ADDED", deployment("new", version=9))
        await asyncio.sleep(30)

    found = played(two(), play, "team")

    assert found.servers == ["team/crm", "team/new"]
    assert {*found.cluster.lists()} == {"/apis/apps/v1/namespaces/team/deployments"}
    assert found.told == ["", "", ""]


def test_what_nobody_expected_is_raised_to_who_looks() -> None:
    async def play(watching: Watching) -> None:
        failing: Any = [KeyError("a fault of ours")]
        watching.cluster.failures["configmaps"] = failing
        await watching.look()
        with pytest.raises(ExceptionGroup):
            await watching.look()
        watching.cluster.failures.clear()
        await watching.look()

    assert played(two(), play).servers == ["shop/web", "team/crm"]
