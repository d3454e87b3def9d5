"""Helm renders what is tested here; Prometheus' own tools read it."""

import pytest

from tests.chart.conftest import helm
from tests.cluster.fixtures import monitoring_or_skip
from tools.cluster.binaries import Binaries

__all__ = ["helm"]


@pytest.fixture(scope="session")
def monitoring(request: pytest.FixtureRequest) -> Binaries:
    """`promtool` and `prometheus`, built first if need be."""
    return monitoring_or_skip(request.config)
