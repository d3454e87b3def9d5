"""`make cluster`: the commands that it prints do what they promise."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tests.cluster.foreground import ROOT, printed, started

pytestmark = pytest.mark.control_plane


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """The command, as make runs it."""
    binaries_or_skip(request.config)
    helm_or_skip("4", request.config)
    with started("tools.release") as process:
        yield process


def test_the_commands_that_make_cluster_prints_work(running: subprocess.Popen[str]) -> None:
    lines = printed(running)
    exported = dict(line.split("=", 1) for line in lines if line.startswith("KUBE"))
    tried = [
        subprocess.run(
            ["sh", "-c", line.strip()],
            cwd=ROOT,
            env={**os.environ, **exported},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        for line in lines
        if line.startswith("  $KUBECTL ")
    ]

    created, rolled, shown, listed, refused = tried
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout == "deployment.apps/issues-bridge created\n"
    assert "successfully rolled out" in rolled.stdout
    assert "runAsNonRoot: true" in shown.stdout
    assert "service/issues-bridge-mcp" in listed.stdout
    assert "networkpolicy.networking.k8s.io/mcp-admission-baseline" in listed.stdout
    assert refused.returncode == 1
    assert "NET_ADMIN is not allowed (capabilities)" in refused.stderr
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=30) == 0
