"""A picture of the page of the fleet is taken, with the chart and the fleet on a control plane."""

from pathlib import Path

import pytest

from tests.cluster.fixtures import binaries_or_skip, browser_or_skip, helm_or_skip
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import Release
from tools.screenshots.palette import size
from tools.screenshots.photographer import take_all
from tools.screenshots.pictures import PICTURES, WIDTH

pytestmark = pytest.mark.control_plane


def test_a_picture_is_taken(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    browser = browser_or_skip(request.config)
    helm, binaries = helm_or_skip("4", request.config), binaries_or_skip(request.config)
    with ControlPlane(binaries, kwok=False) as cluster, Kubelet(cluster) as kubelet:
        take_all(Release(cluster, kubelet, helm), browser, tmp_path, PICTURES[:1])

    (file,) = tmp_path.iterdir()
    assert file.name == f"{PICTURES[0].name}.png"
    width, height = size(file.read_bytes())
    assert width == WIDTH
    assert height > 500
