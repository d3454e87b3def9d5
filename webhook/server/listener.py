"""A port: its application, and its connections from the TLS handshake to the end.

aiohttp's own sites are not used: they cannot bound the time of a TLS handshake, and their error
page and log quote what could not be parsed.

An event loop drops a connection with a failed handshake in silence. With a wrong --client-ca or
caBundle, no review would arrive and no log would say why. So failures are counted, and logged once
a minute for each cause: a scanner may fail thousands of times.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple

from aiohttp import web

from webhook.observe.logs import failure
from webhook.observe.metrics import Metrics

# The API server keeps an idle connection for 90 seconds: ours must not end before.
KEEP_ALIVE_SECONDS = 3630.0
HANDSHAKE_SECONDS = 10.0
LAST_BYTES_SECONDS = 1.0
BACKLOG = 1024
QUIET_SECONDS = 60.0
NO_CERTIFICATE, NOT_TRUSTED = "no_client_certificate", "client_certificate_not_trusted"
REFUSED, OTHER = "refused_by_client", "other"
CAUSES = {
    NO_CERTIFICATE: "a client showed no certificate: give the API server one of --client-ca",
    NOT_TRUSTED: "a client's certificate is not one that --client-ca vouches for, or has ended",
    REFUSED: "a client did not accept our certificate: compare it with the caBundle",
    OTHER: "a client spoke no TLS, or none that we speak",
}

LOG = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where to listen; an empty host is every address, port 0 a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class HttpConnection(web.RequestHandler):
    """A connection that quotes nothing of what it was sent."""

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
        """Answer invalid HTTP and failures of the application, and close the connection."""
        self._metrics.rejected_requests.labels(status).inc()
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


class Handshakes:
    """Counts and logs the failed handshakes of one process."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._quiet_until = dict.fromkeys(CAUSES, float("-inf"))
        self._unlogged = dict.fromkeys(CAUSES, 0)
        metrics.expect_failed_handshakes(CAUSES)

    def watch(self, context: ssl.SSLContext) -> None:
        """Count every failed handshake that this context starts as a server."""
        failed = self.failed

        class Handshake(ssl.SSLObject):
            def do_handshake(self) -> None:
                try:
                    super().do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except ssl.SSLError as error:
                    failed(error)
                    raise

        context.sslobject_class = Handshake

    def failed(self, error: ssl.SSLError) -> None:
        """Count a failure; log it unless one of its cause was logged less than a minute ago."""
        cause = handshake_cause(error)
        self._metrics.failed_handshakes.labels(cause).inc()
        self._unlogged[cause] += 1
        now = self._clock()
        if now < self._quiet_until[cause]:
            return
        self._quiet_until[cause] = now + QUIET_SECONDS
        reason = getattr(error, "verify_message", None) or error.reason
        fields = {"cause": CAUSES[cause], "reason": reason, "failures": self._unlogged[cause]}
        self._unlogged[cause] = 0
        LOG.warning("handshake failed", extra={"fields": fields})


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
        """Listen; raises OSError where the address cannot be used."""
        if context:
            Handshakes(metrics).watch(context)
        runner = web.AppRunner(app, shutdown_timeout=LAST_BYTES_SECONDS)
        await runner.setup()
        manager = runner.server
        assert manager is not None
        server = await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(manager, metrics),
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


def handshake_cause(error: ssl.SSLError) -> str:
    """The cause of a failure, by the name that OpenSSL gives it."""
    reason = error.reason or ""
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return NO_CERTIFICATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    return REFUSED if "_ALERT_" in reason else OTHER
