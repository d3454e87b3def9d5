"""Traces are on where the environment names a collector, and cost nothing where it does not."""

import logging
import sys

import pytest
from prometheus_client import CollectorRegistry

from tests.observe.collector import Collector, recording
from webhook.observe.traces import TRACES, Traces

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example:4318"}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://collector.example:4318"},
        {**HERE, "OTEL_SDK_DISABLED": "True"},
        {**HERE, "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["no variable", "empty endpoint", "metrics alone", "disabled", "no exporter"],
)
def test_traces_are_off_and_nothing_is_said(
    variables: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    traces = Traces()
    traces.start("test", CollectorRegistry(), variables)

    assert not traces.on
    assert traces.review("", {}, 0.0) == ""
    with traces.reconcile("server", {}), traces.call("get pods", {}) as parent:
        assert parent == ""
    traces.stop(0)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "is no URL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://"}, "is no URL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"}, "Invalid IPv6 URL"),
        ({**HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "sent by http/protobuf alone"),
        ({**HERE, "OTEL_TRACES_EXPORTER": "zipkin"}, "sent by otlp alone"),
        ({**HERE, "OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "max_queue_size must be a positive integer"),
    ],
    ids=["no scheme", "no host", "no URL", "grpc", "zipkin", "no queue"],
)
def test_traces_are_off_and_the_log_says_why(
    variables: dict[str, str],
    reason: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    traces = Traces()
    traces.start("test", CollectorRegistry())

    (line,) = caplog.records
    assert line.message == "traces off"
    assert reason in vars(line)["fields"]["reason"]
    assert not traces.on


def test_without_the_extra_the_log_says_what_to_install(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "webhook.observe.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    traces = Traces()
    traces.start("test", CollectorRegistry(), HERE)

    (line,) = caplog.records
    assert vars(line)["fields"]["reason"] == (
        "opentelemetry is not installed: install mcp-admission[traces]"
    )
    assert not traces.on


def test_the_log_says_where_traces_go_and_nothing_that_could_be_a_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with Collector() as collector:
        endpoint = f"http://user:password@127.0.0.1:{collector.port}/v1/traces?key=secret"
        with recording(collector.port, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=endpoint):
            TRACES.review("", {}, 0.0)
            collector.wait_for(1)

    (line,) = [each for each in caplog.records if each.message == "traces on"]
    assert vars(line)["fields"] == {
        "service": "mcp-admission-test",
        "collector": "http://127.0.0.1",
    }
