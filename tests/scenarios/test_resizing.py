"""A live server is resized in place up to the administrator's ceilings, and no further."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import bare_pod
from tests.e2e.namespace import STRATEGIC_PATCH
from tests.scenarios.cluster import Cluster, Result

OWN = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "1Gi"}}
CEILINGS = {
    "mcpServerMaximums": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
}


@pytest.fixture(params=[False, True], ids=["namespace", "managed"])
def running(clusters: Callable[..., Cluster], request: pytest.FixtureRequest) -> Cluster:
    """A namespace with ceilings, in which a server runs."""
    cluster = clusters(CEILINGS, managed=request.param)
    cluster.create(bare_pod(container={"resources": OWN}))
    cluster.run(OWN)
    return cluster


def resized(cluster: Cluster, resources: dict[str, Any]) -> Result:
    body = {"spec": {"containers": [{"name": "mcp", "resources": resources}]}}
    return cluster.patch("pods/github-tools", body, STRATEGIC_PATCH, "resize")


@pytest.mark.parametrize(
    "resources",
    [
        {"limits": {"memory": "3Gi"}},
        {"limits": {"memory": "2147483649"}},
        {"requests": {"cpu": "1001m"}, "limits": {"cpu": "4"}},
        {"requests": {"memory": "2Gi"}, "limits": {"memory": "2Gi"}},
    ],
    ids=["limit", "one byte more", "request", "request of memory"],
)
def test_a_resize_above_the_ceiling_is_refused(running: Cluster, resources: dict[str, Any]) -> None:
    assert resized(running, resources).refused_by == {"resource-ceilings"}


def test_a_resize_up_to_the_ceiling_is_admitted(running: Cluster) -> None:
    (container,) = resized(running, {"limits": {"memory": "2Gi"}}).stored["spec"]["containers"]

    assert container["resources"]["limits"]["memory"] == "2Gi"
