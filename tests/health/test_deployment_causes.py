"""What the status of a Deployment says about why it does not run."""

import pytest

from tests.health.objects import (
    SINCE,
    Json,
    condition,
    deployment,
    progressing,
    replica_failure,
)
from webhook.health import INCOMPLETE, NOT_RUNNING, Cause, deployment_causes

QUOTA = replica_failure('pods "web-5c-x" is forbidden: exceeded quota: compute')
NO_CLASS = replica_failure('pods "web-5c-x" is forbidden: pod rejected: RuntimeClass "a" not found')
UNAVAILABLE = condition("Available", "False", message="Deployment is not available.")
TIMED_OUT = progressing("ProgressDeadlineExceeded", "False")
ROLLED_OUT = progressing("NewReplicaSetAvailable")


def test_a_refusal_is_quoted_at_once_with_where_it_was_seen() -> None:
    found = deployment(UNAVAILABLE, progressing("NewReplicaSetCreated"), QUOTA)

    assert deployment_causes(found) == (
        Cause(
            NOT_RUNNING,
            "QuotaExceeded",
            "exceeded quota: compute",
            "Deployment status.conditions[ReplicaFailure]",
            final=True,
            since=SINCE,
        ),
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(
            deployment(UNAVAILABLE, TIMED_OUT), (NOT_RUNNING, "RolloutTimedOut"), id="timed-out"
        ),
        pytest.param(
            deployment(UNAVAILABLE, ROLLED_OUT, updated=1), (NOT_RUNNING, "NoPodReady"), id="broke"
        ),
        pytest.param(
            deployment(UNAVAILABLE, paused=True), (NOT_RUNNING, "RolloutPaused"), id="paused"
        ),
        pytest.param(
            deployment(TIMED_OUT, ready=1, updated=1), None, id="timed-out-and-rolled-all-the-same"
        ),
        pytest.param(deployment(NO_CLASS), (INCOMPLETE, "RuntimeClassMissing"), id="missing"),
    ],
)
def test_why_nothing_runs(found: Json, said: tuple[str, str] | None) -> None:
    pairs = [(each.state, each.reason) for each in deployment_causes(found)]

    assert pairs == ([said] if said else [])


@pytest.mark.parametrize(
    "reason", ["NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated"]
)
def test_a_rollout_under_way_is_no_cause(reason: str) -> None:
    assert deployment_causes(deployment(UNAVAILABLE, progressing(reason), updated=1)) == ()


def test_a_deployment_with_a_ready_pod_runs() -> None:
    found = deployment(condition("Available"), ROLLED_OUT, ready=1, updated=1)

    assert deployment_causes(found) == ()


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        pytest.param(QUOTA, "out-of-date", id="older-pods-serve"),
        pytest.param(NO_CLASS, INCOMPLETE, id="missing-all-the-same"),
        pytest.param(TIMED_OUT, "out-of-date", id="a-rollout-that-is-stuck"),
    ],
)
def test_a_rollout_that_is_stuck_while_an_older_pod_serves(failure: Json, state: str) -> None:
    found = deployment(condition("Available"), failure, ready=1)
    found["status"]["replicas"] = 2
    found["status"]["updatedReplicas"] = 1

    assert [each.state for each in deployment_causes(found)] == [state]


def test_what_an_older_spec_could_not_is_no_cause() -> None:
    found = deployment(QUOTA)
    found["metadata"]["generation"] += 1

    assert deployment_causes(found) == ()


def test_a_deployment_without_wanted_pods_has_no_cause() -> None:
    assert deployment_causes(deployment(QUOTA, replicas=0)) == ()


def test_a_deployment_that_nobody_has_seen_yet_has_no_cause() -> None:
    found = deployment()
    del found["status"]

    assert deployment_causes(found) == ()
