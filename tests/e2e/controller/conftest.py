"""One controller for all scenarios of this folder, and none outside of it."""

from collections.abc import Iterator

import pytest

from tests.e2e.controller.control import Control, grant
from tests.e2e.product import Product


@pytest.fixture(scope="package")
def control(product: Product) -> Iterator[Control]:
    """A controller that leads, for all namespaces."""
    grant(product.cluster)
    with Control(product) as running:
        product.cluster.wait_for("controller that leads", running.leads)
        yield running
