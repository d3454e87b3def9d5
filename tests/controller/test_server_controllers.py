"""Everything for servers is looked at once all is known, and again when the settings change."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import filled_in, memory
from tests.kube.virtual_time import run
from webhook.admission.drift import OUT_OF_DATE
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.server_controllers import (
    COUNT_SECONDS,
    SECONDS_TO_FINISH,
    ServerControllers,
)
from webhook.controller.server_states import PATIENCE
from webhook.controller.settings.effective import effective_settings
from webhook.health import STATES
from webhook.kube.errors import ApiError
from webhook.kube.work_queue import Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.settings.by_namespace import Overlay
from webhook.settings.model import Settings

Json = dict[str, Any]
NUMBERS = itertools.count(100)
BEGAN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def deployment(name: str) -> Json:
    """A server that was filled in by the default settings."""
    container = {"name": "mcp", "image": "a:1", "ports": [{"containerPort": 80}]}
    found = filled_in(builders.server(name, containers=[container]), Settings())
    found["metadata"]["resourceVersion"] = str(next(NUMBERS))
    return found


def pod(namespace: str, number: int, gates: Sequence[str] = (builders.GATE,)) -> Json:
    """A pod of a server."""
    metadata = {"name": f"crm-{number}", "namespace": namespace, "uid": f"{namespace}-{number}"}
    metadata["resourceVersion"] = str(next(NUMBERS))
    return {"metadata": metadata, "spec": {"schedulingGates": [{"name": each} for each in gates]}}


class Cluster:
    """Lists what it has, watches without an end, and stores what is created."""

    def __init__(self) -> None:
        self.lists: list[str] = []
        self.watches: list[str] = []
        self.created: list[str] = []
        self.fails: set[str] = set()
        team = {"name": "team", "uid": "t", "resourceVersion": "1", "labels": {}}
        self.items = {
            "namespaces": [{"metadata": team}],
            "deployments": [deployment("crm"), deployment("search")],
        }

    def server_time(self) -> datetime:
        """The time of the loop."""
        return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())

    async def list_each(self, path: str, take: Callable[[Json], object], **_: Any) -> str:
        resource = path.rpartition("/")[2]
        self.lists.append(resource)
        await asyncio.sleep(0.1)
        for each in self.items.get(resource, []):
            take(each)
        return str(next(NUMBERS))

    async def watch(self, path: str, **_: Any) -> AsyncIterator[Any]:
        self.watches.append(path.rpartition("/")[2])
        await asyncio.Event().wait()
        yield None

    async def create(self, path: str, body: Json) -> Json:
        name = f"{body['kind']} {body['metadata']['name']}"
        if name in self.fails:
            raise ApiError(500, "InternalError", "it broke")
        if body["kind"] != "Event":
            self.created.append(name)
        ours = [{"manager": "mcp-admission", "operation": "Update"}]
        metadata = {**body["metadata"], "uid": name, "resourceVersion": str(next(NUMBERS))}
        return {**body, "metadata": {**metadata, "managedFields": ours}}

    async def get(self, _: str) -> Json:
        raise ApiError(500, "InternalError", "it is not asked for")


@asynccontextmanager
async def working(
    cluster: Any, *, secrets: bool = True, counted: Callable[[], None] = lambda: None
) -> AsyncIterator[ServerControllers]:
    metrics = ControllerMetrics()
    recorder = EventRecorder(cluster, "test", Queue())
    controllers = ServerControllers(
        cluster,
        effective_settings({}, []),
        "release",
        (),
        recorder,
        metrics,
        2,
        secrets=secrets,
        counted=counted,
    )
    task = asyncio.create_task(controllers.run())
    await asyncio.sleep(5)
    yield controllers
    controllers.stop()
    await task


def states_of(controllers: ServerControllers) -> Mapping[str, int]:
    """How many servers there are of each state."""
    assert controllers.counts is not None
    return controllers.counts.states


def test_every_server_is_looked_at_and_a_failing_one_stops_no_other() -> None:
    async def main() -> Cluster:
        cluster = Cluster()
        cluster.fails = {"Service crm-mcp"}
        async with working(cluster):
            return cluster

    cluster = run(main())
    assert "Service search-mcp" in cluster.created
    assert "NetworkPolicy mcp-admission-baseline" in cluster.created
    assert "Service crm-mcp" not in cluster.created


def test_a_policy_is_made_while_the_deployments_are_still_listed() -> None:
    class Slow(Cluster):
        async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
            if path.endswith("deployments"):
                await asyncio.Event().wait()
            return await super().list_each(path, take, **given)

    async def main() -> Cluster:
        cluster = Slow()
        waiting = {"name": "crm-1", "namespace": "team", "uid": "p", "resourceVersion": "1"}
        cluster.items["pods"] = [{"metadata": waiting, "spec": {}}]
        async with working(cluster):
            return cluster

    cluster = run(main())
    assert cluster.created == ["NetworkPolicy mcp-admission-baseline"]


def test_gates_and_policies_follow_changed_settings_before_the_deployments_are_listed() -> None:
    class Slow(Cluster):
        def __init__(self) -> None:
            super().__init__()
            self.hangs = False
            self.read: list[str] = []

        async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
            if self.hangs and path.endswith("deployments"):
                await asyncio.Event().wait()
            return await super().list_each(path, take, **given)

        async def get(self, path: str) -> Json:
            """Read what is about to be changed."""
            self.read.append(path)
            return await super().get(path)

    async def main() -> Slow:
        cluster = Slow()
        async with working(cluster) as controllers:
            cluster.hangs = True
            narrow = {"mcpNamespace": {"networkPolicy": {"dnsPorts": [5353]}}}
            controllers.use(effective_settings(narrow, []))
            await asyncio.sleep(1)
            return cluster

    assert any(path.endswith("/mcp-admission-baseline") for path in run(main()).read)


def test_a_storm_of_gates_in_a_namespace_leaves_workers_to_the_others() -> None:
    """The API server answers nothing about one namespace; there are more pods than workers."""

    opened: list[str] = []

    class Silent(Cluster):
        async def patch(self, path: str, *_: Any, **__: Any) -> Json:
            if "/quiet/" not in path:
                await asyncio.Event().wait()
            opened.append(path)
            return pod("quiet", 0, gates=())

    cluster = Silent()
    quiet = {"name": "quiet", "uid": "q", "resourceVersion": "1"}
    cluster.items["namespaces"].append({"metadata": quiet})
    cluster.items["pods"] = [*(pod("team", number) for number in range(100)), pod("quiet", 0)]

    async def main() -> None:
        async with working(cluster):
            assert len(opened) == 1

    run(main())


def test_pods_at_the_gate_are_counted_with_the_age_of_the_oldest() -> None:
    class Silent(Cluster):
        async def patch(self, *_: Any, **__: Any) -> Json:
            raise ApiError(500, "InternalError", "it broke")

    cluster = Silent()
    cluster.items["pods"] = [pod("team", number) for number in range(3)]
    cluster.items["pods"].append(pod("team", 3, gates=()))
    for number, each in enumerate(cluster.items["pods"]):
        each["metadata"]["creationTimestamp"] = f"2026-01-02T03:04:0{9 - number}Z"

    async def main() -> ControllerMetrics:
        async with working(cluster) as controllers:
            return controllers._metrics

    value = run(main()).registry.get_sample_value
    assert value("mcp_admission_gated_pods") == 3
    oldest = datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC).timestamp()
    assert value("mcp_admission_oldest_gated_pod_timestamp_seconds") == oldest


def test_a_stop_does_not_wait_for_an_answer_that_does_not_come() -> None:
    class Hanging(Cluster):
        async def create(self, path: str, body: Json) -> Json:
            if body["kind"] == "Service":
                await asyncio.Event().wait()
            return await super().create(path, body)

    async def main() -> float:
        clock = asyncio.get_running_loop().time
        async with working(Hanging()):
            stopped = clock()
        return clock() - stopped

    assert run(main()) <= SECONDS_TO_FINISH


def test_changed_settings_list_the_deployments_again_and_nothing_else() -> None:
    async def main() -> tuple[list[str], list[str], Any]:
        cluster = Cluster()
        async with working(cluster) as controllers:
            before, watched = len(cluster.lists), len(cluster.watches)
            controllers.use(effective_settings({"excludedNamespaces": ["team"]}, []))
            await asyncio.sleep(COUNT_SECONDS + 1)
            none = states_of(controllers)["all"]
            controllers.use(effective_settings(memory("1Gi"), []))
            await asyncio.sleep(COUNT_SECONDS + 1)
            states = [none, states_of(controllers)["all"], states_of(controllers)[OUT_OF_DATE]]
            return cluster.lists[before:], cluster.watches[watched:], states

    lists, watches, states = run(main())
    assert (lists, watches) == (["deployments"] * 2, ["deployments"] * 2)
    assert states == [0, 2, 2]


def test_changed_settings_of_a_namespace_list_its_deployments_again_and_no_other() -> None:
    class Teams(Cluster):
        def __init__(self) -> None:
            super().__init__()
            self.paths: list[str] = []
            self.fails_once = True

        async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
            self.paths.append(path)
            if "/team/deployments" in path and self.fails_once:
                self.fails_once = False
                raise ApiError(500, "InternalError", "it broke")
            return await super().list_each(path, take, **given)

    async def main() -> tuple[list[str], list[str], int]:
        cluster = Teams()
        async with working(cluster) as controllers:
            values = {"mcpServerDefaults": {"resources": {"limits": {"memory": "1Gi"}}}}
            delegated = effective_settings({"delegated": ["mcpServerDefaults"]}, [])
            controllers.use(delegated)
            await asyncio.sleep(COUNT_SECONDS + 1)
            listed, watched = len(cluster.paths), len(cluster.watches)
            other = delegated.with_overlays(
                {"team": Overlay(values), "empty": Overlay(values)}, delegated
            )
            controllers.use(other)
            await asyncio.sleep(2 * COUNT_SECONDS)
            states = states_of(controllers)
            return cluster.paths[listed:], cluster.watches[watched:], states[OUT_OF_DATE]

    paths, watches, out_of_date = run(main())
    assert paths == ["/apis/apps/v1/namespaces/team/deployments"] * 2
    assert watches == []
    assert out_of_date == 2


def test_the_same_settings_change_nothing() -> None:
    async def main() -> int:
        cluster = Cluster()
        async with working(cluster) as controllers:
            before = len(cluster.lists)
            controllers.use(effective_settings({}, []))
            await asyncio.sleep(5)
            return len(cluster.lists) - before

    assert run(main()) == 0


def test_servers_are_counted_once_each_was_looked_at_and_told_when_others_do_not_run() -> None:
    class Slow(Cluster):
        async def create(self, path: str, body: Json) -> Json:
            if body["metadata"]["name"] == "crm-mcp":
                # So that nothing of its namespace is tried again for long.
                await asyncio.Event().wait()
            return await super().create(path, body)

    async def main() -> None:
        told: list[None] = []
        async with working(Slow(), counted=lambda: told.append(None)) as controllers:
            assert (controllers.counts, told) == (None, [])
            await asyncio.sleep(PATIENCE.total_seconds())
            assert states_of(controllers) == {**dict.fromkeys(STATES, 0), "all": 2, "current": 2}
            assert len(told) == 1
            await asyncio.sleep(10 * COUNT_SECONDS)
            assert len(told) == 1

    run(main())


@pytest.mark.parametrize("secrets", [True, False])
def test_secrets_are_listed_and_watched_only_where_they_may_be(*, secrets: bool) -> None:
    async def main() -> Cluster:
        cluster = Cluster()
        async with working(cluster, secrets=secrets):
            return cluster

    cluster = run(main())
    assert ("secrets" in cluster.lists, "secrets" in cluster.watches) == (secrets, secrets)
    assert {"Service crm-mcp", "Service search-mcp"} <= set(cluster.created)
