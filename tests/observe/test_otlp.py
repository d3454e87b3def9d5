"""Spans on their way to a collector, which may be away, slow, broken or hostile."""

import asyncio
import logging
from typing import Any

import pytest

from tests.observe.collector import Collector, recording
from tools.cluster.ports import free_ports
from tools.cluster.waiting import wait_for
from webhook.observe.traces import TRACES

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
# A failed attempt is not repeated.
AT_ONCE = {"OTEL_EXPORTER_OTLP_TIMEOUT": "0.5"}

NO_PARENTS = {
    "nothing": "",
    "no traceparent": "trace me",
    "uppercase": PARENT.upper(),
    "trace of zeros": f"00-{'0' * 32}-{SPAN}-01",
    "span of zeros": f"00-{TRACE}-{'0' * 16}-01",
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "more than version 00 has": f"{PARENT}-more",
    "more without a hyphen": f"01-{TRACE}-{SPAN}-01more",
    "without flags": f"00-{TRACE}-{SPAN}",
    "short trace": f"00-{TRACE[1:]}-{SPAN}-01",
    "long trace": f"00-{TRACE}0-{SPAN}-01",
    "no hexadecimal number": f"00-{TRACE[1:]}g-{SPAN}-01",
    "blanks around": f" {PARENT} ",
    "line feed": f"{PARENT}\n",
    "digits of others": f"00-{TRACE[1:]}\u0663-{SPAN}-01",
    "beyond ASCII": "\udcff\udcfe" * 20,
    "two of them": f"{PARENT},{PARENT}",
    "as long as a header may be": f"01-{TRACE}-{SPAN}-01-{'x' * 8000}",
    "hyphens": "-" * 8000,
}


