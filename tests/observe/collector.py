"""A collector of OTLP over HTTP, which keeps what it is sent; it may be slow, broken or hostile.

with Collector() as collector:
    ...
    (span,) = collector.wait_for(1)

It answers on a thread of its own, because the exporter waits for it on another one.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Self
from unittest import mock

from aiohttp import web
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from prometheus_client import CollectorRegistry

from tests.kube.faults import run_and_close
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.waiting import SECONDS_BETWEEN_QUESTIONS, wait_for
from webhook.observe.traces import TRACES


class Received(NamedTuple):
    """A span as it came."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    start: int
    end: int
    failed: bool
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


class Collector:
    """A context manager; each attribute may be changed meanwhile.

    It answers with `status`, with a body without end while it is `endless`, and not at all while it
    is `silent`.
    """

    def __init__(self, port: int | None = None) -> None:
        self.port = free_ports(1)[0] if port is None else port
        self.spans: list[Received] = []
        self.requests = 0
        self.headers: dict[str, str] = {}
        self.status = 200
        self.endless = False
        self.silent = False
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a process finds it, and sends at once."""
        return environment(self.port)

    def named(self, name: str) -> list[Received]:
        """The spans of this name, so far."""
        return [span for span in [*self.spans] if span.name == name]

    def wait_for(self, count: int, name: str = "admission.review") -> list[Received]:
        """The spans of this name, once there are so many."""
        found = f"{count} spans {name}"
        return (
            wait_for(found, lambda: len(self.named(name)) >= count and self.named(name), 30) or []
        )

    def _run(self) -> None:
        run_and_close(self._loop, self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        runner = web.ServerRunner(web.Server(self._take, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, self.port, reuse_address=True).start()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        sent = await request.read()
        while self.silent:  # noqa: ASYNC110 - the test sets it on a thread of its own
            await asyncio.sleep(SECONDS_BETWEEN_QUESTIONS)
        if self.endless:
            return await _endless(request)
        if self.status == 200:
            self.spans += _decoded(sent)
        return web.Response(status=self.status, content_type="application/x-protobuf")


async def _endless(request: web.BaseRequest) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"x" * 2**16)


def environment(port: int) -> dict[str, str]:
    """The variables of a process that sends its spans to this port, at once."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        "NO_PROXY": "*",
    }


@contextmanager
def recording(port: int, **variables: str) -> Iterator[CollectorRegistry]:
    """This process records, and sends what it records to this port; gives what counts the spans."""
    registry, log = CollectorRegistry(), logging.getLogger("opentelemetry")
    before = log.handlers, log.propagate
    with mock.patch.dict(os.environ, environment(port) | variables):
        TRACES.start("mcp-admission-test", registry)
        try:
            yield registry
        finally:
            TRACES.stop(10)
            log.handlers, log.propagate = before


def _decoded(sent: bytes) -> list[Received]:
    message = trace_service_pb2.ExportTraceServiceRequest.FromString(sent)
    return [
        Received(
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.kind,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            span.status.code == 2,
            {each.key: _value(each.value) for each in span.attributes},
            {each.key: _value(each.value) for each in of_resource.resource.attributes},
        )
        for of_resource in message.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def _value(value: common_pb2.AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return None if kind is None else getattr(value, kind)
