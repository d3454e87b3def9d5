"""What the kubelet and Prometheus ask the controller, on a port without TLS and a thread apart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from webhook.controller.errors import ConfigurationError
from webhook.server.listener import Address

Start = Callable[[str, list[tuple[str, str]]], Any]
TEXT = "text/plain; charset=utf-8"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, listen: Address) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        super().__init__((listen.host, listen.port), _Silent)

    def server_bind(self) -> None:
        """Bind, and look no name up."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - its name upstream
        """Say nothing: probes come all the time."""


def answer_probes(
    listen: Address, registry: CollectorRegistry, problem: Callable[[], str | None]
) -> None:
    """Answer /healthz, /readyz while nothing is a problem, and /metrics, until the process ends.

    Raises ConfigurationError where the port is not to be had.
    """

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest(registry)]
        reason = problem() if path == "/readyz" else None
        known = path in ("/healthz", "/readyz")
        status = "404 Not Found" if not known else "503 Service Unavailable" if reason else "200 OK"
        start(status, [("Content-Type", TEXT)])
        return [f"{reason or ('ok' if known else 'not found')}\n".encode()]

    try:
        server = _Server(listen)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {listen} ({error.strerror or error}): choose another "
            "--metrics-listen"
        ) from None
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
