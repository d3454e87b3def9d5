"""The applications of both ports: reviews from the API server, and probes with metrics.

A request reads top to bottom: `_endpoint`, then Intake.read, decode_review, make_decision (which
calls the review and encode_review), record_decision.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.admission import Hook, Scope, review
from webhook.observe.metrics import Metrics
from webhook.server import admission_review
from webhook.server.file_watch import SettingsFile
from webhook.server.intake import Intake, RejectedError, check_client
from webhook.settings import HEADER

LOG = logging.getLogger(__name__)

PATHS = {
    "/mutate": (Hook.MUTATE, Scope.OPTED_IN),
    "/validate": (Hook.VALIDATE, Scope.OPTED_IN),
    "/mutate/managed": (Hook.MUTATE, Scope.MANAGED),
    "/validate/managed": (Hook.VALIDATE, Scope.MANAGED),
}
SENTENCES = {
    HTTPStatus.NOT_FOUND: f"nothing is here: reviews go to {', '.join(PATHS)}",
    HTTPStatus.METHOD_NOT_ALLOWED: "reviews are sent with POST",
}


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


def review_application(
    settings: SettingsFile,
    metrics: Metrics,
    traffic: Traffic,
    reviewer: admission_review.Reviewer = review,
    client_names: frozenset[str] = frozenset(),
) -> web.Application:
    """The application that answers each review with the current settings.

    With client names, it answers only clients that have one of them in their certificate.
    """
    app = web.Application(middlewares=[_boundary(metrics, traffic, client_names)])
    intake = Intake()
    for path, (hook, scope) in PATHS.items():
        answer = _endpoint(
            hook, scope, settings=settings, metrics=metrics, reviewer=reviewer, intake=intake
        )
        app.router.add_post(path, answer)
    return app


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


def _endpoint(  # noqa: PLR0913 - what an application is made of
    hook: Hook,
    scope: Scope,
    *,
    settings: SettingsFile,
    metrics: Metrics,
    reviewer: admission_review.Reviewer,
    intake: Intake,
) -> Handler:
    async def answer(http: web.Request) -> web.Response:
        started = perf_counter()
        body = await intake.read(http)
        try:
            request = admission_review.decode_review(body, hook)
        except admission_review.WireError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        current, accepted = settings.in_force
        # A review edits the object in place: for other settings it is read anew.
        others = ((admission_review.decode_review(body, hook), each) for each in accepted)
        decision = admission_review.make_decision(reviewer, request, current, scope, others)
        admission_review.record_decision(
            request, scope, decision, perf_counter() - started, metrics
        )
        return web.Response(body=decision.body, content_type="application/json")

    return answer


def _boundary(metrics: Metrics, traffic: Traffic, client_names: frozenset[str]) -> Middleware:
    """Around every request: check the client, count it, close its connection while draining."""

    @web.middleware
    async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
        with traffic:
            try:
                check_client(request, client_names)
                response = await handler(request)
            except RejectedError as rejected:
                response = _rejected(request, rejected, metrics)
            except web.HTTPException as error:
                response = _rejected(request, _unrouted(error), metrics)
        if traffic.draining:
            response.force_close()
        return response

    return boundary


def _unrouted(error: web.HTTPException) -> RejectedError:
    status = HTTPStatus(error.status)
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return RejectedError(status, SENTENCES.get(status, status.description), headers)


def _rejected(request: web.Request, rejected: RejectedError, metrics: Metrics) -> web.Response:
    metrics.rejected_requests.labels(rejected.status).inc()
    fields = {"status": rejected.status, "reason": rejected.sentence, "client": request.remote}
    LOG.warning("request rejected", extra={"fields": fields})
    response = web.Response(
        status=rejected.status, text=f"{rejected.sentence}\n", headers=rejected.headers
    )
    if not request.content.is_eof():
        response.force_close()
    return response
