"""An API server that knows the resources."""

import pytest

from tests.cluster.fixtures import control_plane, namespace
from tools.chart.definition import definitions
from tools.cluster.control_plane import ControlPlane
from webhook.settings.load import GROUP, VERSION

__all__ = ["control_plane", "namespace"]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="session")
def settings_resource(control_plane: ControlPlane) -> ControlPlane:
    """The control plane, once it serves the resources."""
    for each in definitions().values():
        control_plane.create(DEFINITIONS, each)
    for plural in definitions():
        path = f"/apis/{GROUP}/{VERSION}/{plural}"
        control_plane.wait_for(
            "the resource is served",
            lambda path=path: control_plane.raw("GET", path).status == 200,  # type: ignore[misc]
        )
    return control_plane
