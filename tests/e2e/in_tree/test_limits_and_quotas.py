"""LimitRange and ResourceQuota: what they say about a pod counts, and ours fits into it."""

from typing import Any

import pytest

from tests.e2e.manifests import Manifest, bare_pod, container, of_kind, server
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


def resources(pod: Manifest) -> Any:
    return pod["spec"]["containers"][0]["resources"]


def memory(pod: Manifest) -> tuple[str | None, str | None]:
    """Request and limit of the pod's container."""
    found = resources(pod)
    return found.get("requests", {}).get("memory"), found.get("limits", {}).get("memory")


@pytest.mark.parametrize(
    ("item", "of_a_bare_pod", "of_a_deployments_pod"),
    [
        (DEFAULTS, ("100Mi", "200Mi"), ("200Mi", "200Mi")),
        ({"max": {"memory": "256Mi", "cpu": "7"}}, ("256Mi", "256Mi"), ("256Mi", "256Mi")),
        ({"default": {"memory": "1Gi"}}, ("1Gi", "1Gi"), ("400Mi", "1Gi")),
        ({"defaultRequest": {"memory": "64Mi"}}, ("64Mi", None), ("400Mi", None)),
        ({}, ("400Mi", None), ("400Mi", None)),
    ],
    ids=["small defaults", "small maximum", "large default", "small request", "CPU alone"],
)
def test_the_memory_that_we_ask_for_gives_way_to_a_limit_range(
    namespace: Namespace,
    item: dict[str, Any],
    of_a_bare_pod: tuple[str | None, str | None],
    of_a_deployments_pod: tuple[str | None, str | None],
) -> None:
    limit(namespace, **item)

    bare = namespace.create(bare_pod("bare"))
    namespace.create(server())

    (other,) = namespace.cluster.wait_for(
        "pod of the Deployment",
        lambda: [pod for pod in namespace.pods() if pod["metadata"]["name"] != "bare"],
    )
    assert memory(bare) == of_a_bare_pod
    assert memory(other) == of_a_deployments_pod


def test_a_pod_of_another_workload_gets_what_the_limit_range_says(namespace: Namespace) -> None:
    limit(namespace, **DEFAULTS)
    namespace.create(of_kind("StatefulSet"))

    (pod,) = namespace.wait_for_pods()
    assert memory(pod) == ("100Mi", "200Mi")


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
