"""`python -m tools.cluster` runs until it is told to stop, and leaves nothing behind."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.fixtures import binaries_or_skip
from tools.cluster.ports import LOOPBACK
from tools.cluster.waiting import wait_for


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """The command, in an environment whose proxy leads nowhere."""
    binaries_or_skip(request.config)
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    with subprocess.Popen(
        [sys.executable, "-m", "tools.cluster"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, **nowhere},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        yield running
        running.kill()


def printed(cluster: subprocess.Popen[str]) -> dict[str, str]:
    """The NAME=value lines up to the one that says that it runs."""
    assert cluster.stdout is not None
    lines: list[str] = []
    for line in cluster.stdout:
        lines.append(line.strip())
        if line.startswith("running"):
            return dict(line.split("=", 1) for line in lines if "=" in line)
    raise AssertionError(f"it ended after: {lines}")


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == errno.ECONNREFUSED


@pytest.mark.parametrize(
    ("sent", "status"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_cluster_in_the_foreground_ends_with_a_signal(
    cluster: subprocess.Popen[str], sent: signal.Signals, status: int
) -> None:
    names = printed(cluster)
    kubeconfig = Path(names["KUBECONFIG"])
    server = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]

    nodes = subprocess.run(
        [names["KUBECTL"], "get", "nodes"],
        env={"KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Ready" in nodes.stdout
    cluster.send_signal(sent)

    assert cluster.wait(timeout=60) == status
    wait_for("end of its folder", lambda: not kubeconfig.parent.exists())
    wait_for("end of its API server", lambda: refuses(int(server.rsplit(":", 1)[1])))
