"""A port: its application, and its connections from the TLS handshake to the end.

aiohttp's own sites are not used: they cannot bound connections nor the time of a TLS handshake,
and their error page and log quote what could not be parsed.

An event loop drops a connection with a failed handshake in silence. With a wrong --client-ca or
caBundle, no review would arrive and no log would say why. So failures are counted, and logged once
a minute for each cause: a scanner may fail thousands of times.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from aiohttp import web

from webhook.observe.logs import SeldomLog
from webhook.observe.metrics import Metrics
from webhook.server.acceptor import Acceptor, listening_sockets
from webhook.server.connections import Bounds, Connections
from webhook.server.http_connection import HttpConnection

LAST_BYTES_SECONDS = 1.0
SWEEP_SECONDS = 0.5
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


# An API server keeps 25 idle connections, and opens one for each review that it waits for. Beyond
# its bound, its reviews come by the connections that it has.
REVIEWS = Bounds(connections=512, each=256)
PROBES = Bounds(connections=128, each=32)


class ListenerPort(NamedTuple):
    """What a port is for, how many connections it has, and its TLS."""

    name: str
    bounds: Bounds
    context: ssl.SSLContext | None = None


class Address(NamedTuple):
    """Where to listen; an empty host is every address, port 0 a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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

    def __init__(
        self,
        runner: web.BaseRunner,
        acceptor: Acceptor,
        connections: Connections,
        addresses: list[str],
    ) -> None:
        self.addresses = addresses
        self._runner = runner
        self._acceptor = acceptor
        self._connections = connections
        self._close_overdue()

    @classmethod
    async def open(
        cls,
        app: web.Application | web.Server,
        address: Address,
        metrics: Metrics,
        port: ListenerPort,
    ) -> "Listener":
        """Listen; raises OSError where the address cannot be used."""
        listening = listening_sockets(*address)
        if port.context:
            Handshakes(metrics).watch(port.context)
        runner: web.BaseRunner
        if isinstance(app, web.Server):
            runner = web.ServerRunner(app, shutdown_timeout=LAST_BYTES_SECONDS)
        else:
            runner = web.AppRunner(app, shutdown_timeout=LAST_BYTES_SECONDS)
        await runner.setup()
        manager = runner.server
        assert manager is not None
        connections = Connections(port.name, port.bounds, metrics)
        new = partial(HttpConnection, manager, metrics, SeldomLog(), connections)
        addresses = [str(Address(*socket.getsockname()[:2])) for socket in listening]
        return cls(
            runner, Acceptor(listening, connections, new, port.context), connections, addresses
        )

    def _close_overdue(self) -> None:
        self._connections.close_overdue()
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(SWEEP_SECONDS, self._close_overdue)

    def refuse_connections(self) -> None:
        """Stop listening; open connections stay."""
        self._acceptor.close()

    async def close(self) -> None:
        """Stop listening and close every connection, after what is being sent to it."""
        await self._acceptor.end()
        await self._runner.cleanup()
        self._sweep.cancel()
        self._connections.close_all()


def handshake_cause(error: ssl.SSLError) -> str:
    """The cause of a failure, by the name that OpenSSL gives it."""
    reason = error.reason or ""
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return NO_CERTIFICATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    return REFUSED if "_ALERT_" in reason else OTHER
