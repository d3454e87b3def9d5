"""A probe changes its mind after as many answers as it says."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tools.cluster.kubelet.probe import Probe
from tools.cluster.ports import LOOPBACK


class Answers(HTTPServer):
    """Answers every GET with `status`."""

    status = 503


@pytest.fixture
def answers() -> Iterator[Answers]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert isinstance(self.server, Answers)
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with Answers((LOOPBACK, 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def probe(port: int, **more: Any) -> Probe:
    spec = {"httpGet": {"path": "/readyz"}, "periodSeconds": 0, "timeoutSeconds": 2, **more}
    return Probe(spec, port, passes=False)


def test_one_success_is_enough_and_failures_are_counted_in_a_row(answers: Answers) -> None:
    asked = probe(answers.server_port, failureThreshold=2)

    assert not asked.ask()
    answers.status = 200
    assert asked.ask()
    answers.status = 500
    assert asked.ask()
    answers.status = 200
    assert asked.ask()
    answers.status = 500
    assert [asked.ask(), asked.ask()] == [True, False]


def test_a_probe_is_sent_when_it_is_due(answers: Answers) -> None:
    answers.status = 200

    assert not probe(answers.server_port, initialDelaySeconds=60).ask()
    again = probe(answers.server_port, periodSeconds=60)
    assert again.ask()
    answers.status = 500
    assert again.ask()


def test_nobody_there_is_a_failure(answers: Answers) -> None:
    closed = answers.server_port
    asked = probe(closed, failureThreshold=1)
    answers.status = 200
    assert asked.ask()
    answers.shutdown()
    answers.server_close()

    assert not asked.ask()
