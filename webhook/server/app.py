"""The application of reviews, from the API server.

A request reads top to bottom: `_endpoint`, then Intake.read, Turns.take, Judge.answer.
"""

import asyncio
import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from webhook.admission import Hook, Scope, review
from webhook.observe.logs import SeldomLog
from webhook.observe.metrics import Metrics
from webhook.server.admission_review import Reviewer
from webhook.server.file_watch import SettingsFile
from webhook.server.http_connection import connection_of
from webhook.server.intake import SHARE, Intake, check_client, request_timeout
from webhook.server.judge import Judge
from webhook.server.memo import Memo
from webhook.server.turns import Asked, RejectedError, Turns

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
    reviewer: Reviewer = review,
    client_names: frozenset[str] = frozenset(),
) -> web.Application:
    """The application that answers each review with the current settings.

    With client names, it answers only clients that have one of them in their certificate.
    """
    app = web.Application(middlewares=[_boundary(metrics, traffic, client_names)])
    intake, turns, memo = Intake(), Turns(), Memo(metrics)
    metrics.waiting_reviews.set_function(lambda: turns.waiting)
    for path, (hook, scope) in PATHS.items():
        judge = Judge(hook, scope, settings=settings, metrics=metrics, reviewer=reviewer, memo=memo)
        app.router.add_post(path, _endpoint(judge, intake, turns))
    return app


def _endpoint(judge: Judge, intake: Intake, turns: Turns) -> Handler:
    async def answer(http: web.Request) -> web.Response:
        connection = connection_of(http)
        arrived = connection.arrived
        deadline = arrived + SHARE * request_timeout(http.rel_url.raw_query_string)
        body = await intake.read(http, connection.peer, deadline)
        try:
            asked = Asked(connection.peer, body.large, deadline)
            written = await turns.take(asked, lambda: judge.answer(body.content, arrived))
        finally:
            body.leave()
        return web.Response(body=written, content_type="application/json")

    return answer


def _boundary(metrics: Metrics, traffic: Traffic, client_names: frozenset[str]) -> Middleware:
    """Around every request: check the client, count it, close its connection while draining."""
    seldom = SeldomLog()

    @web.middleware
    async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
        with traffic, connection_of(request):
            try:
                check_client(request, client_names)
                response = await handler(request)
            except RejectedError as rejected:
                response = _rejected(request, rejected, metrics, seldom)
            except web.HTTPException as error:
                response = _rejected(request, _unrouted(error), metrics, seldom)
        if traffic.draining:
            response.force_close()
        return response

    return boundary


def _unrouted(error: web.HTTPException) -> RejectedError:
    status = HTTPStatus(error.status)
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return RejectedError(status, SENTENCES.get(status, status.description), headers)


def _rejected(
    request: web.Request, rejected: RejectedError, metrics: Metrics, seldom: SeldomLog
) -> web.Response:
    metrics.rejected_requests.labels(rejected.status).inc()
    fields = {"status": rejected.status, "reason": rejected.sentence, "client": request.remote}
    seldom.log(LOG, logging.WARNING, "request rejected", fields)
    response = web.Response(
        status=rejected.status, text=f"{rejected.sentence}\n", headers=rejected.headers
    )
    if not request.content.is_eof():
        response.force_close()
    return response
