"""Pods of the highest priorities that ask for the whole node: the product keeps its place.

Bounded by the rule `priority-class` for servers, and by the product's own priority for the rest.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.hostile.guard import Guard
from tests.hostile.tenants import Tenant
from tests.hostile.victim import look
from tools.chart.helm import NAMESPACE

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
URGENT = {"metadata": {"name": "urgent"}, "value": 1_000_000_000}
# More than the node has beside the least pod of ours.
WHOLE_NODE = {"resources": {"requests": {"cpu": "63960m"}, "limits": {"cpu": "63960m"}}}


@pytest.fixture
def urgent(guard: Guard) -> Iterator[str]:
    """The highest class that anybody but Kubernetes may define."""
    guard.cluster.create(CLASSES, URGENT)
    pod, path = large_pod("urgent"), "/api/v1/namespaces/default/pods?dryRun=All"
    guard.cluster.wait_for(
        "the class, where the API server looks for it",
        lambda: b"no PriorityClass" not in guard.cluster.raw("POST", path, pod).body,
    )
    yield "urgent"
    guard.cluster.raw("DELETE", f"{CLASSES}/urgent")


def large_pod(priority: str, **more: Any) -> Json:
    """A pod that asks for the whole node."""
    return builders.bare_pod("large", container=WHOLE_NODE, priorityClassName=priority, **more)


def our_pods(guard: Guard) -> set[str]:
    return {pod["metadata"]["uid"] for pod in guard.release.pods(NAMESPACE)}


@pytest.mark.parametrize("priority", ["system-node-critical", "system-cluster-critical", "urgent"])
def test_a_server_of_a_high_priority_is_refused(
    guard: Guard, attacker: Tenant, urgent: str, priority: str
) -> None:
    """Also one that the cluster's administrator has defined for others."""
    before = our_pods(guard)

    answer = attacker.raw("POST", "pods", large_pod(priority))

    try:
        assert answer.status == 403, answer.body.decode()[:500]
        assert "(priority-class)" in answer.json()["message"]
    finally:
        _end(guard, attacker, before)


def test_a_pod_that_is_no_server_cannot_preempt_the_product(
    guard: Guard, attacker: Tenant, victim: Tenant, urgent: str
) -> None:
    """It is nobody's business here, and the scheduler finds nothing of ours to take away."""
    uids = our_pods(guard)
    pod = large_pod(urgent)
    pod["metadata"]["labels"] = {}

    try:
        with look(victim, "preemption") as looking:
            attacker.create("pods", pod)
            guard.release.wait_for("word of the scheduler", lambda: _considered(attacker))
            looking.go_on(creates=5, gates=1, seconds=10)
        assert our_pods(guard) == uids
        assert looking.creates.refused == []
    finally:
        _end(guard, attacker, uids)


def test_the_product_outranks_everything_but_nodes(guard: Guard) -> None:
    """Its own class, and requests that a scheduler honours."""
    pods = guard.release.pods(NAMESPACE)
    assert {pod["spec"].get("priorityClassName") for pod in pods} == {"system-cluster-critical"}
    for container in [each for pod in pods for each in pod["spec"]["containers"]]:
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}


def _considered(tenant: Tenant) -> bool:
    """The scheduler has placed the pod, or has said why it cannot."""
    found = tenant.raw("GET", "pods/large").json()
    return any(each["type"] == "PodScheduled" for each in found["status"].get("conditions", []))


def _end(guard: Guard, tenant: Tenant, before: set[str]) -> None:
    """Take the pod away, and let what it has harmed come back."""
    tenant.raw("DELETE", "pods/large")
    tenant.cluster.wait_for("end", lambda: tenant.raw("GET", "pods/large").status == 404)
    if our_pods(guard) != before:
        guard.release.wait_for("pods of ours", lambda: len(our_pods(guard)) >= len(before))
        guard.release.rolled_out()
