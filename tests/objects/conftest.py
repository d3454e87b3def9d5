"""The controller is tested on a real API server."""

from tests.cluster.fixtures import control_plane, namespace

__all__ = ["control_plane", "namespace"]
