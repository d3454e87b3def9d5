"""The controller is tested on a real API server, with an installation of its own in each test."""

from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import control_plane, namespace
from tests.controller.certificates.cluster import Installed
from tools.cluster.control_plane import ControlPlane

__all__ = ["control_plane", "namespace"]


@pytest.fixture
def installed(control_plane: ControlPlane, namespace: str) -> Iterator[Installed]:
    """The registrations, the Service, and nothing that a controller makes."""
    here = Installed(control_plane, namespace)
    yield here
    here.uninstall()
