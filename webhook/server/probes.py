"""Requests in flight, the end of the process, and the port of probes and metrics without TLS."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.observe.metrics import Metrics
from webhook.settings.effective_file import HEADER


class Traffic:
    """Each request enters it, so that the process can wait for the last one before it ends.

    While `draining`, the process answers, and closes each connection after its answer.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.draining = False
        self._metrics = metrics
        self._in_flight = 0
        self._none = asyncio.Event()
        self._none.set()

    async def ended(self) -> None:
        """Return when no request is in flight."""
        await self._none.wait()

    def __enter__(self) -> None:
        self._in_flight += 1
        self._metrics.in_flight.inc()
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._in_flight -= 1
        self._metrics.in_flight.dec()
        if not self._in_flight:
            self._none.set()


def probe_application(
    metrics: Metrics,
    traffic: Traffic,
    problem: Callable[[], str | None],
    settings: Callable[[], str] = str,
) -> web.Application:
    """/healthz, /readyz and /metrics.

    /healthz answers while the event loop runs. /readyz fails while the process drains, and while
    `problem` gives a sentence: a reason why no client can be answered. Its header names the digest
    of the settings in force, for the controller.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        reason = "shutting down" if traffic.draining else problem()
        return web.Response(
            status=503 if reason else 200,
            text=f"{reason or 'ok'}\n",
            headers={HEADER: settings()},
        )

    async def exposition(_: web.Request) -> web.Response:
        text = await asyncio.to_thread(metrics.render)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", exposition)
    return app
