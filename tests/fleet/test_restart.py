"""One server is restarted, whatever the API server answers and other clients write."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, server, settings, stored
from tests.fleet.rolling import FORMER, PATH, RAN, Cluster, rolled
from webhook.admission.going_back import template_digest
from webhook.fleet.roll import RestartResult
from webhook.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from webhook.settings.model import Settings

NO_ANSWER = Unreachable("GET: no answer in time")
BUSY = TooManyRequests(429, "TooManyRequests", "later", 5.0)
CONFLICT = Conflict(409, "Conflict", "it is another by now")
FORBIDDEN = Forbidden(403, "Forbidden", "may not")


def test_a_deployment_is_tried_as_a_dry_run_and_then_rolled() -> None:
    cluster = Cluster()
    ended = rolled(cluster)

    assert (ended.result, ended.lines) == (
        RestartResult.ROLLED,
        ("1 of 1 pods are new and available, after 3 s",),
    )
    assert [dry_run for dry_run, _ in cluster.patches] == [True, False]
    for _, body in cluster.patches:
        digest = template_digest(filled_in(server(), Settings())["spec"]["template"])
        seen = {"uid": "uid-of-crm", "resourceVersion": "7"}
        assert body["metadata"] == {**seen, "annotations": {FORMER: digest}}
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


def test_a_paused_one_is_not_touched() -> None:
    cluster = Cluster()
    cluster.found["spec"]["paused"] = True

    assert rolled(cluster).result is RestartResult.PAUSED
    assert cluster.patches == []


class WithPods(Cluster):
    """A Deployment whose pods are filled in, instead of its template; its pods are these."""

    def __init__(self, template: Json, *pods: Json) -> None:
        super().__init__()
        self.found = {**deepcopy(template), "status": RAN}
        self.pods = list(pods)
        self.after: list[Json] = []

    async def list_each(self, path: str, take: Callable[[Json], Any], **_: Any) -> None:
        for each in self.pods if path.endswith("/pods") else ():
            take(deepcopy(each))

    async def patch(self, path: str, body: Any, *, kind: str, dry_run: bool = False) -> Json:
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
