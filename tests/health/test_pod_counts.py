"""Wanted and ready pods, for each kind of workload."""

from typing import Any

import pytest

from tests.health.objects import Json, condition, deployment, pod
from webhook.health import PodCounts, lacks_pods, pod_counts

READY = condition("Ready")
META: Json = {"name": "web", "generation": 2}


def found(spec: Json, **status: Any) -> Json:
    return {"metadata": META, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("kind", "found", "counts"),
    [
        pytest.param("Deployment", deployment(), PodCounts(1, 0), id="deployment"),
        pytest.param(
            "Deployment",
            deployment(ready=2, updated=1, replicas=3),
            PodCounts(3, 2, rolled=False),
            id="deployment-that-rolls",
        ),
        pytest.param(
            "Deployment",
            found({}, observedGeneration=1),
            PodCounts(1, 0, rolled=False),
            id="unseen",
        ),
        pytest.param("Deployment", found({}), PodCounts(1, 0, rolled=False), id="no-status"),
        pytest.param(
            "StatefulSet",
            found({"replicas": 2}, observedGeneration=2, replicas=2, updatedReplicas=2),
            PodCounts(2, 0),
            id="statefulset",
        ),
        pytest.param(
            "ReplicaSet",
            found({"replicas": 2}, observedGeneration=2, replicas=2, readyReplicas=1),
            PodCounts(2, 1),
            id="replicaset",
        ),
        pytest.param(
            "DaemonSet",
            found({}, desiredNumberScheduled=3, numberReady=1, updatedNumberScheduled=2),
            PodCounts(3, 1, rolled=False),
            id="daemonset",
        ),
        pytest.param("Job", found({}, active=1), PodCounts(1, 0), id="job"),
        pytest.param("Job", found({}, ready=1), PodCounts(1, 1), id="job-that-runs"),
        pytest.param("Job", found({"suspend": True}), PodCounts(0, 0), id="suspended-job"),
        pytest.param(
            "Job", found({}, conditions=[condition("Failed")]), PodCounts(0, 0), id="failed-job"
        ),
        pytest.param("CronJob", found({}), PodCounts(0, 0), id="cronjob"),
        pytest.param("Pod", pod(READY), PodCounts(1, 1), id="pod"),
        pytest.param("Pod", pod(), PodCounts(1, 0), id="pod-that-is-not-ready"),
        pytest.param("Pod", pod(phase="Failed"), PodCounts(0, 0), id="pod-that-has-ended"),
    ],
)
def test_counts(kind: str, found: Json, counts: PodCounts) -> None:
    assert pod_counts(found, kind) == counts


def test_a_pod_that_is_deleted_is_neither_wanted_nor_ready() -> None:
    going = pod(READY)
    going["metadata"]["deletionTimestamp"] = "2026-03-01T10:00:00Z"

    assert pod_counts(going, "Pod") == PodCounts(0, 0)


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("StatefulSet", found({"replicas": 2}, replicas=1), True),
        ("StatefulSet", found({"replicas": 2}, replicas=2), False),
        ("StatefulSet", found({"replicas": 0}), False),
        ("DaemonSet", found({}, desiredNumberScheduled=2, currentNumberScheduled=1), True),
        ("DaemonSet", found({}, desiredNumberScheduled=2, currentNumberScheduled=2), False),
        ("Job", found({}), True),
        ("Job", found({}, active=1), False),
        ("Job", found({"suspend": True}), False),
        ("CronJob", found({}), False),
    ],
)
def test_whether_fewer_pods_are_there_than_are_wanted(
    kind: str, found: Json, *, expected: bool
) -> None:
    assert lacks_pods(found, kind) is expected
