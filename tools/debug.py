"""`make debug`: a control plane that calls a `serve` on this machine, which you start yourself.

`serve` then runs in the foreground, under a debugger or with print. Its settings are a file: edit
it, and `serve` reloads it. No controller runs, so the isolation gate is off.
"""

import base64
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.chart.shipped import REGISTRATIONS, shipped
from tools.cluster import foreground, objects
from tools.cluster.authority import Authority
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.process import ComponentError
from tools.cluster.release import NoControlPlaneError

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
    bundle = base64.b64encode(certificate.read_bytes()).decode()
    for registration in shipped(*REGISTRATIONS):
        for entry in registration["webhooks"]:
            entry["clientConfig"]["caBundle"] = bundle
            entry["clientConfig"]["service"]["port"] = port
            entry["timeoutSeconds"] = 30
        cluster.create(f"{API}/{registration['kind'].lower()}s", registration)


def main() -> int:
    """Run until Ctrl-C; a control plane that cannot be had is one sentence."""
    try:
        foreground.run(registered)
    except (NoControlPlaneError, ComponentError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
