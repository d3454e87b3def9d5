"""`make screenshots`: all pictures of `docs/console.md`, anew."""

import sys
from pathlib import Path

from tools.browser import NoBrowserError, install_browser
from tools.cluster.binaries import find, find_helm
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.cluster.process import ComponentError
from tools.cluster.release import NoControlPlaneError
from tools.release.release import Release
from tools.screenshots.photographer import take_all
from tools.screenshots.pictures import PICTURES

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


def main(folder: Path = FOLDER) -> int:
    """Take them; what is missing for that is one sentence on stderr, and 1."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        program = install_browser()
        with ControlPlane(find(print), kwok=False) as cluster, Kubelet(cluster) as kubelet:
            take_all(Release(cluster, kubelet, find_helm()), program, folder, PICTURES)
    except (NoBrowserError, NoControlPlaneError, ComponentError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
