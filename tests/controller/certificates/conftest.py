"""An installation in a namespace of its own, which the API server forgets after the test."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.controller.certificates.cluster import Installed


@pytest.fixture
def installed(control_plane: ControlPlane, namespace: str) -> Iterator[Installed]:
    """The registrations, the Service, and nothing that a controller makes."""
    here = Installed(control_plane, namespace)
    yield here
    here.uninstall()
