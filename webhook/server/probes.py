"""The application of the second port: what kubelets, Prometheus and the controller read.

Whoever reaches the port may ask without end. So a text of metrics is made for all who wait for it,
and most of the time none is made.
"""

import asyncio
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.observe.metrics import Metrics
from webhook.server.app import Traffic
from webhook.server.http_connection import connection_of
from webhook.settings import HEADER

# A rendering of a second is followed by so many seconds without one.
REST = 9.0


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

    rendering = Rendering(metrics)

    async def exposition(_: web.Request) -> web.Response:
        text = await rendering.text()
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(middlewares=[_occupied])
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", exposition)
    return app


class Rendering:
    """The text of /metrics, one at a time and a tenth of the time: each takes milliseconds.

    Who asks meanwhile is given the next text, together with all others.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._next: asyncio.Task[bytes] | None = None
        self._alone = asyncio.Lock()
        self._rested = 0.0

    async def text(self) -> bytes:
        """All metrics, not older than the question."""
        if self._next is None:
            self._next = asyncio.create_task(self._render())
        return await asyncio.shield(self._next)

    async def _render(self) -> bytes:
        """Begun when the last one is over and rested from; who asks from then on has the next."""
        async with self._alone:
            await asyncio.sleep(self._rested - time.monotonic())
            self._next = None
            started = time.monotonic()
            text = await asyncio.to_thread(self._metrics.render)
            ended = time.monotonic()
            self._rested = ended + REST * (ended - started)
            return text


@web.middleware
async def _occupied(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every request: its connection is not idle meanwhile."""
    with connection_of(request):
        return await handler(request)
