"""A serving process with throw-away certificates, on free ports."""

import json
import os
import ssl
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trustme

SERVICE = "mcp-admission.mcp-admission-system.svc"


@dataclass(frozen=True)
class Server:
    """Where a serving process answers, and whom to trust for it."""

    process: subprocess.Popen[str]
    reviews: str
    probes: str
    trust: ssl.SSLContext

    def post(self, path: str, body: bytes) -> Any:
        """The decoded answer to an AdmissionReview."""
        host, _, port = self.reviews.rpartition(":")
        connection = HTTPSConnection(host, int(port), context=self.trust, timeout=10)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        connection.close()
        return json.loads(answer)

    def get(self, path: str) -> str:
        """The text of a probe or of the metrics."""
        return ask(self.probes, path)


def ask(address: str, path: str) -> str:
    """The text that a serving process answers on its port for probes and metrics."""
    host, _, port = address.rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@contextmanager
def serving(*options: str) -> Iterator[Server]:
    """Run `mcp-admission serve` until the block ends; raise RuntimeError if it does not start."""
    authority = trustme.CA()
    pair = authority.issue_cert(SERVICE, "127.0.0.1")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with TemporaryDirectory() as folder:
        certificate, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
        pair.cert_chain_pems[0].write_to_path(certificate)
        pair.private_key_pem.write_to_path(key)
        command = [sys.executable, "-m", "webhook", "serve", "--drain-seconds", "0"]
        command += ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]
        command += ["--tls-cert", str(certificate), "--tls-key", str(key), *options]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
        ) as process:
            try:
                yield Server(process, *_listening(process), trust)
            finally:
                process.terminate()
                process.wait(30)


def _listening(process: subprocess.Popen[str]) -> tuple[str, str]:
    stderr = process.stderr
    if stderr is None:
        raise TypeError("the process has no stderr")
    said: deque[str] = deque(maxlen=20)
    for line in stderr:
        said.append(line)
        if '"listening"' in line:
            # Whatever it logs later is read away, so that the pipe never fills up.
            threading.Thread(target=deque, args=(stderr, 0), daemon=True).start()
            told = json.loads(line)
            return told["reviews"][0], told["probes"][0]
    raise RuntimeError("serve did not start:\n" + "".join(said))
