"""How somebody comes in, goes out, and does not lose what they typed meanwhile.

A form that arrives without a session is kept in the page that asks to sign in, and shown again
afterwards. It is never sent by itself: whoever signs in looks at it and decides.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from aiohttp import web
from multidict import MultiDict

from webhook.console import request_guards, visit
from webhook.console.page import Page, PageRenderer
from webhook.console.person import Identity
from webhook.console.sessions import Admitted, Session, Sessions

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
# Printable ASCII that begins with one slash: an address of this console, and no other.
_OWN_ADDRESS = re.compile(r"/(?![/\\])[!-\[\]-~]*")
LONGEST_ADDRESS = 4096


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


class KeptForm(NamedTuple):
    """A form that was not sent on: where it belongs, and its fields but the token."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: web.Request, form: MultiDict[str]) -> "KeptForm":
        """The form of this request."""
        return cls(request.rel_url.raw_path_qs, _without_token(form.items()))

    @classmethod
    def read(cls, text: str) -> "KeptForm | None":
        """The form as the page has kept it; None for what is none."""
        try:
            address, fields = json.loads(text)
            pairs = tuple((str(name), str(value)) for name, value in fields)
        except (ValueError, TypeError, RecursionError):
            return None
        return cls(address, _without_token(pairs)) if own_address(address) else None

    def page(self) -> Page:
        """What shows it to whoever typed it."""
        return Page("kept_form.html", {"address": self.address, "fields": self.fields})


def _without_token(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if name != visit.CSRF_FIELD)


def own_address(text: object) -> str:
    """An address of this console to go to, with its query; empty for any other."""
    fine = isinstance(text, str) and len(text) <= LONGEST_ADDRESS and _OWN_ADDRESS.fullmatch(text)
    return str(text) if fine else ""


class SignIn:
    """The door: finds the session of a request, and opens and ends sessions."""

    def __init__(
        self, sessions: Sessions, entrance: Entrance, cookie: Cookie, renderer: PageRenderer
    ) -> None:
        self.sessions, self.cookie = sessions, cookie
        self._entrance, self._renderer = entrance, renderer
        self._attempts = request_guards.SignInAttempts()

    async def session(self, request: web.Request) -> Session | None:
        """The session that the cookie of a request names."""
        cookie = request.cookies.get(self.cookie.name)
        if not cookie:
            return None
        return await self.sessions.find(cookie, used=not visit.asks_for_a_part(request))

    async def open(self, request: web.Request) -> web.StreamResponse:
        """GET: ask for the secret; a one-time key in the address is used up, and gone from it."""
        key = request.query.get("key")
        if key is not None and self._entrance.asks_for == "key":
            return await self._enter(request, key, MultiDict())
        return self.ask(request, then=own_address(request.query.get("then")), status=200)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """POST: sign in with the secret of the form."""
        form = await request_guards.read_form(request, request_guards.LARGEST_BODY)
        return await self._enter(request, form.get("secret", "").strip(), form)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """POST: sign out."""
        form = await request_guards.read_form(request)
        session = await self.session(request)
        if session is not None and is_token_of(session, form):
            await self.sessions.end(session)
        response = self._to(SIGN_IN)
        self.cookie.clear(response)
        return response

    def ask(
        self,
        request: web.Request,
        *,
        then: str = "",
        kept: KeptForm | None = None,
        wrong: bool = False,
        status: int = 401,
    ) -> web.StreamResponse:
        """The page that asks who it is, on the way to `then`, with a form that is kept."""
        if visit.asks_for_a_part(request):
            return web.Response(status=status, text="The session has ended.\n")
        if kept is None and status == 401 and _comes_from_elsewhere(request):
            # The browser held the cookie back, because another site leads here. Our own page asks
            # again, and then it sends it.
            return self._renderer.render(Page("came_in.html", {"address": then}, 200), {})
        values = {
            "asks_for": self._entrance.asks_for,
            "then": then,
            "kept": json.dumps(kept, ensure_ascii=False) if kept else "",
            "wrong": wrong,
        }
        return self._renderer.render(Page("sign_in.html", values, status), {})

    async def _enter(
        self, request: web.Request, secret: str, form: MultiDict[str]
    ) -> web.StreamResponse:
        admitted_at = self._attempts.begin(request.remote)
        admitted = await self._entrance.admit(secret) if secret else None
        kept = KeptForm.read(form.get("kept", ""))
        then = own_address(form.get("then"))
        if admitted is None:
            return self.ask(request, then=then, kept=kept, wrong=True, status=403)
        admitted_at()
        if (before := await self.session(request)) is not None:
            await self.sessions.end(before)
        cookie, session = await self.sessions.begin(admitted)
        if kept is None:
            response: web.StreamResponse = self._to(then or self._renderer.home)
        else:
            response = self.show_kept(kept, session)
        self.cookie.set(response, cookie)
        return response

    def show_kept(self, kept: KeptForm, session: Session) -> web.StreamResponse:
        """Show a form that was not sent on, to be looked at and sent."""
        return self._renderer.render(kept.page(), {"csrf": session.csrf})

    def _to(self, address: str) -> web.Response:
        return web.Response(status=303, headers={"Location": address})


def is_token_of(session: Session, form: MultiDict[str]) -> bool:
    """Whether the form has the token of this session, and has it once."""
    given = "".join(form.getall(visit.CSRF_FIELD, []))
    return secrets.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())


def _comes_from_elsewhere(request: web.Request) -> bool:
    """Whether a page of another site leads a person here."""
    site, mode = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
    return site in ("cross-site", "same-site") and mode == "navigate"
