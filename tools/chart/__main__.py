"""`python -m tools.chart`: see the package."""

import sys
import tempfile
from pathlib import Path

from tools.chart.helm import Helm
from tools.chart.made import of_chart, of_panels, of_settings
from tools.cluster.binaries import find_helm
from tools.cluster.release import NoControlPlaneError


def main() -> int:
    """Write every file that is made; what is made from the chart comes after the chart."""
    _write(of_settings() | of_panels())
    try:
        binary = find_helm()
    except NoControlPlaneError as reason:
        print(reason, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as home:
        _write(of_chart(Helm(binary, Path(home))))
    return 0


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
