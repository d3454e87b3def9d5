"""The fixture of the product on the control plane of the test run; import it in a conftest.

However many conftests import it, the product is installed once.
"""

import contextlib

import pytest

from tests.e2e.product import Product
from tools.cluster.control_plane import ControlPlane

INSTALLED = pytest.StashKey[Product]()


@pytest.fixture(scope="session")
def product(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Product:
    """The product, installed for all scenarios; whoever changes its settings puts them back."""
    config = request.config
    if INSTALLED not in config.stash:
        with contextlib.ExitStack() as stack:
            config.stash[INSTALLED] = stack.enter_context(Product(control_plane, log_level="debug"))
            config.add_cleanup(stack.pop_all().close)
    return config.stash[INSTALLED]
