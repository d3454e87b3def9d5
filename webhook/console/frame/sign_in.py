"""How somebody comes in, goes out, and does not lose what they typed meanwhile.

Where a proxy passes tokens, the token of a request decides who asks: a cookie says which session it
is, and finds none without the token.
"""

import json
import secrets
from collections.abc import Callable
from typing import NamedTuple, Protocol

from aiohttp import web
from multidict import MultiDict

from webhook.console.frame import bearer_tokens, form_reader, kept_form, request_guards, visit
from webhook.console.frame.page import Page, PageRenderer
from webhook.console.frame.person import Identity
from webhook.console.frame.sessions import Admitted, Session, Sessions, digest

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
_NEW_COOKIE = web.RequestKey("new-cookie", str)


class Entrance(Protocol):
    """Decides who comes in; `asks_for` is what the page calls the secret."""

    asks_for: str

    async def admit(self, secret: str) -> Admitted | None:
        """Who it is; None for a secret that is none. Raises ApiError."""


class OneTimeKeys:
    """A key that works once, and says who runs the console; then another one is announced."""

    asks_for = "key"

    def __init__(self, identity: Identity, announce: Callable[[str], None]) -> None:
        self._identity, self._announce = identity, announce
        self.key = secrets.token_urlsafe(32)

    async def admit(self, secret: str) -> Admitted | None:
        """Use the key up."""
        if not secrets.compare_digest(secret.encode("utf-8", "replace"), self.key.encode()):
            return None
        self.key = secrets.token_urlsafe(32)
        self._announce(self.key)
        return Admitted(self._identity)


class Cookie(NamedTuple):
    """The cookie of a session; it is secure wherever browsers come by TLS."""

    name: str
    secure: bool

    def set(self, response: web.StreamResponse, value: str) -> None:
        """Hand it to the browser, which forgets it when it ends."""
        response.set_cookie(
            self.name, value, path="/", httponly=True, secure=self.secure, samesite="Strict"
        )

    def clear(self, response: web.StreamResponse) -> None:
        """Have the browser forget it."""
        response.del_cookie(
            self.name, path="/", httponly=True, secure=self.secure, samesite="Strict"
        )


