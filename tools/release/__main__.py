"""`make cluster`: a control plane with the product on it as the chart installs it, to be tried."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

from tools.cluster import foreground
from tools.cluster.binaries import find_helm
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import Release

TO_TRY = [
    "try, where these two are exported:",
    "  $KUBECTL apply -f manifests/examples/npx-bridge.yaml",
    "  $KUBECTL rollout status deployment/issues-bridge",
    "  $KUBECTL get deployment issues-bridge -o yaml",
    "  $KUBECTL get pods,services,networkpolicies",
    "  $KUBECTL apply -f manifests/examples/contradictory-bridge.yaml",
    "not here: helm upgrade, which would lead API servers away from this machine",
]


@contextlib.contextmanager
def installed(cluster: ControlPlane) -> Iterator[Sequence[str]]:
    """The product on this control plane, and what to do with it."""
    with Kubelet(cluster) as kubelet:
        Release(cluster, kubelet, find_helm()).installed()
        yield TO_TRY


if __name__ == "__main__":
    sys.exit(foreground.main(installed, kwok=False))
