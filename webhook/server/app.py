"""The server of reviews, from the API server.

A request reads top to bottom: `_boundary`, `_Reviews.answer`, then Intake.read, Turns.take,
Judge.answer. There are five paths and one method: routes, middlewares and headers of aiohttp's
application layer took as long as decoding a review.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from webhook.admission import Hook, Scope, review
from webhook.observe.logs import SeldomLog
from webhook.observe.metrics import Metrics
from webhook.server.decision import Reviewer
from webhook.server.http_connection import HttpConnection, connection_of, json_answer
from webhook.server.intake import SHARE, Intake, check_client, request_timeout
from webhook.server.judge import Judge
from webhook.server.memo import Memo
from webhook.server.settings_door import SettingsDoor
from webhook.server.settings_file import SettingsFile
from webhook.server.turns import Asked, RejectedError, Turns

LOG = logging.getLogger(__name__)

PATHS = {
    "/mutate": (Hook.MUTATE, Scope.OPTED_IN),
    "/validate": (Hook.VALIDATE, Scope.OPTED_IN),
    "/mutate/managed": (Hook.MUTATE, Scope.MANAGED),
    "/validate/managed": (Hook.VALIDATE, Scope.MANAGED),
}
OF_SETTINGS = "/validate/settings"
NOT_FOUND = f"nothing is here: reviews go to {', '.join((*PATHS, OF_SETTINGS))}"
NOT_POST = "reviews are sent with POST"


class Traffic:
    """Each request enters it, so that the process can wait for the last one before it ends.

    While `draining`, the process answers, and closes each connection after its answer.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.draining = False
        self._in_flight = 0
        metrics.in_flight.set_function(lambda: self._in_flight)
        self._none = asyncio.Event()
        self._none.set()

    async def ended(self) -> None:
        """Return when no request is in flight."""
        await self._none.wait()

    def __enter__(self) -> None:
        self._in_flight += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._in_flight -= 1
        if not self._in_flight:
            self._none.set()


def review_server(
    settings: SettingsFile,
    metrics: Metrics,
    traffic: Traffic,
    reviewer: Reviewer = review,
    client_names: frozenset[str] = frozenset(),
) -> web.Server:
    """The server that answers each review with the current settings.

    With client names, it answers only clients that have one of them in their certificate.
    """
    turns, memo = Turns(), Memo(metrics)
    judges: dict[str, Judge | SettingsDoor] = {
        path: Judge(hook, scope, settings=settings, metrics=metrics, reviewer=reviewer, memo=memo)
        for path, (hook, scope) in PATHS.items()
    }
    judges[OF_SETTINGS] = SettingsDoor(settings, metrics)
    metrics.waiting_reviews.set_function(lambda: turns.waiting)
    return web.Server(_boundary(_Reviews(judges, turns), metrics, traffic, client_names))


class _Reviews:
    """Answers the reviews of all paths, each in its turn."""

    def __init__(self, judges: Mapping[str, Judge | SettingsDoor], turns: Turns) -> None:
        self._judges = judges
        self._turns = turns
        self._intake = Intake()

    async def answer(self, http: web.BaseRequest, connection: HttpConnection) -> bytes:
        """The body of the answer to a request; raises RejectedError."""
        url = http.rel_url
        judge = self._judges.get(url.path_safe)
        if judge is None:
            raise RejectedError(HTTPStatus.NOT_FOUND, NOT_FOUND)
        if http.method != "POST":
            raise RejectedError(HTTPStatus.METHOD_NOT_ALLOWED, NOT_POST, {"Allow": "POST"})
        arrived = connection.arrived
        deadline = arrived + SHARE * request_timeout(url.raw_query_string)
        body = await self._intake.read(http, connection.peer, deadline)
        try:
            asked = Asked(connection.peer, body.large, deadline)
            given = body.content, arrived, http.headers
            return await self._turns.take(asked, lambda: judge.answer(*given))
        finally:
            body.leave()


def _boundary(
    reviews: _Reviews, metrics: Metrics, traffic: Traffic, client_names: frozenset[str]
) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Around every request: check the client, count it, close its connection while draining."""
    seldom = SeldomLog()

    async def boundary(request: web.BaseRequest) -> web.StreamResponse:
        connection = connection_of(request)
        response: web.StreamResponse
        with traffic, connection:
            try:
                check_client(request, client_names)
                written = await reviews.answer(request, connection)
            except RejectedError as rejected:
                response = _rejected(request, rejected, metrics, seldom)
            else:
                response = json_answer(request, written)
        if traffic.draining:
            response.force_close()
        return response

    return boundary


def _rejected(
    request: web.BaseRequest, rejected: RejectedError, metrics: Metrics, seldom: SeldomLog
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
