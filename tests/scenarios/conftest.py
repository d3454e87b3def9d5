"""The two backends, and a namespace for each scenario."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.fixtures import control_plane, named_after
from tests.e2e.installed import product
from tests.e2e.product import Product
from tests.scenarios.cluster import Backend, Cluster, Settings
from tests.scenarios.memory_cluster import MemoryBackend
from tests.scenarios.real_cluster import RealBackend

__all__ = ["control_plane", "product"]

MEMORY = "memory"
CONTROL_PLANE = pytest.param("control-plane", marks=pytest.mark.control_plane)


@pytest.fixture(scope="module", params=[MEMORY, CONTROL_PLANE])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """What the scenarios of a module run on, one backend after the other."""
    if request.param == MEMORY:
        yield MemoryBackend()
        return
    installed: Product = request.getfixturevalue("product")
    yield RealBackend(installed)
    installed.configure({})


@pytest.fixture
def clusters(backend: Backend, request: pytest.FixtureRequest) -> Callable[..., Cluster]:
    """Makes a namespace with these changes of the settings in force."""

    def made(settings: Settings | None = None, *, managed: bool = False) -> Cluster:
        return backend.cluster(named_after(request), settings or {}, managed=managed)

    return made


@pytest.fixture
def cluster(clusters: Callable[..., Cluster]) -> Cluster:
    """A namespace without any label."""
    return clusters()


@pytest.fixture
def managed(clusters: Callable[..., Cluster]) -> Cluster:
    """A namespace in which everything is an MCP server."""
    return clusters(managed=True)
