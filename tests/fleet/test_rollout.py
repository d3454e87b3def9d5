"""How far a rollout is, by what the Deployment's controller has written."""

from typing import Any

import pytest

from webhook.fleet.rollout import RolloutProgress, rollout_progress

Json = dict[str, Any]
STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
LOOK = "look at its new pods"
NO_CLASS = 'pods "a-" is forbidden: RuntimeClass "gvisor" not found'
FAILS = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": NO_CLASS}


def found(spec: Json, generation: int, **status: Any) -> Json:
    return {"metadata": {"generation": generation}, "spec": spec, "status": status}


def counts(there: int, new: int, ready: int, **more: Any) -> Json:
    numbers = {"replicas": there, "updatedReplicas": new, "availableReplicas": ready}
    return {"observedGeneration": 2, **numbers, **more}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, {}, RolloutProgress("the Deployment's controller has not seen it yet")),
        (
            {"replicas": 1},
            {"observedGeneration": 1, "conditions": [STUCK]},
            RolloutProgress("the Deployment's controller has not seen it yet"),
        ),
        ({"replicas": 2}, counts(2, 1, 2), RolloutProgress("1 of 2 new pods are there")),
        ({}, counts(1, 0, 1), RolloutProgress("0 of 1 new pods are there")),
        ({"replicas": 1}, counts(2, 1, 2), RolloutProgress("old pods that are left: 1")),
        ({"replicas": 2}, counts(2, 2, 1), RolloutProgress("1 of 2 new pods are available")),
        (
            {"replicas": 2},
            counts(2, 2, 2),
            RolloutProgress("2 of 2 pods are new and available", done=True),
        ),
        (
            {"replicas": 0},
            {"observedGeneration": 2},
            RolloutProgress("0 of 0 pods are new and available", done=True),
        ),
        (
            {"replicas": 1, "progressDeadlineSeconds": 7},
            counts(2, 1, 1, conditions=[{"type": "Available"}, STUCK]),
            RolloutProgress(f"no progress for 7 s: {LOOK}", stuck=True),
        ),
        (
            {"replicas": 1},
            counts(1, 1, 0, conditions=[STUCK]),
            RolloutProgress(f"no progress for 600 s: {LOOK}", stuck=True),
        ),
        (
            {},
            counts(1, 0, 1, conditions=[FAILS]),
            RolloutProgress(f"0 of 1 new pods are there: {NO_CLASS}"),
        ),
        (
            {},
            counts(1, 0, 1, conditions=[{**FAILS, "status": "False"}]),
            RolloutProgress("0 of 1 new pods are there"),
        ),
        (
            {},
            counts(1, 0, 1, conditions=[FAILS, STUCK]),
            RolloutProgress(f"no progress for 600 s: {NO_CLASS}", stuck=True),
        ),
        (
            {"paused": True},
            counts(1, 0, 1),
            RolloutProgress("the Deployment is paused: resume it, and pods roll", stuck=True),
        ),
    ],
)
def test_the_progress_of_a_rollout_is_reported(
    spec: Json, status: Json, expected: RolloutProgress
) -> None:
    assert rollout_progress(found(spec, 2, **status)) == expected
