"""One installation for the folder, a victim who works in it, and an attacker for each test."""

from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip, named_after
from tests.hostile.guard import Guard
from tests.hostile.tenants import Tenant
from tests.hostile.victim import Look, quiet, settled
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import Release


@pytest.fixture(scope="package")
def guard(request: pytest.FixtureRequest) -> Iterator[Guard]:
    """The chart with its defaults, on a control plane that nobody else uses."""
    helm = helm_or_skip("4", request.config)
    binaries = binaries_or_skip(request.config)
    with ControlPlane(binaries, kwok=False) as cluster, Kubelet(cluster) as kubelet:
        release = Release(cluster, kubelet, helm)
        release.installed()
        yield Guard(release)


@pytest.fixture(scope="package")
def victim(guard: Guard) -> Tenant:
    """Somebody whose pods are to be admitted and to start, whatever the others do."""
    return settled(Tenant(guard.cluster, guard.cluster.namespace("victim")))


@pytest.fixture(scope="package")
def before(victim: Tenant) -> Look:
    """What the victim feels before the first attack."""
    return quiet(victim)


@pytest.fixture
def attacker(guard: Guard, request: pytest.FixtureRequest) -> Tenant:
    """Somebody with rights in a new namespace alone."""
    return Tenant(guard.cluster, guard.cluster.namespace(named_after(request)[:40].strip("-")))
