"""With `fillIn: pods`, a server is what its pods are, in the controller as in an audit."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import filled_in, memory, settings, stored
from tests.kube.virtual_time import run
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.drift_judge import MOST_AT_ONCE, MOST_JUDGED, TOO_LARGE
from webhook.controller.pod_judge import SECONDS_BETWEEN, PodJudge
from webhook.health import POD_HASH, deployment_name
from webhook.kube.work_queue import Queue
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
BY_PODS = settings(fillIn="pods")
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True, "uid": "r"}


def of_deployment(pod: Json, name: str = "crm", ending: str = "7d4f") -> Json:
    """The pod as that of a Deployment."""
    found = deepcopy(pod)
    found["metadata"]["namespace"] = "team"
    found["metadata"]["ownerReferences"] = [{**OWNER, "name": f"{name}-{ending}"}]
    found["metadata"]["labels"][POD_HASH] = "7d4f"
    return found


class Team:
    """A namespace with two Deployments, and its pods."""

    def __init__(self, *pods: Json, under: Settings = BY_PODS) -> None:
        self.pods, self.listed = list(pods), 0
        queues = Queues(*(Queue() for _ in Queues._fields))
        self.state = ClusterState(SettingsByNamespace(under), "release", (), queues)
        self.state.namespaces.put({"metadata": {"name": "team", "uid": "t"}})
        for name in ("crm", "search"):
            self.state.deployments.put(stored(builders.server(name)))
        api: Any = self
        self.judge = PodJudge(api, self.state)

    async def list_each(
        self,
        path: str,
        take: Callable[[Json], None],
        *,
        label_selector: str,
        between: Callable[[], Awaitable[None]],
    ) -> str:
        assert (path, label_selector) == ("/api/v1/namespaces/team/pods", POD_HASH)
        self.listed += 1
        for each in self.pods:
            take(each)
            await between()
        return "1"

    def verdict(self, name: str = "crm") -> str:
        return self.state.judge.verdict("team", name)


CURRENT = filled_in(builders.bare_pod("crm-1"), BY_PODS)
OUT_OF_DATE = filled_in(builders.bare_pod("crm-1"), settings(**memory("1Gi")))


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        pytest.param(CURRENT, "current", id="current"),
        pytest.param(OUT_OF_DATE, "out-of-date", id="out-of-date"),
        pytest.param(stored(builders.bare_pod("crm-1")), "unprotected", id="older"),
        pytest.param(stored(builders.bare_pod("crm-1", hostPID=True)), "refused", id="refused"),
        pytest.param(
            {**OUT_OF_DATE, "status": {"phase": "Succeeded"}}, "current", id="one-that-has-ended"
        ),
        pytest.param(
            {**OUT_OF_DATE, "metadata": {**OUT_OF_DATE["metadata"], "deletionTimestamp": "now"}},
            "current",
            id="one-that-is-going",
        ),
    ],
)
async def test_a_server_is_what_its_pods_are(pod: Json, expected: str) -> None:
    team = Team(of_deployment(CURRENT), of_deployment(pod), of_deployment(CURRENT, "search"))

    assert await team.judge.reconcile("team") is None

    assert (team.verdict(), team.verdict("search")) == (expected, "current")


async def test_pods_of_others_say_nothing() -> None:
    team = Team(of_deployment(OUT_OF_DATE, ending="other"), of_deployment(OUT_OF_DATE, "unknown"))
    await team.judge.reconcile("team")

    assert team.verdict() == "current"
    assert deployment_name(CURRENT) is None


async def test_where_templates_are_filled_in_pods_are_not_even_listed() -> None:
    team = Team(of_deployment(OUT_OF_DATE), under=Settings())
    team.state.judge.put_pods("team", {"crm": "out-of-date"})

    assert await team.judge.reconcile("team") is None

    assert team.listed == 0
    assert team.verdict() == "current"


def test_a_namespace_that_changes_all_the_time_is_judged_now_and_then() -> None:
    async def main() -> None:
        team = Team(of_deployment(OUT_OF_DATE))
        await team.judge.reconcile("team")
        again = await team.judge.reconcile("team")
        assert again == pytest.approx(SECONDS_BETWEEN)
        assert team.listed == 1

        team.pods = [of_deployment(CURRENT)]
        await asyncio.sleep(again or 0)
        assert await team.judge.reconcile("team") is None
        assert (team.listed, team.verdict()) == (2, "current")

    run(main())


@pytest.mark.parametrize(
    ("tolerations", "expected"), [(MOST_AT_ONCE, "out-of-date"), (MOST_JUDGED, TOO_LARGE)]
)
async def test_a_large_pod_keeps_nobody_waiting(tolerations: int, expected: str) -> None:
    pod = of_deployment(OUT_OF_DATE)
    pod["spec"]["tolerations"] = [{"key": f"key-{at}"} for at in range(tolerations)]
    team = Team(pod)

    await team.judge.reconcile("team")

    assert team.verdict() == expected


async def test_settings_that_change_meanwhile_are_judged_by_again() -> None:
    team = Team(of_deployment(CURRENT))
    whole = team.list_each

    async def list_each(*given: Any, **more: Any) -> str:
        team.state.change_settings(SettingsByNamespace(settings(fillIn="pods", **memory("1Gi"))))
        return await whole(*given, **more)

    team.list_each = list_each  # type: ignore[method-assign]
    assert await team.judge.reconcile("team") == 0.0
    assert team.verdict() == "current"
