"""`make debug`: the printed command answers the API server, under a debugger."""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.fixtures import binaries_or_skip
from tests.cluster.foreground import ROOT, printed, started

pytestmark = pytest.mark.control_plane


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """The command, as make runs it."""
    binaries_or_skip(request.config)
    with started("tools.debug") as process:
        yield process


def test_a_webhook_under_a_debugger_answers_the_api_server(running: subprocess.Popen[str]) -> None:
    lines = printed(running)
    exported = dict(line.split("=", 1) for line in lines if line.startswith("KUBE"))
    serve, review = [line.strip() for line in lines if line.startswith("  ")]
    with subprocess.Popen(
        shlex.split(serve), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as webhook:  # fmt: skip
        assert webhook.stdin is not None
        assert webhook.stderr is not None
        webhook.stdin.write("continue\n")
        webhook.stdin.flush()
        assert any("listening" in line for line in webhook.stderr)
        reviewed = subprocess.run(
            ["sh", "-c", f"{review} -o yaml"],
            cwd=ROOT,
            env={**os.environ, **exported},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        webhook.kill()

    assert reviewed.returncode == 0, reviewed.stderr
    assert "runAsNonRoot: true" in reviewed.stdout
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=30) == 0