def lines(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """The fields of the lines with this message."""
    found = [each for each in caplog.records if each.message == message]
    return [getattr(each, "fields", {}) for each in found]


def test_a_review_is_a_span_below_the_one_that_its_request_names() -> None:
    with Collector() as collector, recording(collector.port):
        trace_id = TRACES.review(PARENT, {"admission.uid": "u", "admission.rules": ["a"]}, 0.25)
        (span,) = collector.wait_for(1)

    assert trace_id == span.trace_id == TRACE
    assert (span.parent_id, span.kind, span.failed) == (SPAN, 2, False)
    assert span.end - span.start == 250_000_000
    assert span.attributes == {"admission.uid": "u", "admission.rules": ["a"]}
    assert span.resource["service.name"] == "mcp-admission-test"
    assert collector.headers["content-type"] == "application/x-protobuf"


@pytest.mark.parametrize("name", NO_PARENTS)
def test_what_is_no_parent_begins_a_trace(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Collector() as collector, recording(collector.port):
        before = len(caplog.records)
        trace_id = TRACES.review(NO_PARENTS[name], {}, 0.0)
        logged = caplog.records[before:]
        (span,) = collector.wait_for(1)

    assert trace_id == span.trace_id != TRACE
    assert span.parent_id == ""
    assert [each for each in logged if each.name.startswith(("opentelemetry", "webhook"))] == []


def test_a_later_version_of_a_parent_is_read_as_this_one() -> None:
    with Collector() as collector, recording(collector.port):
        assert TRACES.review(f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", {}, 0.0) == TRACE
        assert TRACES.review(f"01-{TRACE}-{SPAN}-03", {}, 0.0) == TRACE


@pytest.mark.parametrize(
    ("parent", "variables"),
    [(f"00-{TRACE}-{SPAN}-00", {}), (PARENT, {"OTEL_TRACES_SAMPLER": "always_off"})],
    ids=["by the API server", "by the sampler"],
)
def test_a_review_that_is_not_sampled_has_no_span(parent: str, variables: dict[str, str]) -> None:
    with Collector() as collector:
        with recording(collector.port, **variables) as registry:
            assert TRACES.review(parent, {}, 0.0) == ""

        assert collector.spans == []
    assert registry.get_sample_value("mcp_admission_recorded_spans_total") == 0


def test_the_environment_names_the_service_the_headers_and_the_path() -> None:
    said = {
        "OTEL_SERVICE_NAME": "webhook",
        "OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=serve-1",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20token",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    with Collector() as collector, recording(collector.port, **said):
        TRACES.review("", {}, 0.0)
        (span,) = collector.wait_for(1)

    assert span.resource["service.name"] == "webhook"
    assert span.resource["k8s.pod.name"] == "serve-1"
    assert collector.headers["authorization"] == "Bearer token"


def test_calls_are_spans_below_their_reconcile_and_name_themselves_to_who_is_called() -> None:
    with Collector() as collector, recording(collector.port):
        with TRACES.reconcile("server", {"reconcile.name": "crm"}):
            with TRACES.call("get services", {}) as first:
                pass
            with TRACES.call("patch services", {}) as second:
                pass
        (above,) = collector.wait_for(1, "reconcile server")
        calls = [collector.wait_for(1, f"{verb} services")[0] for verb in ("get", "patch")]

    assert (above.parent_id, above.attributes) == ("", {"reconcile.name": "crm"})
    assert {call.parent_id for call in calls} == {above.span_id}
    # The flags are those of sampled, and of a trace id that is random.
    said = [f"00-{call.trace_id}-{call.span_id}-03" for call in calls]
    assert [first, second] == said


def test_what_fails_says_so_and_nothing_of_why() -> None:
    with Collector() as collector, recording(collector.port):
        with pytest.raises(KeyError), TRACES.reconcile("server", {}), TRACES.call("get pods", {}):
            raise KeyError("a secret")
        TRACES.review("", {}, 0.0, failed=True)
        spans = [
            collector.wait_for(1, name)[0]
            for name in ("reconcile server", "get pods", "admission.review")
        ]

    assert [span.failed for span in spans] == [True] * 3
    assert "a secret" not in repr(spans)


async def test_what_outlives_a_reconcile_is_no_part_of_it() -> None:
    """A watch begins within one, and calls for days."""
    given: list[str] = []
    over = asyncio.Event()

    async def living() -> None:
        await over.wait()
        with TRACES.call("list pods", {}) as parent:
            given.append(parent)
        with TRACES.reconcile("pod", {}):
            pass

    with Collector() as collector, recording(collector.port):
        with TRACES.call("get leases", {}) as outside:
            given.append(outside)
        with TRACES.reconcile("settings", {}):
            task = asyncio.create_task(living())
            await asyncio.sleep(0)
        over.set()
        await task
        spans = await asyncio.to_thread(collector.wait_for, 1, "reconcile pod")

    assert given == ["", ""]
    assert spans[0].parent_id == ""


def test_the_log_says_once_that_nobody_takes_spans_and_once_that_somebody_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    (port,) = free_ports(1)

    def told(message: str) -> bool:
        TRACES.review("", {}, 0.0)
        return bool(lines(caplog, message))

    with recording(port, **AT_ONCE) as registry:
        wait_for("failed attempt", lambda: told("traces not sent"))
        with Collector(port) as collector:
            wait_for("line", lambda: told("traces sent again"))
            sent = registry.get_sample_value("mcp_admission_sent_spans_total")
            taken = len(collector.spans)
            said, again = lines(caplog, "traces not sent"), lines(caplog, "traces sent again")

    (line,) = said
    assert line["reason"].startswith("the collector did not answer (NewConnectionError): ")
    assert len(again) == 1
    assert sent
    assert taken >= sent


def test_an_answer_of_the_collector_that_refuses_is_quoted_by_its_status(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Collector() as collector, recording(collector.port) as registry:
        collector.status = 404
        TRACES.review("", {}, 0.0)
        wait_for("failed attempt", lambda: lines(caplog, "traces not sent"))

    (line,) = lines(caplog, "traces not sent")
    assert line["reason"].startswith("the collector answered with status 404: ")
    assert registry.get_sample_value("mcp_admission_recorded_spans_total") == 1
    assert registry.get_sample_value("mcp_admission_sent_spans_total") == 0


def test_an_answer_without_end_is_left() -> None:
    with Collector() as collector, recording(collector.port) as registry:
        collector.endless = True
        TRACES.review("", {}, 0.0)
        wait_for("sent span", lambda: registry.get_sample_value("mcp_admission_sent_spans_total"))


def test_what_a_silent_collector_does_not_take_is_kept_up_to_a_bound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bounds = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16"}
    with Collector() as collector:
        collector.silent = True
        with recording(collector.port, **bounds):
            for _ in range(1000):
                TRACES.review("", {}, 0.0)
            collector.silent = False

        assert 0 < len(collector.spans) <= 64 + 16
    assert lines(caplog, "traces incomplete") == [{"reason": "Queue full, dropping ...."}]


def test_the_end_does_not_wait_for_a_silent_collector() -> None:
    with Collector() as collector:
        collector.silent = True
        with recording(collector.port):
            TRACES.review("", {}, 0.0)
            wait_for("request", lambda: collector.requests)
            TRACES.stop(0.05)
            assert collector.spans == []
            assert not TRACES.on
            assert TRACES.review("", {}, 0.0) == ""
        collector.silent = False


def test_what_the_end_has_time_for_is_sent() -> None:
    with Collector() as collector:
        with recording(collector.port, OTEL_BSP_SCHEDULE_DELAY="600000"):
            TRACES.review("", {}, 0.0)

        assert len(collector.spans) == 1


def test_a_variable_that_the_sdk_does_not_know_is_told_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Collector() as collector, recording(collector.port, OTEL_TRACES_SAMPLER="a secret"):
        assert TRACES.review("", {}, 0.0)

    assert lines(caplog, "traces incomplete") == [{"reason": "Couldn't recognize sampler ...."}]
