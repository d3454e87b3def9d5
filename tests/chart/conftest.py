"""A Helm for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tools.chart.helm import Helm
from tools.cluster.control_plane import ControlPlane


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Helm:
    """Helm 4, built first if need be."""
    return Helm(helm_or_skip("4", request.config), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def helm3(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Helm:
    """Helm 3, built first if need be."""
    return Helm(helm_or_skip("3", request.config), tmp_path_factory.mktemp("helm3"))


@pytest.fixture(scope="module")
def own_cluster(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """A cluster without anything; registrations there would refuse the pods of other tests."""
    with ControlPlane(binaries_or_skip(request.config)) as running:
        yield running
