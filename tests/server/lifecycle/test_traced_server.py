"""A serving process with a collector: what it sends, and how it ends."""

import json
from pathlib import Path
from signal import SIGTERM

import pytest
import trustme

from tests.observe.collector import Collector
from tests.server.certificates import HOST, Volume
from tests.server.process import Server, command
from tests.server.reviews import posted
from tools.cluster.waiting import wait_for

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def words(volume: Volume, authority: trustme.CA) -> list[str]:
    """The command line."""
    volume.write_pair(authority.issue_cert(HOST))
    return command(volume, "--log-level", "debug")


def reviewed(server: Server, parent: str, path: str = "/mutate") -> None:
    """Post a review with a `traceparent`."""
    headers = {"Content-Type": "application/json", "traceparent": parent}
    with server.connected() as connection:
        connection.request("POST", path, posted(), headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["response"]["allowed"] is True


def test_a_review_continues_the_trace_of_its_request(
    words: list[str], authority: trustme.CA
) -> None:
    with Collector() as collector, Server(authority, words, collector.environment) as server:
        reviewed(server, f"00-{TRACE}-{SPAN}-01", "/validate")
        (span,) = collector.wait_for(1)
        assert server.sample("recorded_spans_total") == 1
        wait_for("sent span", lambda: server.sample("sent_spans_total") == 1)

    assert (span.trace_id, span.parent_id) == (TRACE, SPAN)
    assert span.attributes["admission.uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert span.attributes["admission.hook"] == "validate"
    assert span.resource["service.name"] == "mcp-admission-serve"
    assert [line["trace_id"] for line in server.logged("review")] == [TRACE]
    (line,) = server.logged("traces on")
    assert line["service"] == "mcp-admission-serve"


def test_neither_a_review_nor_the_end_waits_for_a_silent_collector(
    words: list[str], authority: trustme.CA
) -> None:
    with Collector() as collector:
        collector.silent = True
        with Server(authority, words, collector.environment) as server:
            reviewed(server, f"00-{TRACE}-{SPAN}-01")
            wait_for("request that hangs", lambda: collector.requests)
            for _ in range(20):
                reviewed(server, f"00-{TRACE}-{SPAN}-01")
            server.send(SIGTERM)
            assert server.code() == 0
            assert collector.spans == []
        collector.silent = False

    assert [line["finished"] for line in server.logged("stopped")] == [True]


def test_what_was_recorded_last_is_sent_before_the_end(
    words: list[str], authority: trustme.CA
) -> None:
    slow = {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with Collector() as collector:
        with Server(authority, words, collector.environment | slow) as server:
            reviewed(server, "no traceparent")
            server.send(SIGTERM)
            assert server.code() == 0

        (span,) = collector.spans
    assert span.parent_id == ""


def test_a_collector_that_cannot_be_used_keeps_nobody_from_serving(
    words: list[str], authority: trustme.CA, tmp_path: Path
) -> None:
    with Server(authority, words, {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}) as server:
        reviewed(server, f"00-{TRACE}-{SPAN}-01")

    (line,) = server.logged("traces off")
    assert line["level"] == "warning"
    assert "trace_id" not in server.logged("review")[0]
