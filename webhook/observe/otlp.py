"""Spans by the OpenTelemetry SDK, sent to a collector by OTLP over HTTP, as OTEL_* variables say.

A span is put into a queue of bounded length, and sent by a thread of its own. A collector that is
away, slow or hostile costs spans: no review waits for it, its answers take no memory, and the end
of the process waits for it as long as it is told. The log has a line when sending begins to fail,
and one when it works again.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk import resources
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider, export
from prometheus_client import CollectorRegistry, Counter

from webhook.observe.build_info import build_info
from webhook.observe.instruments import NAMESPACE

# An answer of a collector is empty or short; of what is longer, the rest is not read.
LARGEST_ANSWER = 64 * 1024
LONGEST_PARENT = 512

LOG = logging.getLogger(__name__)
_OF_SDK, _OF_EXPORTERS = "opentelemetry", "opentelemetry.exporter."
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_CURRENT: ContextVar[trace.Span | None] = ContextVar("reconcile", default=None)


def span_counters(registry: CollectorRegistry) -> tuple[Counter, Counter]:
    """Of spans recorded, and of those that the collector took; there while traces are on."""

    def counter(name: str, text: str) -> Counter:
        return Counter(name, text, namespace=NAMESPACE, registry=registry)

    recorded = counter("recorded_spans_total", "Spans recorded.")
    return recorded, counter("sent_spans_total", "Spans that the collector took.")


class OtlpSpans:
    """The spans of one process; raises ValueError for variables that the SDK cannot use."""

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self._recorded, sent = span_counters(registry)
        log = logging.getLogger(_OF_SDK)
        log.handlers, log.propagate = [_SdkLog()], False
        version = build_info().version
        own = {"service.name": service, "service.version": version}
        # What the environment says comes last, and so holds.
        named = resources.Resource.create(own).merge(resources.OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(export.BatchSpanProcessor(_Sender(sent)))
        self._tracer = self._provider.get_tracer("mcp-admission", version)

    def review(
        self, parent: str, attributes: Mapping[str, Any], seconds: float, *, failed: bool
    ) -> str:
        """Record a review that ends now; returns its trace id, if it was sampled."""
        ended = time.time_ns()
        span = self._tracer.start_span(
            "admission.review",
            context=context_of(parent),
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
            start_time=ended - int(seconds * 1e9),
        )
        if not span.is_recording():
            return ""
        if failed:
            span.set_status(trace.StatusCode.ERROR)
        self._recorded.inc()
        span.end(ended)
        return trace.format_trace_id(span.get_span_context().trace_id)

    @contextmanager
    def reconcile(self, name: str, attributes: Mapping[str, Any]) -> Iterator[None]:
        """Record what happens within, as a trace of its own."""
        # Tasks inherit what is current where they begin, and may live longer.
        span = self._tracer.start_span(f"reconcile {name}", Context(), attributes=attributes)
        token = _CURRENT.set(span)
        try:
            with self._ended(span):
                yield
        finally:
            _CURRENT.reset(token)

    @contextmanager
    def call(self, name: str, attributes: Mapping[str, Any]) -> Iterator[str]:
        """Record a call below the reconcile that goes on, if there is one that is recorded."""
        above = _CURRENT.get()
        if above is None or not above.is_recording():
            yield ""
            return
        span = self._tracer.start_span(
            name,
            trace.set_span_in_context(above, Context()),
            trace.SpanKind.CLIENT,
            attributes,
        )
        made = span.get_span_context()
        with self._ended(span):
            yield f"00-{made.trace_id:032x}-{made.span_id:016x}-{made.trace_flags:02x}"

    def close(self, seconds: float) -> None:
        """Send what is recorded, for so long at most; what is not sent then is lost."""
        # The SDK would wait for half a minute, and a thread that hangs ends with the process.
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(seconds)

    @contextmanager
    def _ended(self, span: trace.Span) -> Iterator[None]:
        """End a span, whatever ends what it is about; of an error it has the kind alone."""
        try:
            yield
        except Exception as error:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            if span.is_recording():
                self._recorded.inc()
                span.end()


def context_of(parent: str) -> Context:
    """The context that a `traceparent` names; an empty one where it is not of the W3C's format.

    The SDK's own reader would log what a client sent.
    """
    found = _PARENT.fullmatch(parent) if len(parent) <= LONGEST_PARENT else None
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return Context()
    trace_id, span_id, flags = (int(found[number], 16) for number in (2, 3, 4))
    given = trace.SpanContext(
        trace_id, span_id, is_remote=True, trace_flags=trace.TraceFlags(flags)
    )
    if not given.is_valid:
        return Context()
    return trace.set_span_in_context(trace.NonRecordingSpan(given), Context())


class _Session(requests.Session):
    """Remembers what came of the last request, and reads no more of an answer than it must."""

    said = ""

    def request(self, *args: Any, **options: Any) -> requests.Response:
        try:
            answer = super().request(*args, **options | {"stream": True})
            answer.raw.read(LARGEST_ANSWER)
        except Exception as error:
            self.said = f"the collector did not answer ({_innermost(error)})"
            raise
        answer.close()
        self.said = f"the collector answered with status {answer.status_code}"
        return answer


def _innermost(error: BaseException) -> str:
    """The kind of what went wrong first: the texts of these errors quote the collector's URL."""
    inner = error.args[0] if error.args else None
    cause = getattr(inner, "reason", inner)
    return type(cause if isinstance(cause, Exception) else error).__name__


class _Sender(OTLPSpanExporter):
    """Counts what was sent, and says when sending begins to fail or works again."""

    def __init__(self, sent: Counter) -> None:
        self._session = _Session()
        self._sent, self._fails = sent, False
        super().__init__(session=self._session)

    def export(self, spans: Sequence[ReadableSpan]) -> export.SpanExportResult:
        self._session.said = "they could not be encoded, or were too large"
        result = super().export(spans)
        fails = result is not export.SpanExportResult.SUCCESS
        if not fails:
            self._sent.inc(len(spans))
        if fails and not self._fails:
            reason = f"{self._session.said}: spans are lost meanwhile, and nothing else is"
            LOG.warning("traces not sent", extra={"fields": {"reason": reason}})
        elif self._fails and not fails:
            LOG.info("traces sent again")
        self._fails = fails
        return result


class _SdkLog(logging.Handler):
    """What the SDK says, each sentence once, and without the values that it quotes.

    What it says of each attempt to send is left to `_Sender`.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        sentence = re.sub(r"%[-+#0-9.]*[a-z]", "...", str(record.msg))
        if record.name.startswith(_OF_EXPORTERS) or sentence in self._told:
            return
        self._told.add(sentence)
        LOG.warning("traces incomplete", extra={"fields": {"reason": sentence}})
