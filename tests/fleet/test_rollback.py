"""A roll is taken back to the revision that ran, or says why it is not."""

import asyncio
from typing import Any

import pytest

from tests.controller.servers.live import Json, filled_in, server, stored
from tests.fleet.rolling import FORMER, MORE, PATH, RAN, Cluster
from webhook.fleet import rollback
from webhook.fleet.rollback import RolledBack, roll_back
from webhook.kube.errors import ApiError, Invalid, NotFound, Unreachable
from webhook.settings.model import Settings

BEFORE: Json = {**filled_in(server(), Settings()), "status": RAN}


def failed(annotations: Json | None = None) -> Json:
    found = filled_in(server(), MORE)
    found["metadata"]["annotations"] = {FORMER: "0" * 64} if annotations is None else annotations
    return found


def back(cluster: Cluster, before: Json = BEFORE, after: Json | None = None) -> RolledBack:
    api: Any = cluster
    cluster.found = after or failed()
    return asyncio.run(roll_back(api, PATH, before, cluster.found))


def test_the_template_that_ran_replaces_the_one_that_failed_and_no_other() -> None:
    cluster = Cluster()
    ended = back(cluster)

    assert (ended.done, ended.line) == (True, rollback.BACK)
    assert ended.found is not None
    assert ended.found["spec"]["template"] == BEFORE["spec"]["template"]
    assert [dry_run for dry_run, _ in cluster.patches] == [True, False]
    assert cluster.patches[0][1] == cluster.patches[1][1]
    assert cluster.patches[0][1] == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-of-crm"},
        {"op": "test", "path": "/spec/template", "value": failed()["spec"]["template"]},
        {"op": "replace", "path": "/spec/template", "value": BEFORE["spec"]["template"]},
        {"op": "remove", "path": "/metadata/annotations/mcp-admission.dev~1former"},
    ]


def test_an_annotation_that_is_gone_is_not_taken_away() -> None:
    cluster = Cluster()

    assert back(cluster, after=failed({})).done
    assert [each["op"] for each in cluster.patches[0][1]] == ["test", "test", "replace"]


@pytest.mark.parametrize(
    "status",
    [
        {},
        {**RAN, "availableReplicas": 0},
        {**RAN, "updatedReplicas": 0},
        {**RAN, "observedGeneration": 0},
    ],
)
def test_a_revision_that_did_not_run_does_not_come_back(status: Json) -> None:
    cluster = Cluster()

    assert back(cluster, {**BEFORE, "status": status}) == RolledBack(rollback.DID_NOT_RUN)
    assert cluster.patches == []


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (BEFORE, rollback.OTHERWISE),
        ({**stored(server()), "status": RAN}, rollback.NEVER_FILLED_IN),
    ],
    ids=["another webhook", "never filled in"],
)
def test_one_that_would_come_back_otherwise_stays_away(before: Json, line: str) -> None:
    cluster = Cluster()
    cluster.comes_back = False

    assert back(cluster, before) == RolledBack(line)
    assert [dry_run for dry_run, _ in cluster.patches] == [True]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Invalid(422, "Invalid", "the test failed"), "somebody changed it meanwhile"),
        (NotFound(404, "NotFound", "x"), "it is gone"),
        (Unreachable("PATCH: no answer"), "not rolled back: PATCH: no answer; the roll stays"),
    ],
)
def test_what_the_api_server_answers_is_told(answer: ApiError, said: str) -> None:
    cluster = Cluster()
    cluster.answers = [answer]
    ended = back(cluster)

    assert not ended.done
    assert said in ended.line
