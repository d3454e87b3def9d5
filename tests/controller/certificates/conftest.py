"""An installation in a namespace of its own, which the API server forgets after the test."""

from collections.abc import Iterator

import pytest

from tests.controller.certificates.cluster import Installed
from tools.cluster.control_plane import ControlPlane


@pytest.fixture
def installed(control_plane: ControlPlane, namespace: str) -> Iterator[Installed]:
    """The registrations, the Service, and nothing that a controller makes."""
    here = Installed(control_plane, namespace)
    yield here
    here.uninstall()
