"""The product on the control plane of the test run, and a namespace for each scenario."""

import pytest

from tests.cluster.fixtures import control_plane, named_after
from tests.e2e.installed import product
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

__all__ = ["control_plane", "product"]

MANAGED = {"mcp-admission.dev/managed": "true"}
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}


@pytest.fixture
def namespace(product: Product, request: pytest.FixtureRequest) -> Namespace:
    """A namespace without any label."""
    return Namespace(product, product.cluster.namespace(named_after(request)))


@pytest.fixture
def restricted(product: Product, request: pytest.FixtureRequest) -> Namespace:
    """A namespace in which Pod Security enforces `restricted`, and warns about it."""
    return Namespace(product, product.cluster.namespace(named_after(request), RESTRICTED))


@pytest.fixture
def managed(product: Product, request: pytest.FixtureRequest) -> Namespace:
    """A namespace in which everything is an MCP server."""
    return Namespace(product, product.cluster.namespace(named_after(request), MANAGED))
