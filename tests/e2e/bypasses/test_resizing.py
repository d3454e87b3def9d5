"""A live server is resized in place up to the administrator's ceilings, and no further."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, bare_pod, container
from tests.e2e.namespace import MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules
from tools.cluster.clients import Response

OWN = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "1Gi"}}
CEILINGS = {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}


@pytest.fixture(scope="module")
def ceilings(product: Product) -> Iterator[None]:
    """An administrator's ceilings are in force."""
    with product.settings({"mcpServerMaximums": CEILINGS}):
        yield


@pytest.fixture
def running(ceilings: None, managed: Namespace) -> Namespace:
    """A managed namespace in which a server runs, as far as a kubelet that can resize it says.

    The node's stand-in does not say what a container has, and without that nothing is resized.
    """
    managed.create(bare_pod(labels=NOT_LABELLED, containers=[container(resources=OWN)]))
    (pod,) = managed.wait_until_running()
    (status,) = pod["status"]["containerStatuses"]
    body = {"status": {"containerStatuses": [{**status, "resources": OWN}]}}
    assert managed.raw("PATCH", "pods/github-tools/status", body, MERGE_PATCH).status == 200
    return managed


def resize(namespace: Namespace, **fields: Any) -> Response:
    body = {"spec": {"containers": [{"name": "mcp", **fields}]}}
    return namespace.raw("PATCH", "pods/github-tools/resize", body, STRATEGIC_PATCH)


@pytest.mark.parametrize(
    "resources",
    [
        {"limits": {"memory": "3Gi"}},
        {"limits": {"memory": "2147483649"}},
        {"requests": {"cpu": "1001m"}, "limits": {"cpu": "4"}},
    ],
    ids=["limit", "one byte more", "request"],
)
def test_a_size_above_a_ceiling_is_refused(running: Namespace, resources: dict[str, Any]) -> None:
    assert refusing_rules(resize(running, resources=resources)) == {"resource-ceilings"}


def test_a_size_under_the_ceilings_is_admitted(running: Namespace) -> None:
    answer = resize(running, resources={"limits": {"memory": "2Gi"}})

    assert answer.status == 200, answer.body
    (found,) = answer.json()["spec"]["containers"]
    assert found["resources"]["limits"]["memory"] == "2Gi"


def test_nothing_else_of_the_pod_changes_this_way(running: Namespace) -> None:
    before = running.get("pods/github-tools")

    resize(
        running,
        image="other",
        securityContext={"privileged": True},
        resources={"limits": {"memory": "1536Mi"}},
    )

    after = running.get("pods/github-tools")
    expected = {**before["spec"]["containers"][0], "resources": {**OWN}}
    expected["resources"]["limits"] = {**OWN["limits"], "memory": "1536Mi"}
    assert after["spec"]["containers"] == [expected]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
