"""The harness is tested with the fixtures that it offers."""

from tests.cluster.fixtures import control_plane, namespace

__all__ = ["control_plane", "namespace"]
