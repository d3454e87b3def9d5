"""`make bench-record`: records the AdmissionReviews that the bench sends, from a real API server.

A webhook that answers as the product does stands for it, and keeps what it was sent, byte for byte.
The pods are those of Deployments: one applied before the registrations exist, whose pods lack
everything, and one after, whose template is filled in. Of each kind two are recorded, to prove that
nothing but names, uids and times differs between two pods of one template; one is kept.

python -m tools.bench.record
"""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from pydantic_core import from_json

from tools.bench.bodies import COMMON, FOLDER, blank, sized
from tools.bench.manifests import NAMESPACE, SERVICE_ACCOUNT, SHAPES, deployment
from tools.chart.shipped import local_registrations
from tools.cluster import objects
from tools.cluster.authority import Authority, Pair
from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports
from webhook.admission import Hook, Scope, review
from webhook.server.admission_review import decode_review
from webhook.server.decision import make_decision
from webhook.settings.model import Settings

API = "/apis/admissionregistration.k8s.io/v1"
NAME, SYSTEM = "mcp-admission", "mcp-admission-system"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class Seen(NamedTuple):
    """One review of a pod: by which hook it came, the server it belongs to, and the bytes."""

    hook: str
    server: str
    body: bytes


class Recorder(ThreadingHTTPServer):
    """Answers as `serve` does, and keeps the reviews of created pods."""

    def __init__(self, port: int, pair: Pair) -> None:
        super().__init__((LOOPBACK, port), _Answer)
        self.seen: list[Seen] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def of(self, hook: str, server: str) -> list[bytes]:
        """What was recorded of the pods of a server, in order."""
        return [each.body for each in self.seen if (each.hook, each.server) == (hook, server)]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hook = Hook.VALIDATE if self.path.startswith("/validate") else Hook.MUTATE
        scope = Scope.MANAGED if "/managed" in self.path else Scope.OPTED_IN
        decision = make_decision(review, decode_review(body, hook), Settings(), scope)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(decision.body)))
        self.end_headers()
        self.wfile.write(decision.body)
        asked: Any = from_json(body)["request"]
        recorder = self.server
        assert isinstance(recorder, Recorder)
        if asked["kind"]["kind"] == "Pod" and asked["operation"] == "CREATE":
            labels = asked["object"]["metadata"].get("labels", {})
            recorder.seen.append(Seen(hook.value, labels.get("app.kubernetes.io/name", ""), body))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _recorder(cluster: ControlPlane) -> Iterator[Recorder]:
    authority = Authority(cluster.folder / "recorder")
    (port,) = free_ports(1)
    with Recorder(port, authority.server("serving", [f"{NAME}.{SYSTEM}.svc"])) as recorder:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        cluster.create("/api/v1/namespaces", objects.namespace(SYSTEM, {}))
        cluster.local_service(SYSTEM, NAME, port)
        yield recorder
        recorder.shutdown()


def _register(cluster: ControlPlane, recorder: Recorder) -> None:
    certificate = cluster.folder / "recorder" / "ca.crt"
    for registration in local_registrations(certificate, recorder.server_port):
        cluster.create(f"{API}/{registration['kind'].lower()}s", registration)


def _pods(cluster: ControlPlane, server: str) -> set[str]:
    query = f"{PODS}?labelSelector=app.kubernetes.io%2Fname%3D{server}"
    return {each["metadata"]["name"] for each in cluster.get(query)["items"]}


def _replace_pod(cluster: ControlPlane, server: str) -> None:
    for name in cluster.wait_for(f"pod of {server}", lambda: _pods(cluster, server)):
        cluster.raw("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")


def _wait_for(
    cluster: ControlPlane, recorder: Recorder, hook: str, server: str, count: int
) -> None:
    what = f"{count} reviews of {server} by {hook}"
    cluster.wait_for(what, lambda: len(recorder.of(hook, server)) >= count)


def main() -> None:
    """Write a body of each kind into the folder."""
    with ControlPlane(find()) as cluster, _recorder(cluster) as recorder:
        cluster.create("/api/v1/namespaces", objects.namespace(NAMESPACE, {}))
        cluster.namespace_is_usable(NAMESPACE)
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": SERVICE_ACCOUNT}
        cluster.create(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", account)
        for shape in SHAPES:
            server = f"bare-{shape.word}"
            cluster.create(DEPLOYMENTS, deployment(server, shape))
            cluster.wait_for(f"pod of {server}", partial(_pods, cluster, server))
        _register(cluster, recorder)
        time.sleep(2)
        for shape in SHAPES:
            filled = f"template-{shape.word}"
            cluster.create(DEPLOYMENTS, deployment(filled, shape))
            for server in (f"bare-{shape.word}", filled):
                for count in (1, 2):
                    if server != filled or count > 1:
                        _replace_pod(cluster, server)
                    _wait_for(cluster, recorder, "mutate", server, count)
                    _wait_for(cluster, recorder, "validate", server, count)
        for case in (sized(each, size) for each in COMMON for size in ("one", "two", "thirty")):
            server, _, hook = case.file.rpartition("-")
            _write(case.file, *recorder.of(hook, server)[:2])


def _write(name: str, first: bytes, second: bytes) -> None:
    """Keep the first, if the second differs from it in nothing but what each pod has for itself."""
    if blank(first.decode()) != blank(second.decode()):
        raise ValueError(f"{name}: two pods of one template differ in more than names and uids")
    (FOLDER / f"{name}.json").write_bytes(first)


if __name__ == "__main__":
    main()
