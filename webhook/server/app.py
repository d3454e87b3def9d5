"""The application of reviews, from the API server.

A request reads top to bottom: `_endpoint`, then Intake.read, Turns.take, decode_review,
make_decision (which calls the review and encode_review), record_decision.
"""

import asyncio
import logging
import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from webhook.admission import Hook, Request, Scope, review
from webhook.observe.logs import SeldomLog
from webhook.observe.metrics import Metrics
from webhook.server import admission_review, object_size
from webhook.server.file_watch import SettingsFile
from webhook.server.frames import forget_frames
from webhook.server.http_connection import connection_of
from webhook.server.intake import SHARE, Intake, check_client, request_timeout
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
    reviewer: admission_review.Reviewer = review,
    client_names: frozenset[str] = frozenset(),
) -> web.Application:
    """The application that answers each review with the current settings.

    With client names, it answers only clients that have one of them in their certificate.
    """
    app = web.Application(middlewares=[_boundary(metrics, traffic, client_names)])
    intake, turns = Intake(), Turns()
    metrics.waiting_reviews.set_function(lambda: turns.waiting)
    for path, (hook, scope) in PATHS.items():
        answer = _endpoint(
            Judge(hook, scope, settings=settings, metrics=metrics, reviewer=reviewer), intake, turns
        )
        app.router.add_post(path, answer)
    return app


class Judge:
    """Answers the reviews of one path: decodes, decides, counts and logs, without a pause."""

    def __init__(
        self,
        hook: Hook,
        scope: Scope,
        *,
        settings: SettingsFile,
        metrics: Metrics,
        reviewer: admission_review.Reviewer,
    ) -> None:
        self._hook = hook
        self._scope = scope
        self._settings = settings
        self._metrics = metrics
        self._reviewer = reviewer

    def answer(self, body: bytearray, arrived: float) -> bytes:
        """The body of the answer to a review that came then; raises RejectedError (400)."""
        try:
            if object_size.too_many_objects(body):
                request = object_size.decode_head(body, self._hook)
                decision = object_size.refuse_unread(request, body)
            else:
                request = admission_review.decode_review(body, self._hook)
                decision = self._decide(request, body)
        except admission_review.WireError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        seconds = time.monotonic() - arrived
        admission_review.record_decision(request, self._scope, decision, seconds, self._metrics)
        return decision.body

    def _decide(self, request: Request, body: bytearray) -> admission_review.Decision:
        current, accepted = self._settings.in_force
        # A review edits the object in place: for other settings it is read anew.
        others = ((admission_review.decode_review(body, self._hook), each) for each in accepted)
        return admission_review.make_decision(self._reviewer, request, current, self._scope, others)


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
    forget_frames(error)
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
