"""The second port: what the kubelet and Prometheus ask, without TLS."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.observe.metrics import Metrics
from webhook.server.traffic import Traffic
from webhook.settings.effective_file import HEADER


def application(
    metrics: Metrics,
    traffic: Traffic,
    problem: Callable[[], str | None],
    settings: Callable[[], str] = str,
) -> web.Application:
    """/healthz answers while the event loop turns.

    /readyz answers until the process is to leave, and while nothing is a problem: something that
    keeps every client from being answered, in one sentence. A header of it names the digest of the
    settings in force, for the controller.
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
