"""One server is restarted, whatever the API server answers and other clients write."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, memory, server, settings, stored
from tests.kube.virtual_time import run
from webhook.fleet.restart import Restarted, Restarter, RestartResult
from webhook.fleet.targets import Target, Targets
from webhook.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

PATH = "/apis/apps/v1/namespaces/team/deployments/crm"
MORE = settings(**memory("800Mi"))
NO_ANSWER = Unreachable("GET: no answer in time")
BUSY = TooManyRequests(429, "TooManyRequests", "later", 5.0)
CONFLICT = Conflict(409, "Conflict", "it is another by now")


class Cluster:
    """One Deployment that rolls in so many looks; answers in `first` come before."""

    def __init__(self, looks: int = 3) -> None:
        self.found = {**filled_in(server(), Settings()), "status": {"observedGeneration": 1}}
        self.looks = looks
        self.patches: list[tuple[bool, Json]] = []
        self.gets: list[ApiError] = []
        self.answers: list[ApiError] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def get(self, path: str) -> Json:
        if path == "/api/v1/namespaces/team":
            return {"metadata": {"name": "team"}}
        assert path == PATH
        self.meanwhile()
        if self.gets:
            raise self.gets.pop(0)
        if self.found["metadata"]["generation"] > 1:
            self.looks -= 1
        if self.looks <= 0:
            counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1)
            self.found["status"] = {"observedGeneration": 2, **counts}
        return deepcopy(self.found)

    async def patch(self, path: str, body: Json, *, kind: str, dry_run: bool) -> Json:
        assert (path, kind) == (PATH, "merge")
        self.patches.append((dry_run, body))
        if self.answers:
            raise self.answers.pop(0)
        rolled = {**filled_in(server(), MORE), "status": self.found["status"]}
        rolled["metadata"]["generation"] = 2
        if not dry_run:
            self.found = rolled
        return deepcopy(rolled)


def rolled(
    cluster: Cluster, *, dry_run: bool = False, stop_after: float = 3600, under: Settings = MORE
) -> Restarted:
    async def main() -> Restarted:
        api: Any = cluster
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(stop_after, stop.set)
        targets = Targets(api, SettingsByNamespace(under), "mcp-admission-system")
        restarter = Restarter(api, targets, stop, lambda _: None, dry_run=dry_run)
        return await restarter.restart(Target("team", "crm"))

    return run(main())


def test_a_deployment_is_tried_as_a_dry_run_and_then_rolled() -> None:
    cluster = Cluster()
    ended = rolled(cluster)

    assert (ended.result, ended.lines) == (
        RestartResult.ROLLED,
        ("1 of 1 pods are new and available, after 3 s",),
    )
    assert [dry_run for dry_run, _ in cluster.patches] == [True, False]
    for _, body in cluster.patches:
        assert body["metadata"] == {"uid": "uid-of-crm", "resourceVersion": "7"}
        (key,) = body["spec"]["template"]["metadata"]["annotations"]
        assert key == "kubectl.kubernetes.io/restartedAt"
        assert body["spec"].keys() == {"template"}


def test_a_dry_run_writes_nothing() -> None:
    cluster = Cluster()
    ended = rolled(cluster, dry_run=True)

    assert ended.result is RestartResult.WOULD_ROLL
    assert [dry_run for dry_run, _ in cluster.patches] == [True]


@pytest.mark.parametrize(
    ("answers", "end", "said"),
    [
        ([CONFLICT] * 3, RestartResult.ROLLED, "1 of 1 pods"),
        ([CONFLICT] * 50, RestartResult.FAILED, "it is written too often"),
        ([BUSY] * 3, RestartResult.ROLLED, "1 of 1 pods"),
        ([BUSY] * 50, RestartResult.FAILED, "is overloaded"),
        ([NotFound(404, "NotFound", "x")], RestartResult.GONE, ""),
        ([Forbidden(403, "Forbidden", "may not")], RestartResult.FAILED, "may not"),
        ([NO_ANSWER], RestartResult.FAILED, "no answer in time"),
    ],
)
def test_what_the_api_server_answers_to_the_update(
    answers: list[ApiError], end: RestartResult, said: str
) -> None:
    cluster = Cluster()
    cluster.answers = answers
    ended = rolled(cluster)

    assert ended.result is end
    assert said in "".join(ended.lines)


@pytest.mark.parametrize(
    ("failures", "end"),
    [(5, RestartResult.ROLLED), (1000, RestartResult.FAILED)],
)
def test_an_api_server_that_is_away_while_it_rolls_may_come_back(
    failures: int, end: RestartResult
) -> None:
    cluster = Cluster(looks=5)

    def away() -> None:
        if cluster.looks == 3 and not cluster.gets:
            cluster.gets = [NO_ANSWER] * failures
            cluster.looks -= 1

    cluster.meanwhile = away
    ended = rolled(cluster)
    assert ended.result is end
    assert ("no answer in time" in "".join(ended.lines)) is (end is RestartResult.FAILED)


def test_a_new_deployment_of_the_same_name_is_not_taken_for_the_old_one() -> None:
    cluster = Cluster(looks=5)

    def replaced() -> None:
        if cluster.looks == 3:
            cluster.found["metadata"]["uid"] = "another"

    cluster.meanwhile = replaced
    assert rolled(cluster).result is RestartResult.GONE


def test_a_restart_stops_at_once_while_the_api_server_does_not_answer() -> None:
    ended = rolled(Cluster(looks=1000), stop_after=30.5)
    assert (ended.result, ended.lines) == (
        RestartResult.INTERRUPTED,
        ("the Deployment's controller has not seen it yet",),
    )

    cluster = Cluster(looks=1000)

    def away() -> None:
        if cluster.looks < 990 and not cluster.gets:
            cluster.gets = [NO_ANSWER] * 1000

    cluster.meanwhile = away
    assert rolled(cluster, stop_after=30.5).result is RestartResult.INTERRUPTED


def test_a_rollout_without_progress_has_failed() -> None:
    cluster = Cluster(looks=1000)

    def stuck() -> None:
        if cluster.looks < 998:
            condition = {"type": "Progressing", "reason": "ProgressDeadlineExceeded"}
            cluster.found["status"] = {"observedGeneration": 2, "conditions": [condition]}

    cluster.meanwhile = stuck
    ended = rolled(cluster)
    assert (ended.result, ended.lines) == (
        RestartResult.FAILED,
        ("no progress for 600 s: look at its new pods",),
    )


def test_a_paused_one_is_not_touched() -> None:
    cluster = Cluster()
    cluster.found["spec"]["paused"] = True

    assert rolled(cluster).result is RestartResult.PAUSED
    assert cluster.patches == []


class WithPods(Cluster):
    """A Deployment whose pods are filled in, instead of its template; its pods are these."""

    def __init__(self, template: Json, *pods: Json) -> None:
        super().__init__()
        self.found = {**deepcopy(template), "status": {"observedGeneration": 1}}
        self.pods = list(pods)
        self.after: list[Json] = []

    async def list_each(self, _path: str, take: Callable[[Json], Any], **_: Any) -> None:
        for each in self.pods:
            take(deepcopy(each))

    async def patch(self, path: str, body: Json, *, kind: str, dry_run: bool) -> Json:
        assert (path, kind) == (PATH, "merge")
        self.patches.append((dry_run, body))
        if not dry_run:
            self.found["metadata"]["generation"] = 2
            self.pods = self.after
        return deepcopy(self.found)


WRITTEN = stored(builders.of_kind("Deployment", "crm"))
BY_PODS = settings(fillIn="pods")


def pod_of_crm(pod: Json) -> Json:
    owner = {"controller": True, "kind": "ReplicaSet", "name": "crm-7d4f"}
    pod["metadata"]["ownerReferences"] = [owner]
    pod["metadata"]["labels"]["pod-template-hash"] = "7d4f"
    return pod


OLD = pod_of_crm(stored(builders.bare_pod("old")))
NEW = pod_of_crm(filled_in(builders.bare_pod("new"), BY_PODS))


@pytest.mark.parametrize(
    ("after", "end", "said"),
    [(NEW, RestartResult.ROLLED, "1 of 1 pods"), (OLD, RestartResult.FAILED, "its pods are new")],
    ids=["filled-in", "nobody-filled-them-in"],
)
def test_where_pods_are_filled_in_a_deployment_rolls_for_them(
    after: Json, end: RestartResult, said: str
) -> None:
    cluster = WithPods(WRITTEN, OLD)
    cluster.after = [after]
    ended = rolled(cluster, under=BY_PODS)

    assert ended.result is end
    assert said in "".join(ended.lines)
    assert [dry_run for dry_run, _ in cluster.patches] == [True, False]


def test_the_fields_of_pods_that_would_change_are_told() -> None:
    ended = rolled(WithPods(WRITTEN, OLD), dry_run=True, under=BY_PODS)

    assert ended.result is RestartResult.WOULD_ROLL
    assert any("would be" in each for each in ended.lines)


def test_a_deployment_whose_update_would_be_refused_is_not_touched_and_the_reason_is_told() -> None:
    cluster = WithPods(stored(server()), OLD)
    ended = rolled(cluster, under=BY_PODS)

    assert ended.result is RestartResult.REFUSED
    assert 'must be "true" too: with fillIn: pods no template is changed' in ended.lines[0]
    assert cluster.patches == []
