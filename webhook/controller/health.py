"""What the kubelet and Prometheus ask the controller, on a port without TLS and a thread apart."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from webhook.kube import ConfigurationError
from webhook.server.listener import Address

Start = Callable[[str, list[tuple[str, str]]], Any]
TEXT = "text/plain; charset=utf-8"
LONGEST_TURN = 30.0
BEAT_SECONDS = 0.1


class Heart:
    """Tells whether the event loop turns, to threads that wait for nothing of it.

    `longest` is set to the most seconds by which a beat was late: nothing else had a turn.
    """

    def __init__(self, longest: Gauge | None = None) -> None:
        self._beat, self._longest, self._most = time.monotonic(), longest, 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            due = time.monotonic() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            self._beat = time.monotonic()
            self._most = max(self._most, self._beat - due)
            if self._longest is not None:
                self._longest.set(self._most)

    def problem(self) -> str | None:
        """What is wrong, if something is."""
        still = time.monotonic() - self._beat
        return None if still < LONGEST_TURN else f"nothing has moved for {still:.0f} seconds"


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
    listen: Address, registry: CollectorRegistry, problems: Mapping[str, Callable[[], str | None]]
) -> None:
    """Answer /metrics, and each other path while it has no problem, until the process ends.

    Raises ConfigurationError where the port is not to be had.
    """

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest(registry)]
        known = path in problems
        reason = problems[path]() if known else None
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
