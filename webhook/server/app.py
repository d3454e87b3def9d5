"""The port that the API server calls: four paths, one review each.

A request reads top to bottom: `_endpoint`, then Intake.read, wire.decode_review,
decision.make_decision (which calls the review and wire.encode_review), decision.record_decision.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Middleware

from webhook.admission.handler import review
from webhook.admission.request import Hook, Scope
from webhook.observe.metrics import Metrics
from webhook.server.decision import Reviewer, make_decision, record_decision
from webhook.server.intake import Intake, RejectedError, check_client
from webhook.server.probes import Traffic
from webhook.server.settings_file import SettingsFile
from webhook.server.wire import WireError, decode_review

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

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
    intake = Intake()
    for path, (hook, scope) in PATHS.items():
        answer = _endpoint(
            hook, scope, settings=settings, metrics=metrics, reviewer=reviewer, intake=intake
        )
        app.router.add_post(path, answer)
    return app


def _endpoint(  # noqa: PLR0913 - what an application is made of
    hook: Hook,
    scope: Scope,
    *,
    settings: SettingsFile,
    metrics: Metrics,
    reviewer: Reviewer,
    intake: Intake,
) -> Handler:
    async def answer(http: web.Request) -> web.Response:
        started = perf_counter()
        body = await intake.read(http)
        try:
            request = decode_review(body, hook)
        except WireError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        decision = make_decision(reviewer, request, settings.current, scope)
        record_decision(request, scope, decision, perf_counter() - started, metrics)
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
