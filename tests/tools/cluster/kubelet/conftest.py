"""The control plane of the test run, and a pod on it."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fixtures import control_plane, namespace
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.container import Surroundings
from tools.cluster.kubelet.volumes import Volumes

__all__ = ["control_plane", "namespace"]


def surroundings(cluster: ControlPlane, folder: Path, namespace: str, **spec: Any) -> Surroundings:
    """What the containers of a pod called `one` find around them."""
    metadata = {"name": "one", "namespace": namespace, "uid": "1"}
    pod = {"metadata": metadata, "spec": {"containers": [], **spec}}
    volumes = Volumes(cluster, pod, folder / "volumes")
    return Surroundings(cluster, pod, folder, volumes, folder / "services.json")


@pytest.fixture
def around(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Surroundings:
    """The same, of a pod without volumes."""
    return surroundings(control_plane, tmp_path, namespace)
