"""`make cluster`: a control plane with the product on it, for people to try."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

from tests.cluster import foreground
from tests.cluster.control_plane import ControlPlane
from tests.cluster.process import ComponentError
from tests.cluster.release import NoControlPlaneError
from tests.e2e.product import Product

# Nothing makes network policies yet, and nothing would remove the gate that waits for them.
NOT_GATED = {"mcpNamespace": {"networkPolicy": {"enabled": False}}}
TO_TRY = [
    "try, where these two are exported:",
    "  $KUBECTL apply -f manifests/examples/npx-bridge.yaml",
    "  $KUBECTL get deployment issues-bridge -o yaml",
    "  $KUBECTL apply -f manifests/examples/contradictory-bridge.yaml",
]


@contextlib.contextmanager
def installed(cluster: ControlPlane) -> Iterator[Sequence[str]]:
    """The product on this control plane, and what to do with it."""
    with Product(cluster, NOT_GATED):
        yield TO_TRY


def main() -> int:
    """Run until Ctrl-C; a control plane that cannot be had is one sentence."""
    try:
        foreground.run(installed)
    except (NoControlPlaneError, ComponentError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
