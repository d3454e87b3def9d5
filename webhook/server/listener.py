"""A port: the application behind it, how connections are kept, how they end.

aiohttp's own sites are not used, because they cannot bound the time of a TLS handshake, and
because their error page and log quote what could not be parsed.
"""

import asyncio
import logging
import ssl
from typing import NamedTuple

from aiohttp import web

from webhook.observe.logs import failure
from webhook.observe.metrics import Metrics
from webhook.server.handshakes import Handshakes

# The API server keeps an idle connection for 90 seconds: ours must not end before.
KEEP_ALIVE_SECONDS = 3630.0
HANDSHAKE_SECONDS = 10.0
LAST_BYTES_SECONDS = 1.0
BACKLOG = 1024

LOG = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where to listen; an empty host is every address, port 0 a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Connection(web.RequestHandler):
    """A connection that keeps quiet about what it was sent."""

    __slots__ = ("_metrics",)

    def __init__(self, server: web.Server, metrics: Metrics) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
        )
        self._metrics = metrics

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what an application failed with, and close the connection."""
        self._metrics.rejected(status)
        fields = {"status": status, "client": request.remote, **(failure(exc) if exc else {})}
        LOG.log(
            logging.ERROR if status >= 500 else logging.WARNING,
            "request failed",
            extra={"fields": fields},
        )
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer is sent: it cannot become another one")
        sentence = "this server failed" if status >= 500 else "this is not HTTP/1.1"
        response = web.Response(status=status, text=f"{sentence}\n")
        response.force_close()
        return response


class Listener:
    """An application that answers on an address."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server) -> None:
        self._runner = runner
        self._server = server

    @classmethod
    async def open(
        cls,
        app: web.Application,
        address: Address,
        metrics: Metrics,
        context: ssl.SSLContext | None = None,
    ) -> "Listener":
        """Listen; raises OSError when the address cannot be had."""
        if context:
            Handshakes(metrics).watch(context)
        runner = web.AppRunner(app, shutdown_timeout=LAST_BYTES_SECONDS)
        await runner.setup()
        manager = runner.server
        assert manager is not None
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(manager, metrics),
            address.host or None,
            address.port,
            ssl=context,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
        )
        return cls(runner, server)

    @property
    def addresses(self) -> list[str]:
        """Where it listens, with the real ports."""
        return [str(Address(*socket.getsockname()[:2])) for socket in self._server.sockets]

    def refuse_connections(self) -> None:
        """Stop listening; open connections stay."""
        self._server.close()

    async def close(self) -> None:
        """Stop listening and close every connection, after what is being sent to it."""
        self._server.close()
        await self._runner.cleanup()
