"""A container is probed as its pod says: while it starts by one probe, and then by the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.cluster.kubelet.container import Surroundings
from tools.cluster.kubelet.running import RunningContainer
from tools.cluster.waiting import wait_for

Json = dict[str, Any]
# Answers 200 to the path of a file that is there.
SERVER = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists(sys.argv[2] + self.path) else 503)
        self.end_headers()
host, _, port = sys.argv[1].partition(":")
http.server.HTTPServer((host, int(port)), Answer).serve_forever()
"""


def probe(path: str, failures: int) -> Json:
    asked = {"path": path, "port": "http"}
    return {"httpGet": asked, "periodSeconds": 0.1, "failureThreshold": failures}


@contextmanager
def started(around: Surroundings, *, patience: int) -> Iterator[RunningContainer]:
    """A container that has so many failures of its first probe to start."""
    container = {
        "name": "one",
        "image": "ours",
        "command": ["python", "-c", SERVER],
        "args": ["0.0.0.0:8080", str(around.folder)],
        "ports": [{"name": "http", "containerPort": 8080}],
        "startupProbe": probe("/alive", patience),
        "livenessProbe": probe("/alive", 1),
        "readinessProbe": probe("/ready", 1),
    }
    found = RunningContainer(container, around, restarts=True)
    try:
        yield found
    finally:
        found.kill()


def looked(container: RunningContainer) -> Json:
    """What is told of it, after another look."""
    container.look()
    return container.described()


def asks(container: RunningContainer) -> bool:
    """Whether it runs already, and said no to a probe."""
    container.look()
    return '"GET /alive HTTP/1.1" 503' in container.log


def test_nothing_but_the_start_counts_while_it_starts(around: Surroundings) -> None:
    (around.folder / "ready").touch()
    with started(around, patience=10_000) as container:
        wait_for("a probe that fails", lambda: asks(container))
        told = looked(container)
        assert (told["started"], told["ready"], told["restartCount"]) == (False, False, 0)
        assert "GET /ready" not in container.log

        (around.folder / "alive").touch()
        wait_for("a start", lambda: looked(container)["started"])
        wait_for("readiness", lambda: looked(container)["ready"])
        (around.folder / "alive").unlink()
        wait_for("another start", lambda: looked(container)["restartCount"] >= 1)


def test_a_start_that_takes_too_long_is_a_failure(around: Surroundings) -> None:
    with started(around, patience=1) as container:
        wait_for("another start", lambda: looked(container)["restartCount"] >= 1)
