"""The servers that are measured: ours, and those it is measured against, each on the same core.

All have the same certificate and speak TLS 1.3. Each writes its log into a file, as a container
runtime would. Those written in Go use one thread for Go code, as the core is one.
"""

import contextlib
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import trustme

from tools.bench.binaries import Peers
from tools.bench.bodies import VALIDATE
from tools.bench.cores import on_core, server_core
from tools.bench.manifests import NAMESPACE
from tools.bench.namespaces import api_of_namespaces
from tools.cluster.ports import LOOPBACK, free_ports

HOST = "localhost"
SECONDS_TO_START = 60
BETWEEN_TRIES = 0.002
ENVIRONMENT = {**os.environ, "GOMAXPROCS": "1"}


class Contestant(NamedTuple):
    """One server: the word in ids, the name in tables, and its command line for a port."""

    word: str
    title: str
    command: Callable[[int], list[str | Path]]


@dataclass(frozen=True)
class Arena:
    """What servers are started with: a folder with certificate and key, and the Go binaries."""

    folder: Path
    peers: Peers

    @property
    def authority(self) -> Path:
        """The certificate to trust."""
        return self.folder / "ca.crt"

    @property
    def pair(self) -> tuple[Path, Path]:
        """Certificate and key of every server."""
        return self.folder / "tls.crt", self.folder / "tls.key"

    def contestants(self) -> dict[str, Contestant]:
        """All servers by their words."""
        listed = [
            Contestant("ours", "mcp-admission", self._ours),
            Contestant("floor", "Go floor", self._floor),
            Contestant("pod-security", "Pod Security webhook (Go)", self._pod_security),
            Contestant("python-floor", "Python floor", self._python_floor),
        ]
        return {each.word: each for each in listed}

    def _ours(self, port: int) -> list[str | Path]:
        certificate, key = self.pair
        words: list[str | Path] = [sys.executable, "-m", "webhook", "serve"]
        words += ["--listen", f"{LOOPBACK}:{port}", "--metrics-listen", f"{LOOPBACK}:0"]
        return [*words, "--tls-cert", certificate, "--tls-key", key, "--drain-seconds", "0"]

    def _floor(self, port: int) -> list[str | Path]:
        certificate, key = self.pair
        address = f"{LOOPBACK}:{port}"
        return [self.peers.floor, "-listen", address, "-cert", certificate, "-key", key]

    def _pod_security(self, port: int) -> list[str | Path]:
        certificate, key = self.pair
        words: list[str | Path] = [self.peers.pod_security, "--secure-port", str(port)]
        words += ["--bind-address", LOOPBACK, "--kubeconfig", self.folder / "kubeconfig"]
        return [*words, "--tls-cert-file", certificate, "--tls-private-key-file", key]

    def _python_floor(self, port: int) -> list[str | Path]:
        certificate, key = self.pair
        return [sys.executable, "-m", "tools.bench.python_floor", str(port), certificate, key]


class Running:
    """A server that has given a right answer; `seconds` is how long that took."""

    def __init__(self, arena: Arena, contestant: Contestant) -> None:
        self.contestant = contestant
        (self.port,) = free_ports(1)
        self._said = "no answer"
        began = time.monotonic()
        with (arena.folder / f"{contestant.word}.log").open("wb") as log, on_core(server_core()):
            self._process = subprocess.Popen(
                contestant.command(self.port), stdout=log, stderr=log, env=ENVIRONMENT
            )
        try:
            self._wait(arena)
        except BaseException:
            self.stop()
            raise
        self.seconds = time.monotonic() - began

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def resident_mib(self) -> float:
        """The memory that it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    def cpu_seconds(self) -> float:
        """The CPU time that it has taken."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _wait(self, arena: Arena) -> None:
        context = ssl.create_default_context(cafile=str(arena.authority))
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers(context):
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (arena.folder / f"{self.contestant.word}.log").read_text("utf-8")[-1000:]
                title = self.contestant.title
                raise RuntimeError(f"{title} does not allow a pod: {self._said[-300:]}; {log}")
            time.sleep(BETWEEN_TRIES)

    def _answers(self, context: ssl.SSLContext) -> bool:
        connection = HTTPSConnection(HOST, self.port, context=context, timeout=10)
        body = VALIDATE.body(fresh=True).numbered(0)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("POST", VALIDATE.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self._said = answer.read().decode()
            return answer.status == 200 and VALIDATE.allowed().numbered(0) in self._said
        return False


@contextlib.contextmanager
def arena(peers: Peers, folder: Path) -> Iterator[Arena]:
    """Within the block servers can be started."""
    made = Arena(folder, peers)
    authority = trustme.CA()
    leaf = authority.issue_cert(HOST, LOOPBACK)
    authority.cert_pem.write_to_path(made.authority)
    certificate, key = made.pair
    certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(key)
    with api_of_namespaces([NAMESPACE], folder / "kubeconfig"):
        yield made
