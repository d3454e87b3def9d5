"""What pods count is read by the rights of whoever looks, and is bounded."""

import asyncio
from math import inf
from typing import Any

import pytest

from tests.console.replicas import PLACES, PODS, Replicas, replica, reviewed
from webhook.console.health_view import metric_reading
from webhook.console.health_view.metric_reading import MetricReading, parse_metrics, read_metrics
from webhook.kube.errors import ApiError, Forbidden, Unreachable
from webhook.observe.metrics import ControllerMetrics

NO = Forbidden(403, "Forbidden", f'GET {PODS}/a:8080/proxy/metrics: 403: cannot get "pods/proxy"')


def read(replicas: Replicas, component: str = "serve") -> MetricReading:
    api: Any = replicas
    return asyncio.run(read_metrics(api, PLACES, component))


def test_the_counters_of_each_replica_are_read() -> None:
    replicas = Replicas()
    counted = replicas.add("a")
    reviewed(counted, "refused", 2)
    reviewed(counted, "refused", dry_run=True)
    reviewed(counted, times=3, seconds=0.3)
    counted.findings["privileged", "error"].inc()
    counted.findings["capabilities", "warning"].inc()
    replicas.add("b")

    found = read(replicas)

    assert replicas.asked[0] == f"{PODS}/a%3A8080/proxy/metrics"
    assert found.problems == ()
    assert set(found.pods) == {"a", "b"}
    assert found.pods["a"].reviews == {"refused": 2, "allowed": 3, "dry-run": 1}
    assert found.pods["a"].refusals == {"privileged": 1}
    assert [found.pods["a"].within[each] for each in (0.00025, 0.0005, 0.25, 0.5, inf)] == [
        0,
        3,
        3,
        6,
        6,
    ]


def test_the_queues_are_those_of_the_leader() -> None:
    replicas, leader, other = Replicas(), ControllerMetrics(), ControllerMetrics()
    leader.leads(True)
    leader.queue_depth.labels("server").set(7)
    replicas.pods["control"] = [replica("a", "control"), replica("b", "control")]
    replicas.answers = {"a": leader, "b": other}

    found = read(replicas, "control").pods

    assert (found["a"].leads, found["a"].queues) == (True, {"server": 7})
    assert (found["b"].leads, found["b"].queues) == (False, {})


def test_pods_that_do_not_run_are_not_asked_and_a_port_has_its_name() -> None:
    replicas = Replicas()
    replicas.add("a")
    replicas.pods["serve"][0]["spec"]["containers"][0]["ports"][1]["containerPort"] = 9090
    replicas.pods["serve"] += [replica("b", phase="Pending"), replica("c")]
    replicas.pods["serve"][-1]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert set(read(replicas).pods) == {"a"}
    assert replicas.asked == [f"{PODS}/a%3A9090/proxy/metrics"]


def test_the_right_that_is_missing_is_named_once() -> None:
    replicas = Replicas()
    for name in ("a", "b"):
        replicas.add(name)
        replicas.answers[name] = Forbidden(
            403, "Forbidden", f'GET {PODS}/{name}: pods "{name}:8080" is forbidden'
        )

    (said,) = read(replicas).problems

    assert "the verb get on pods/proxy" in said
    assert PLACES.namespace in said

    replicas.lists = [Forbidden(403, "Forbidden", "no")]
    assert read(replicas).problems == ("you may not list the pods of mcp-admission-system: no",)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Unreachable("GET x: no answer in time"), "pod a is not counted: GET x: no answer in time"),
        ('mcp_admission_reviews_total{a="b} 1', "not the format of metrics"),
        ("mcp_admission_reviews_total x", "not the format of metrics"),
        ('mcp_admission_review_duration_seconds_bucket{x="1"} 1', "not the format of metrics"),
        (ApiError(503, "TextTooLong", "more than 1 bytes came"), "more than 1 bytes came"),
    ],
)
def test_a_pod_that_does_not_say_it_does_not_hide_the_others(
    answer: str | ApiError, said: str
) -> None:
    replicas = Replicas()
    for name in ("a", "b"):
        replicas.add(name)
    replicas.answers["a"] = answer

    found = read(replicas)

    assert set(found.pods) == {"b"}
    assert said in found.problems[0]
    assert len(found.problems) == 1


def test_no_more_pods_than_a_bound_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_reading, "MOST_PODS", 2)
    replicas = Replicas()
    for name in ("a", "b", "c"):
        replicas.add(name)

    found = read(replicas)

    assert set(found.pods) == {"a", "b"}
    assert found.problems == ("1 more pods are not read: 2 are",)


def test_other_metrics_and_numbers_without_end_are_left_out() -> None:
    lines = [
        "# HELP other x",
        "other{ nothing that could be parsed",
        'mcp_admission_reviews_total{decision="allowed"} NaN',
        'mcp_admission_reviews_total{decision="refused"} +Inf',
    ]

    assert parse_metrics("\n".join(lines)) == ({}, {}, {}, {}, False)
