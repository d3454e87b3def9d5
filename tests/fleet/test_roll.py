"""A roll is seen through: to its end, or until waiting cannot help any more."""

from typing import Any

import pytest

from tests.fleet.rolling import Cluster, rolled
from webhook.fleet.roll import RestartResult
from webhook.kube.errors import Forbidden, Unreachable

NO_ANSWER = Unreachable("GET: no answer in time")
NO_CLASS = 'RuntimeClass "gvisor" not found'
FAILS = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "message": f'pods "crm-2-x" is forbidden: pod rejected: {NO_CLASS}',
}
CRASHES: dict[str, Any] = {
    "containerStatuses": [
        {"name": "mcp", "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
}
GATED = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
NOT_SEEN = "the Deployment's controller has not seen it yet"
BACK = "rolled back to the revision that ran, and its pods run"


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
        (NOT_SEEN,),
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
        ("no progress for 600 s: look at its new pods", BACK),
    )


def test_what_is_final_ends_the_roll_at_once_and_what_ran_comes_back() -> None:
    cluster = Cluster(looks=1000)
    cluster.conditions = [FAILS]
    before = cluster.found["spec"]["template"]
    ended = rolled(cluster)

    assert (ended.result, ended.lines) == (RestartResult.FAILED, (NO_CLASS, BACK))
    assert (ended.reason, ended.rolled_back) == ("RuntimeClassMissing", True)
    assert ended.seen == "ReplicaSet crm-2 status.conditions[ReplicaFailure]"
    assert ended.fields == ("containers[mcp].resources.requests.memory",)
    assert cluster.found["spec"]["template"] == before
    assert cluster.looks == 1000


def test_without_a_rollback_the_roll_stays_as_it_is() -> None:
    cluster = Cluster(looks=1000)
    cluster.conditions = [FAILS]
    ended = rolled(cluster, rolls_back=False)

    assert (ended.lines, ended.rolled_back) == ((NO_CLASS,), False)
    assert cluster.found["metadata"]["generation"] == 2
    assert cluster.patches[-1][1]["metadata"]["annotations"] == {"mcp-admission.dev/former": None}


def test_what_is_not_final_is_waited_for_until_the_time_is_over() -> None:
    cluster = Cluster(looks=1000)
    cluster.status = CRASHES
    ended = rolled(cluster, timeout=30)

    assert ended.reason == "CrashLoop"
    assert ended.lines[0].startswith(
        f"not rolled out after 30 s (timeout): {NOT_SEEN}: container mcp ends again and again"
    )
    assert ended.lines[1:] == (BACK,)


def test_what_is_waited_for_is_told_where_kubernetes_gives_up() -> None:
    cluster = Cluster(looks=1000)
    cluster.status = {"conditions": [{**GATED, "message": "it is blocked"}]}

    def gives_up() -> None:
        if cluster.looks < 998:
            condition = {"type": "Progressing", "reason": "ProgressDeadlineExceeded"}
            cluster.found["status"] = {"observedGeneration": 2, "conditions": [condition]}

    cluster.meanwhile = gives_up

    assert rolled(cluster).lines == ("no progress for 600 s: it is blocked:", BACK)


def test_a_roll_that_nothing_is_known_to_keep_is_out_of_time() -> None:
    ended = rolled(Cluster(looks=1000), timeout=2)

    assert (ended.reason, ended.seen) == ("TimedOut", "")


def test_the_progress_names_what_is_waited_for() -> None:
    cluster, told = Cluster(looks=3), list[str]()
    cluster.status = {"conditions": [GATED]}
    ended = rolled(cluster, told=told)

    assert ended.result is RestartResult.ROLLED
    assert set(told) == {f"{NOT_SEEN}: held by scheduling gates:"}


def test_without_the_right_to_list_pods_the_status_of_the_deployment_tells() -> None:
    cluster = Cluster(looks=1000)
    cluster.lists = [Forbidden(403, "Forbidden", "may not")]

    def fails() -> None:
        status = {"observedGeneration": cluster.found["metadata"]["generation"]}
        cluster.found["status"] = {**status, "conditions": [FAILS]}

    rolls = rolled(cluster, timeout=5)
    assert rolls.reason == "TimedOut"

    cluster = Cluster(looks=1000)
    cluster.lists = [Forbidden(403, "Forbidden", "may not")]
    ran = cluster.found["status"]

    def while_it_rolls() -> None:
        if cluster.found["metadata"]["generation"] == 2:
            fails()
        else:
            cluster.found["status"] = ran

    cluster.meanwhile = while_it_rolls
    ended = rolled(cluster)
    assert (ended.reason, ended.rolled_back) == ("RuntimeClassMissing", True)
    assert ended.seen == "Deployment status.conditions[ReplicaFailure]"


def test_one_that_somebody_pauses_is_not_rolled_back() -> None:
    cluster = Cluster(looks=1000)

    def pauses() -> None:
        if cluster.looks < 998:
            cluster.found["spec"]["paused"] = True

    cluster.meanwhile = pauses
    ended = rolled(cluster)

    assert ended.lines == ("the Deployment is paused: resume it, and pods roll",)
    assert not ended.rolled_back
