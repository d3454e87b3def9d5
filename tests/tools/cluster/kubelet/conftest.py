"""The control plane of the test run."""

from tests.cluster.fixtures import control_plane, namespace

__all__ = ["control_plane", "namespace"]
