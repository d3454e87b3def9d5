"""The backends, and a namespace for each scenario.

Below `enforce` a scenario makes the same requests in memory, and nothing may come of the product.
What it says of the product's work does not hold there, so it ends at the first of these things.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from tests.cluster.fixtures import control_plane, named_after
from tests.e2e.installed import product
from tests.e2e.product import Product
from tests.in_memory.below_enforce import BelowEnforce, NoticedError
from tests.scenarios.cluster import Backend, Cluster, Settings
from tests.scenarios.memory_cluster import MemoryBackend
from tests.scenarios.real_cluster import RealBackend

__all__ = ["control_plane", "product"]

MEMORY, BELOW_ENFORCE = "memory", "below-enforce"
CONTROL_PLANE = pytest.param("control-plane", marks=pytest.mark.control_plane)


@pytest.fixture(scope="module", params=[MEMORY, BELOW_ENFORCE, CONTROL_PLANE])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """What the scenarios of a module run on, one backend after the other."""
    if request.param == MEMORY:
        yield MemoryBackend()
        return
    if request.param == BELOW_ENFORCE:
        yield MemoryBackend(BelowEnforce)
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


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Run a scenario below `enforce` as far as it goes there."""
    if pyfuncitem.funcargs.get("backend") != MemoryBackend(BelowEnforce):
        return (yield)
    try:
        yield
    except NoticedError:
        raise
    except Exception as end:  # noqa: BLE001 - whatever it expected of the product
        print(f"ended by {end!r}")
    return True
