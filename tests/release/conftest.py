"""A control plane for each module, whose only node runs the product's own pods."""

from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import Release


@pytest.fixture(scope="module")
def release(request: pytest.FixtureRequest) -> Iterator[Release]:
    """Nothing is installed yet; whoever installs takes it away again."""
    helm = helm_or_skip("4", request.config)
    binaries = binaries_or_skip(request.config)
    with ControlPlane(binaries, kwok=False) as cluster, Kubelet(cluster) as kubelet:
        yield Release(cluster, kubelet, helm)


@pytest.fixture
def removed(release: Release) -> Iterator[None]:
    """What the test installs goes after it, whatever happens."""
    yield
    release.kubelet.held = frozenset()
    if release.stored():
        release.uninstall()
