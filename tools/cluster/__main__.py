"""`python -m tools.cluster`: see the package."""

import argparse
import sys

from tools.cluster import foreground
from tools.cluster.binaries import find, find_etcd_tools, find_helm, find_monitoring
from tools.cluster.process import ComponentError
from tools.cluster.release import HELM, NoControlPlaneError


def main() -> int:
    """Run a control plane in the foreground, or only get its binaries."""
    parser = argparse.ArgumentParser(prog="python -m tools.cluster")
    parser.add_argument("command", nargs="?", choices=["run", "build"], default="run")
    try:
        if parser.parse_args().command == "build":
            parts = find(_tell)
            helms = {f"helm{major}": find_helm(major, _tell) for major in HELM}
            beside = {**find_monitoring(_tell), **find_etcd_tools(_tell)}
            for name, path in {**parts, **helms, **beside}.items():
                print(f"{name}: {path}")
        else:
            foreground.run()
    except (NoControlPlaneError, ComponentError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _tell(line: str) -> None:
    """Progress is no part of the output."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
