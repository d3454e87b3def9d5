"""A resize in place changes nothing but resources: the API server itself drops the rest.

tests/scenarios/test_resizing.py has the ceilings.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, bare_pod, container
from tests.e2e.namespace import MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.e2e.product import Product
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


def test_a_resize_changes_nothing_else_of_the_pod(running: Namespace) -> None:
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
