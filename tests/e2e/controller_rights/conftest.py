"""A control plane for each module: every call that it counts is about the servers that it makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tests.e2e.product import Product
from tools.chart.helm import Helm
from tools.cluster.control_plane import ControlPlane


@pytest.fixture(scope="module")
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    """The product on a control plane that no other test has used."""
    binaries = binaries_or_skip(request.config)
    with (
        ControlPlane(binaries, audit=True) as cluster,
        Product(cluster, log_level="debug") as installed,
    ):
        yield installed


@pytest.fixture
def helm(tmp_path: Path, request: pytest.FixtureRequest) -> Helm:
    """A Helm that renders the chart."""
    return Helm(helm_or_skip("4", request.config), tmp_path)
