"""`mcp-admission serve` as a process of its own, on free ports, and a client for it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import trustme

from tests.server.certificates import HOST, Volume, client, serial
from tests.server.reviews import posted
from tools.cluster.waiting import wait_for

LOOPBACK = "127.0.0.1"


def command(volume: Volume, *options: str, drain: float = 0.0) -> list[str]:
    """The command line of a server with the pair in this volume."""
    return [
        *(sys.executable, "-m", "webhook", "serve"),
        *("--listen", f"{LOOPBACK}:0", "--metrics-listen", f"{LOOPBACK}:0"),
        *("--tls-cert", str(volume.path("tls.crt")), "--tls-key", str(volume.path("tls.key"))),
        *("--drain-seconds", str(drain), *options),
    ]


class Server:
    """A serving process; it listens when this exists, and is gone after the `with` block."""

    def __init__(
        self,
        authority: trustme.CA,
        words: list[str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.lines: list[dict[str, Any]] = []
        self.context = client(authority)
        around = {**os.environ, **(environment or {})}
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=around)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            (line,) = wait_for("line `listening`", self._listening, 60)
        except BaseException:
            self._end()
            raise
        self.review_port = _port(line["reviews"])
        self.probe_port = _port(line["probes"])

    def _read(self) -> None:
        assert self._process.stderr is not None
        for text in self._process.stderr:
            self.lines.append(json.loads(text))

    def _listening(self) -> list[dict[str, Any]]:
        if self._process.poll() is not None:
            raise RuntimeError(f"the server ended with {self._process.returncode}: {self.lines}")
        return self.logged("listening")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The lines of the log with this message, so far."""
        return [line for line in list(self.lines) if line["message"] == message]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def code(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait(60)

    @contextlib.contextmanager
    def connected(
        self, context: ssl.SSLContext | None = None, source: str = LOOPBACK
    ) -> Iterator[http.client.HTTPSConnection]:
        """A connection to the port of the reviews, not opened yet, from an address."""
        connection = http.client.HTTPSConnection(
            HOST,
            self.review_port,
            context=context or self.context,
            timeout=30,
            source_address=(source, 0),
        )
        # The name in the certificate is not an address that is listened on everywhere.
        connection._create_connection = lambda address, *more: socket.create_connection(  # type: ignore[attr-defined]
            (LOOPBACK, address[1]), *more
        )
        try:
            yield connection
        finally:
            connection.close()

    def review(
        self, path: str = "/mutate", body: bytes | None = None, **options: Any
    ) -> dict[str, Any]:
        """Post a review on a connection of its own; return the response in its answer."""
        with self.connected(**options) as connection:
            answer = post(connection, path, body)
            response: dict[str, Any] = json.loads(answer.read())["response"]
            return response

    def probe(self, path: str) -> tuple[int, str]:
        """Status and text of a path on the second port."""
        connection = http.client.HTTPConnection(LOOPBACK, self.probe_port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def sample(self, line: str) -> float | None:
        """The value on the line of /metrics that starts with this."""
        for text in self.probe("/metrics")[1].splitlines():
            name, _, value = text.rpartition(" ")
            if name == f"mcp_admission_{line}":
                return float(value)
        return None

    def serial(self) -> str:
        """The serial number of the certificate that it shows."""
        with self.connected() as connection:
            connection.connect()
            return serial(connection.sock)

    def memory(self) -> dict[str, int]:
        """Its memory in KiB: `VmHWM` is the most that it ever held, `VmRSS` what it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return {
            line.split(":")[0]: int(line.split()[1])
            for line in status.splitlines()
            if line.startswith(("VmHWM", "VmRSS"))
        }


def post(
    connection: http.client.HTTPSConnection, path: str = "/mutate", body: bytes | None = None
) -> http.client.HTTPResponse:
    """Post a review; the answer is not read yet."""
    connection.request(
        "POST",
        path,
        posted() if body is None else body,
        {"Content-Type": "application/json"},
    )
    return connection.getresponse()


def _port(addresses: list[str]) -> int:
    return int(addresses[0].rpartition(":")[2])