class SignIn:
    """The door: finds the session of a request, and opens and ends sessions."""

    def __init__(
        self,
        sessions: Sessions,
        entrance: Entrance,
        cookie: Cookie,
        renderer: PageRenderer,
        proxy: bearer_tokens.ProxyTokens | None = None,
    ) -> None:
        self.sessions, self.cookie = sessions, cookie
        self._entrance, self._renderer, self._proxy = entrance, renderer, proxy
        self._attempts = request_guards.SignInAttempts()
        self.forms = form_reader.FormReader()

    async def session(self, request: web.Request) -> Session | None:
        """The session that the cookie of a request names, or that a proxy's token begins."""
        there = self.sessions.peek(self._cookie(request))
        token = self._passed(request)
        if token and (there is None or there.vouched != digest(token)):
            return await self._vouched(request, there, token)
        if there is None or (there.vouched and not token):
            return None
        return await self._used(request)

    async def _vouched(
        self, request: web.Request, there: Session | None, token: str
    ) -> Session | None:
        """The session of somebody with a token that it does not have yet."""
        assert self._proxy
        new = not visit.asks_for_a_part(request) and not _comes_from_elsewhere(request)
        if there is None and not new:
            return None
        admitted = await self._proxy.admit(token)
        if admitted is None or admitted.credentials is None:
            return None
        if there is not None and (there.vouched and there.person.identity == admitted.identity):
            self.sessions.renew(there, admitted.credentials, digest(token))
            if (found := await self._used(request)) is not None:
                return found
        elif there is not None:
            await self.sessions.end(there)
        if not new:
            return None
        request[_NEW_COOKIE], session = await self.sessions.begin(admitted, digest(token))
        return session

    async def _used(self, request: web.Request) -> Session | None:
        used = not visit.asks_for_a_part(request)
        return await self.sessions.find(self._cookie(request), used=used)

    def _cookie(self, request: web.Request) -> str:
        return request.cookies.get(self.cookie.name, "")

    def _passed(self, request: web.Request) -> str:
        return self._proxy.passed(request.headers) if self._proxy else ""

    async def hand_over(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set the cookie of a session that began with this request, whatever answers it."""
        if value := request.get(_NEW_COOKIE):
            holder = web.Response()
            self.cookie.set(holder, value)
            response.headers.add("Set-Cookie", holder.cookies.output(header="").strip())

    async def open(self, request: web.Request) -> web.StreamResponse:
        """GET: ask for the secret; a one-time key in the address is used up, and gone from it."""
        key = request.query.get("key")
        if key is not None and self._entrance.asks_for == "key":
            return await self._enter(request, key, MultiDict())
        return self.ask(request, then=kept_form.own_address(request.query.get("then")), status=200)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """POST: sign in with the secret of the form."""
        async with self.forms.reading(request, form_reader.LARGEST_BODY) as form:
            return await self._enter(request, form.get("secret", "").strip(), form)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """POST: sign out."""
        async with self.forms.reading(request) as form:
            session = self.sessions.peek(self._cookie(request))
            if session is not None:
                if not is_token_of(session, form):
                    # It is of a page from before: whoever sees another one signs out there.
                    return self._to(self._renderer.home)
                await self.sessions.end(session)
        response = self._to(SIGN_IN)
        self.cookie.clear(response)
        return response

    def ask(
        self,
        request: web.Request,
        *,
        then: str = "",
        kept: kept_form.KeptForm | None = None,
        wrong: bool = False,
        status: int = 401,
    ) -> web.StreamResponse:
        """The page that asks who it is, on the way to `then`, with a form that is kept."""
        if visit.asks_for_a_part(request):
            return web.Response(status=status, text="The session has ended.\n")
        if kept is None and status == 401 and _leads_here(request):
            # The browser held the cookie back, because another site leads here. Our own page asks
            # again, and then it sends it.
            return self._renderer.render(Page("came_in.html", {"address": then}, 200), {})
        values = {
            "asks_for": self._entrance.asks_for,
            "passed": bool(self._passed(request)),
            "then": then,
            "kept": json.dumps(kept, ensure_ascii=False) if kept else "",
            "wrong": wrong,
        }
        return self._renderer.render(Page("sign_in.html", values, status), {})

    async def _enter(
        self, request: web.Request, secret: str, form: MultiDict[str]
    ) -> web.StreamResponse:
        kept, then = (
            kept_form.KeptForm.read(form.get("kept", "")),
            kept_form.own_address(form.get("then")),
        )
        session = await self._begun(request, secret)
        if session is None:
            return self.ask(request, then=then, kept=kept, wrong=True, status=403)
        if kept is None:
            return self._to(then or self._renderer.home)
        return self.show_kept(kept, session)

    async def _begun(self, request: web.Request, secret: str) -> Session | None:
        """A session by this secret, or by the proxy's token; never one that was there before."""
        if self._passed(request):
            return await self.session(request)
        admitted_at = self._attempts.begin(request.remote)
        admitted = await self._entrance.admit(secret) if secret else None
        if admitted is None:
            return None
        admitted_at()
        if (before := self.sessions.peek(self._cookie(request))) is not None:
            await self.sessions.end(before)
        request[_NEW_COOKIE], session = await self.sessions.begin(admitted)
        return session

    def show_kept(self, kept: kept_form.KeptForm, session: Session) -> web.StreamResponse:
        """Show a form that was not sent on, to be looked at and sent."""
        return self._renderer.render(kept.page(), {"csrf": session.csrf})

    def _to(self, address: str) -> web.Response:
        return web.Response(status=303, headers={"Location": address})


def is_token_of(session: Session, form: MultiDict[str]) -> bool:
    """Whether the form has the token of this session, and has it once."""
    given = "".join(form.getall(visit.CSRF_FIELD, []))
    return secrets.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())


def _comes_from_elsewhere(request: web.Request) -> bool:
    """Whether a page of another site made a browser send it."""
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}


def _leads_here(request: web.Request) -> bool:
    """Whether a person follows a link of another site, and nothing of it is embedded there."""
    return _comes_from_elsewhere(request) and request.headers.get("Sec-Fetch-Mode") == "navigate"
