"""The application: every page behind the same door, with the same headers and the same errors."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from webhook.console.frame import (
    bearer_tokens,
    error_pages,
    kept_form,
    request_guards,
    sessions,
    sign_in,
    visit,
)
from webhook.console.frame.page import Page, PageRenderer, Route
from webhook.console.pages import (
    about_page,
    apply_page,
    exceptions_page,
    fleet_page,
    health_page,
    server_page,
    settings_page,
)
from webhook.controller.installation import Installation
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.observe.logs import cut, failure
from webhook.settings import SettingsError

ROUTES: tuple[Route, ...] = (
    *fleet_page.ROUTES,
    *server_page.ROUTES,
    *settings_page.ROUTES,
    *apply_page.ROUTES,
    *exceptions_page.ROUTES,
    *health_page.ROUTES,
    *about_page.ROUTES,
)
"""Those of all pages."""
EVENTS_PATH = "/events"
EVENT_STREAM = "text/event-stream"
MOST_STREAMED_NAME = 253

LOG = logging.getLogger(__name__)


class ConsoleFrame:
    """What all pages of one console share."""

    def __init__(  # noqa: PLR0913 - each is decided by how the console is run
        self,
        api: Api,
        places: Installation,
        entrance: sign_in.Entrance,
        cookie: sign_in.Cookie,
        hosts: Collection[str] = (),
        *,
        proxy: bearer_tokens.ProxyTokens | None = None,
        routes: Iterable[Route] = ROUTES,
    ) -> None:
        self.routes = tuple(routes)
        self.renderer = PageRenderer(self.routes)
        self.sessions = sessions.Sessions(api)
        self.sign_in = sign_in.SignIn(self.sessions, entrance, cookie, self.renderer, proxy)
        self._guards = request_guards.RequestGuards(hosts, secure=cookie.secure)
        self._visits = {
            "GET": request_guards.VisitsUnderWay(request_guards.MOST_VISITS),
            "POST": request_guards.VisitsUnderWay(request_guards.MOST_FORMS),
        }
        self._places, self._cluster = places, api.server

    def application(self) -> web.Application:
        """The application; its sessions end with it."""
        app = web.Application(middlewares=[self._explain, self._guard])
        app.on_response_prepare.append(request_guards.set_strict_headers)
        app.on_response_prepare.append(self.sign_in.hand_over)
        app.cleanup_ctx.append(self._sweep)
        for route in self.routes:
            app.router.add_route(route.method, route.path, partial(self._answer, route))
        events = Route("GET", EVENTS_PATH, self._stream)
        app.router.add_get(EVENTS_PATH, partial(self._answer, events), allow_head=False)
        app.router.add_get(sign_in.SIGN_IN, self.sign_in.open)
        app.router.add_post(sign_in.SIGN_IN, self.sign_in.enter)
        app.router.add_post(sign_in.SIGN_OUT, self.sign_in.leave)
        app.router.add_get("/static/{name}", self._static)
        return app

    async def _sweep(self, _: web.Application) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(self.sessions.sweep())
        yield
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        await self.sessions.close()

    async def _answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Read the form, which has its room until it is answered."""
        if route.method != "POST":
            return await self._visit(route, request, MultiDict())
        async with self.sign_in.forms.reading(request) as form:
            return await self._visit(route, request, form)

    async def _visit(
        self, route: Route, request: web.Request, form: MultiDict[str]
    ) -> web.StreamResponse:
        """Find out who asks, check the form, then let the page answer."""
        session = await self.sign_in.session(request)
        if session is None:
            return self._ask(request, form)
        if route.method == "POST" and not sign_in.is_token_of(session, form):
            # It is of a session that has ended meanwhile, or of nobody.
            return self.sign_in.show_kept(kept_form.KeptForm.of(request, form), session)
        form.popall(visit.CSRF_FIELD, None)
        asked = visit.Visit(request, session, self._places, form)
        last_event = asked.live.last
        try:
            with self._visits[route.method].counted(session.person.household):
                found = await route.handler(asked)
        except ApiError as error:
            if error.status != 401 or session.api is session.person.api:
                raise
            await self.sessions.end(session)
            return self._ask(request, form)
        if isinstance(found, Page):
            return self.renderer.render(found, self._shared(asked, last_event))
        return found

    def _ask(self, request: web.Request, form: MultiDict[str]) -> web.StreamResponse:
        if request.method == "POST":
            return self.sign_in.ask(request, kept=kept_form.KeptForm.of(request, form))
        return self.sign_in.ask(request, then=kept_form.own_address(request.rel_url.raw_path_qs))

    def _shared(self, asked: visit.Visit, last_event: int) -> dict[str, object]:
        """What every page may show; `last_event` is older than anything that the page has read."""
        around = {"visit": asked, "csrf": asked.csrf, "cluster": self._cluster}
        return {**around, "last_event": last_event}

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._guards.check(request)
        return await handler(request)

    @web.middleware
    async def _explain(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request: what failed is a page that says what to do next."""
        try:
            return await handler(request)
        except ApiError as error:
            return self._failed(request, error_pages.status_of(error), error.message)
        except (ConfigurationError, SettingsError) as error:
            return self._failed(request, 503, str(error))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            # aiohttp's own sentence is its status once more.
            standard = error.text == f"{error.status}: {error.reason}"
            sentence = error.reason if standard else error.text or ""
            found = self._failed(request, error.status, sentence)
            for name in error.headers.keys() & {"Allow", "Retry-After"}:
                found.headers[name] = error.headers[name]
            return found
        except Exception as error:  # noqa: BLE001 - no page ends the process
            fields = {"page": cut(request.path), **failure(error)}
            LOG.error("page failed", extra={"fields": fields})  # noqa: TRY400 - it would quote it
            return self._failed(request, 500, "Something is wrong in the console itself.")

    def _failed(self, request: web.Request, status: int, sentence: str) -> web.StreamResponse:
        """The page of an error; what a script asked for is the sentence alone."""
        if visit.asks_for_a_part(request):
            return web.Response(status=status, text=f"{sentence}\n")
        page = error_pages.error_page(status, sentence, self.renderer.home)
        return self.renderer.render(page, {})

    async def _static(self, request: web.Request) -> web.Response:
        found = self.renderer.files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        current = request.query.get("v") == found.digest
        kept = "public, max-age=31536000, immutable" if current else "no-cache"
        return web.Response(
            body=found.body,
            content_type=found.content_type,
            charset="utf-8",
            headers={"Cache-Control": kept},
        )

    async def _stream(self, asked: visit.Visit) -> web.StreamResponse:
        """Tell a page what has changed, by name, as long as its session and the stream last."""
        request = asked.request
        seen = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        after = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 20 else None
        namespace = request.query.get("namespace", "")[:MOST_STREAMED_NAME]
        response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM})
        response.headers["X-Accel-Buffering"] = "no"
        live = asked.live
        listener = live.listen(namespace, after)
        try:
            await response.prepare(request)
            async for text in live.stream(listener):
                await response.write(text.encode())
        except ConnectionError:
            # The page was closed.
            pass
        finally:
            live.leave(listener)
        return response
