"""A process on this machine is called through a real `service:` reference, as in a cluster."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tools.cluster.authority import Authority
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports

# Starts a webhook for a host name; gives its port, its CA, and the names it was asked for.
Start = Callable[[str], tuple[int, bytes, list[str]]]


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Start]:
    """A webhook that refuses everything."""
    started: list[HTTPServer] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            review["response"] = {"uid": review.pop("request")["uid"], "allowed": False}
            body = json.dumps(review).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    def start(host: str) -> tuple[int, bytes, list[str]]:
        authority = Authority(tmp_path / "pki")
        pair = authority.server("webhook", [host])
        names: list[str] = []
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(pair.certificate, pair.key)
        tls.sni_callback = lambda _socket, name, _context: names.append(str(name))
        (port,) = free_ports(1)
        server = HTTPServer((LOOPBACK, port), Refuse)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return port, authority.pair.certificate.read_bytes(), names

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_a_service_reference_reaches_a_local_webhook_under_its_real_name(
    control_plane: ControlPlane,
    namespace: str,
    webhook: Start,
) -> None:
    port, authority, names = webhook(f"hook.{namespace}.svc")
    service = control_plane.local_service(namespace, "hook", port)
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    entry = {
        "name": "hook.example.com",
        "clientConfig": {"service": service, "caBundle": base64.b64encode(authority).decode()},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["configmaps"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": namespace}}
    control_plane.create(
        path, {"apiVersion": "admissionregistration.k8s.io/v1", **kind, "webhooks": [entry]}
    )
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "asked"}}

    def refusal() -> str:
        url = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
        return str(control_plane.raw("POST", url, config).json().get("message", ""))

    control_plane.wait_for("refusal", lambda: '"hook.example.com" denied' in refusal())
    assert set(names) == {f"hook.{namespace}.svc"}
