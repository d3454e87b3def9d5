"""The controller's port: what a kubelet and Prometheus are answered."""

import asyncio
import time
import urllib.error
import urllib.request
from unittest import mock

import pytest
from prometheus_client import CollectorRegistry, Gauge

from tools.cluster.ports import LOOPBACK, free_ports
from webhook.controller.health import Heart, answer_probes
from webhook.observe.metrics import ControllerMetrics
from webhook.server.listener import Address


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_each_path_is_answered_by_its_own_problem() -> None:
    (port,) = free_ports(1)
    registry = CollectorRegistry()
    Gauge("answer", "Of everything.", registry=registry).set(42)
    problem: list[str | None] = ["no look at the Lease yet"]
    paths = {"/healthz": lambda: None, "/readyz": lambda: problem[0]}
    answer_probes(Address(LOOPBACK, port), registry, paths)

    assert ask(port, "/healthz") == (200, "ok\n")
    assert ask(port, "/readyz") == (503, "no look at the Lease yet\n")
    problem[0] = None
    assert ask(port, "/readyz") == (200, "ok\n")
    assert ask(port, "/nothing") == (404, "not found\n")
    assert "answer 42.0" in ask(port, "/metrics")[1]


@pytest.mark.parametrize(("seconds", "problem"), [(29, None), (31, "nothing has moved for 31 sec")])
def test_a_loop_that_stands_still_is_not_healthy(seconds: int, problem: str | None) -> None:
    with mock.patch("time.monotonic", return_value=100.0):
        heart = Heart()
    with mock.patch("time.monotonic", return_value=100.0 + seconds):
        found = heart.problem()

    assert (found and found[: len(problem or "")]) == problem


async def test_the_longest_turn_is_shown() -> None:
    metrics = ControllerMetrics()
    beating = asyncio.create_task(Heart(metrics.longest_turn).beat())
    await asyncio.sleep(0)
    for seconds in (0.7, 0.0):
        time.sleep(seconds)  # noqa: ASYNC251 - nobody else has a turn
        await asyncio.sleep(0.2)
    beating.cancel()

    name = "mcp_admission_event_loop_longest_turn_seconds"
    assert (metrics.registry.get_sample_value(name) or 0.0) > 0.5
