"""LimitRange and ResourceQuota: what they say about a pod counts, and ours fits into it."""

from typing import Any

import pytest

from tests.builders import Manifest, bare_pod, container, of_kind, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules

DEFAULTS = {"default": {"memory": "200Mi"}, "defaultRequest": {"memory": "100Mi"}}


def limit(namespace: Namespace, **item: Any) -> None:
    """Give the namespace a LimitRange for containers, and wait until it is in force."""
    spec = {"limits": [{"type": "Container", "max": {"cpu": "7"}, **item}]}
    manifest = {"metadata": {"name": "limits"}, "spec": spec}
    namespace.cluster.create(namespace.path("limitranges"), manifest)

    def in_force() -> bool:
        probe = bare_pod("probe", labels={}, automountServiceAccountToken=False)
        return "cpu" in resources(namespace.raw("POST", "pods?dryRun=All", probe).json())["limits"]

    namespace.cluster.wait_for("LimitRange in force", in_force)


def allow(namespace: Namespace, **hard: str) -> None:
    """Give the namespace a ResourceQuota, and wait until it is in force."""
    manifest = {"metadata": {"name": "quota"}, "spec": {"hard": hard}}
    namespace.cluster.create(namespace.path("resourcequotas"), manifest)
    namespace.cluster.wait_for(
        "ResourceQuota in force",
        lambda: namespace.get("resourcequotas/quota").get("status", {}).get("hard") == hard,
    )
    namespace.cluster.wait_for(
        "the quota's status where the API server looks for it",
        lambda: b"status unknown" not in namespace.raw("POST", "pods?dryRun=All", bare_pod()).body,
    )


def resources(pod: Manifest) -> Any:
    return pod["spec"]["containers"][0]["resources"]


def memory(pod: Manifest) -> tuple[str | None, str | None]:
    """Request and limit of the pod's container."""
    found = resources(pod)
    return found.get("requests", {}).get("memory"), found.get("limits", {}).get("memory")


LIMIT_RANGES: dict[str, tuple[dict[str, Any], tuple[str | None, str | None]]] = {
    "small defaults": (DEFAULTS, ("100Mi", "200Mi")),
    "small maximum": ({"max": {"memory": "256Mi", "cpu": "7"}}, ("256Mi", "256Mi")),
    "large default": ({"default": {"memory": "1Gi"}}, ("1Gi", "1Gi")),
    "small request": ({"defaultRequest": {"memory": "64Mi"}}, ("64Mi", None)),
    "large minimum": ({"min": {"memory": "512Mi"}}, ("512Mi", None)),
    "ratio": (
        {"default": {"memory": "1Gi"}, "maxLimitRequestRatio": {"memory": "2"}},
        ("1Gi", "1Gi"),
    ),
    "CPU alone": ({}, ("400Mi", None)),
}
WORKLOADS = ["Deployment", "StatefulSet", "Job"]


def memory_of_each_kind(namespace: Namespace) -> list[tuple[str | None, str | None]]:
    """What the pods of each workload have, and a bare pod."""
    namespace.create(bare_pod("bare"))
    for kind in WORKLOADS:
        namespace.create(of_kind(kind, kind.lower()))

    namespace.wait_for_pods(1 + len(WORKLOADS))
    return [memory(pod) for pod in namespace.pods()]


@pytest.mark.parametrize(("item", "expected"), LIMIT_RANGES.values(), ids=LIMIT_RANGES)
def test_the_memory_that_we_ask_for_gives_way_to_a_limit_range(
    namespace: Namespace, item: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    limit(namespace, **item)

    assert {*memory_of_each_kind(namespace)} == {expected}


def test_without_a_limit_range_every_pod_asks_for_the_reference_value(namespace: Namespace) -> None:
    assert {*memory_of_each_kind(namespace)} == {("400Mi", None)}


@pytest.mark.parametrize("name", ["large minimum", "small maximum", "ratio"])
def test_our_memory_request_gives_way_where_the_fleet_decides_for_all(
    product: Product, namespace: Namespace, name: str
) -> None:
    item, expected = LIMIT_RANGES[name]
    limit(namespace, **item)
    with product.settings({"mcpServerDefaults": {"perServer": "forbid"}}):
        assert {*memory_of_each_kind(namespace)} == {expected}


def test_ceilings_become_limits_beside_a_limit_range(
    product: Product, namespace: Namespace
) -> None:
    limit(namespace, min={"memory": "512Mi"})
    with product.settings({"mcpServerMaximums": {"limits": {"memory": "2Gi"}}}):
        assert {*memory_of_each_kind(namespace)} == {("512Mi", "2Gi")}


def test_a_template_that_was_filled_in_before_there_was_a_limit_range_has_pods(
    namespace: Namespace,
) -> None:
    namespace.create(server())
    (before,) = namespace.wait_until_running()
    limit(namespace, min={"memory": "512Mi"})

    namespace.raw("DELETE", f"pods/{before['metadata']['name']}")

    namespace.cluster.wait_for(
        "pod of the LimitRange's size",
        lambda: [pod for pod in namespace.pods() if memory(pod) == ("512Mi", None)],
    )


def test_a_default_above_our_ceiling_is_refused_as_if_it_were_written(
    product: Product, namespace: Namespace
) -> None:
    limit(namespace, default={"memory": "4Gi"})
    with product.settings({"mcpServerMaximums": {"limits": {"memory": "2Gi"}}}):
        refused = namespace.raw("POST", "pods", bare_pod())
        own = [container(resources={"limits": {"memory": "1Gi"}})]
        admitted = namespace.raw("POST", "pods", bare_pod(containers=own))

    assert refusing_rules(refused) == {"resource-ceilings"}
    assert admitted.status == 201


CEILINGS = {"cpu": "2", "memory": "2Gi", "nvidia.com/gpu": "1", "hugepages-2Mi": "64Mi"}


def test_a_ceiling_that_becomes_the_limit_reserves_nothing(
    product: Product, namespace: Namespace
) -> None:
    with product.settings({"mcpServerMaximums": {"limits": CEILINGS}}):
        namespace.create(server())
        (pod,) = namespace.wait_for_pods()

    assert resources(pod) == {
        "limits": {"cpu": "2", "memory": "2Gi"},
        "requests": {"cpu": "0", "memory": "400Mi"},
    }


def test_what_we_fill_in_satisfies_a_quota_that_asks_for_it(namespace: Namespace) -> None:
    allow(namespace, **{"requests.memory": "1Gi"})

    unlabelled = namespace.raw("POST", "pods", bare_pod(labels={}))
    servers = [namespace.raw("POST", "pods", bare_pod(f"tools-{number}")) for number in range(3)]

    assert "must specify requests.memory" in unlabelled.json()["message"]
    assert [answer.status for answer in servers] == [201, 201, 403]
    assert "exceeded quota: quota, requested: requests.memory=400Mi" in servers[2].json()["message"]


def test_pods_that_wait_for_their_network_policy_count(namespace: Namespace) -> None:
    allow(namespace, pods="1")

    first, second = (namespace.raw("POST", "pods", bare_pod(name)) for name in ("a", "b"))

    assert first.json()["spec"]["schedulingGates"]
    assert "exceeded quota: quota" in second.json()["message"]
