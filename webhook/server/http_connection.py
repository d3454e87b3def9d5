"""HTTP on one connection: what aiohttp makes of it, and when each request came.

The clock of a request starts with its first bytes. The review may begin much later, and the API
server counts from before.

A connection that has ended frees its memory at once. Objects that refer to each other would wait
for a garbage collection, with a quarter of a MiB of what was sent each, and clients can send such
connections faster than garbage is collected.
"""

import asyncio
import logging
import time
from collections import deque
from email.utils import formatdate
from functools import lru_cache
from typing import cast

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from webhook.observe.logs import SeldomLog, failure
from webhook.observe.metrics import Metrics
from webhook.server.connections import Connection, Connections, ConnectionState
from webhook.server.frames import forget_frames

# Read ahead of a body, and unsent of an answer, before the other side has to wait.
BUFFER_BYTES = 32 * 1024
# A client that is still sending what we do not read sees our answer.
LINGERING_SECONDS = 1.0
NEVER_SECONDS = 10 * 365 * 86_400.0

LOG = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """A connection that quotes nothing of what it was sent, and says what it does."""

    __slots__ = (
        "_arrivals", "_body", "_connection", "_connections", "_failed", "_first_bytes",
        "_in_request", "_metrics", "_seldom", "arrived",
    )  # fmt: skip

    def __init__(
        self,
        server: web.Server,
        metrics: Metrics,
        seldom: SeldomLog,
        connections: Connections,
        connection: Connection,
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            # Connections closes what is idle.
            keepalive_timeout=NEVER_SECONDS,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
            read_bufsize=BUFFER_BYTES,
            lingering_time=LINGERING_SECONDS,
        )
        self._metrics = metrics
        self._seldom = seldom
        self._connections = connections
        self._connection = connection
        self._arrivals: deque[float] = deque()
        self._first_bytes: float | None = None
        self._body: StreamReader | None = None
        self._failed = False
        self._in_request = False
        self.arrived = 0.0

    @property
    def peer(self) -> str:
        """The address of the client."""
        return self._connection.peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over: the first request has to come."""
        super().connection_made(transport)
        # uvloop's transports are no subclass of asyncio's.
        both_ways = cast(asyncio.Transport, transport)
        both_ways.set_write_buffer_limits(high=BUFFER_BYTES)
        if limit := getattr(transport, "set_read_buffer_limits", None):
            limit(high=BUFFER_BYTES)  # That of TLS, which is 256 KiB.
        self._connection.close = both_ways.abort
        self._connections.move(self._connection, ConnectionState.PENDING)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection has ended: let go of what knows it, and of what it has not answered."""
        self._connections.remove(self._connection)
        self._connection.close = _nothing
        super().connection_lost(exc)
        if self._body:
            forget_frames(self._body.exception())
            self._body = None
        self._message_tail = b""

    def data_received(self, data: bytes) -> None:
        """Remember when a request's first bytes came; read nothing after what is no HTTP."""
        if self._failed:
            return
        if data and self._first_bytes is None and (self._body is None or self._body.is_eof()):
            self._first_bytes = time.monotonic()
        before = self._request_count
        super().data_received(data)
        if new := self._request_count - before:
            first = self._first_bytes or time.monotonic()
            self._arrivals.extend([first] * new)
            self._first_bytes = None
            message, body = self._messages[-1]
            error = getattr(message, "exc", None)
            forget_frames(error)
            self._failed = error is not None
            self._body = self._body if self._failed else body
        elif self._first_bytes is not None and self._connection.state is ConnectionState.IDLE:
            self._connections.move(self._connection, ConnectionState.PENDING)

    def pause_writing(self) -> None:
        """The client does not take its answer."""
        super().pause_writing()
        self._connections.move(self._connection, ConnectionState.PENDING)

    def resume_writing(self) -> None:
        """The client takes its answer."""
        super().resume_writing()
        self._connections.move(
            self._connection, ConnectionState.BUSY if self._in_request else ConnectionState.IDLE
        )

    def __enter__(self) -> None:
        """Begin to answer a request; `arrived` is when its first bytes came."""
        self._in_request = True
        self._connections.move(self._connection, ConnectionState.BUSY)
        # aiohttp keeps what comes behind an upgrade until that is declined.
        self.arrived = self._arrivals.popleft() if self._arrivals else time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._in_request = False
        self._connections.move(self._connection, ConnectionState.IDLE)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Answer invalid HTTP and failures of the application, and close the connection."""
        self._metrics.rejected_requests.labels(status).inc()
        fields = {"status": status, "client": request.remote, **(failure(exc) if exc else {})}
        level = logging.ERROR if status >= 500 else logging.WARNING
        self._seldom.log(LOG, level, "request failed", fields)
        forget_frames(exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer is sent: it cannot become another one")
        sentence = "this server failed" if status >= 500 else "this is not HTTP/1.1"
        response = web.Response(status=status, text=f"{sentence}\n")
        response.force_close()
        return response


def connection_of(request: web.BaseRequest) -> HttpConnection:
    """The connection that a request came on."""
    assert isinstance(request.protocol, HttpConnection)
    return request.protocol


def _nothing() -> None:
    """There is nothing to close any more."""


class _JsonAnswer(web.StreamResponse):
    """Status 200, JSON and no choice: the head is written as text, and with the body at once."""

    def __init__(self, body: bytes, *, stays: bool) -> None:
        super().__init__()
        self._answer = body
        self._stays = stays

    @property
    def keep_alive(self) -> bool:
        """Whether the connection is kept."""
        return self._stays

    def force_close(self) -> None:
        """Close the connection after this answer."""
        self._stays = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Write the whole answer."""
        writer = request.writer
        close = "" if self._stays else "Connection: close\r\n"
        length = len(self._answer)
        head = f"{_HEAD}Content-Length: {length}\r\n{_dated(int(time.time()))}{close}\r\n"
        await writer.write(head.encode("ascii") + self._answer)
        await writer.drain()
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """All is written."""


_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@lru_cache(maxsize=1)
def _dated(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\nServer: {SERVER_SOFTWARE}\r\n"


def json_answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """The answer with status 200 and this body, as aiohttp's own would be, byte for byte."""
    if request.version == HttpVersion11:
        return _JsonAnswer(body, stays=request.keep_alive)
    return web.Response(body=body, content_type="application/json")
