"""`make debug`: a control plane that calls a `serve` on this machine, which you start yourself.

`serve` then runs in the foreground, under a debugger or with print. Its settings are a file: edit
it, and `serve` reloads it. No controller runs, so the isolation gate is off.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.chart.shipped import local_registrations
from tools.cluster import foreground, objects
from tools.cluster.authority import Authority
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports

NAME, NAMESPACE = "mcp-admission", "mcp-admission-system"
API = "/apis/admissionregistration.k8s.io/v1"
SETTINGS = "isolation:\n  gate: false\n"


@contextlib.contextmanager
def registered(cluster: ControlPlane) -> Iterator[Sequence[str]]:
    """The shipped registrations, which lead to this machine, and the command that answers them."""
    folder = cluster.folder / NAME
    authority = Authority(folder / "pki")
    port, metrics = free_ports(2)
    settings = folder / "settings.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    cluster.create("/api/v1/namespaces", objects.namespace(NAMESPACE, {}))
    cluster.local_service(NAMESPACE, NAME, port)
    register(cluster, authority.pair.certificate, port)
    pair = authority.server("serving", [f"{NAME}.{NAMESPACE}.svc"])
    serve = (
        f"{sys.executable} -m pdb -m webhook serve --listen {LOOPBACK}:{port} "
        f"--metrics-listen {LOOPBACK}:{metrics} --settings {settings} "
        f"--tls-cert {pair.certificate} --tls-key {pair.key}"
    )
    yield [
        "start the webhook, here with Python's own debugger:",
        f"  {serve}",
        "then send it a review:",
        "  $KUBECTL apply --dry-run=server -f manifests/examples/npx-bridge.yaml",
    ]


def register(cluster: ControlPlane, certificate: Path, port: int) -> None:
    """Have the API server call this port, and wait half a minute for an answer."""
    for registration in local_registrations(certificate, port):
        for entry in registration["webhooks"]:
            entry["timeoutSeconds"] = 30
        cluster.create(f"{API}/{registration['kind'].lower()}s", registration)


if __name__ == "__main__":
    sys.exit(foreground.main(registered))
