"""An API server that knows the resource."""

import pytest

from tests.cluster.fixtures import control_plane
from tools.chart.definition import definition
from tools.cluster.control_plane import ControlPlane
from webhook.settings.load import GROUP, PLURAL, VERSION

__all__ = ["control_plane"]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="session")
def settings_resource(control_plane: ControlPlane) -> ControlPlane:
    """The control plane, once it serves the resource."""
    control_plane.create(DEFINITIONS, definition())
    control_plane.wait_for(
        "the resource is served",
        lambda: control_plane.raw("GET", f"/apis/{GROUP}/{VERSION}/{PLURAL}").status == 200,
    )
    return control_plane
