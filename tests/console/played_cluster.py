"""An API server that knows tokens, rights and objects as a test says, and a console before it."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient
from multidict import MultiDict

from webhook.console.console_app import ConsoleFrame

Json = dict[str, Any]
REVIEW, ACCESS = "/selfsubjectreviews", "/selfsubjectaccessreviews"
ALICE: Json = {"username": "alice", "groups": ["dev", "system:authenticated"]}
BOB: Json = {"username": "bob", "groups": ["dev", "system:authenticated"]}
CAROL: Json = {"username": "carol", "groups": ["system:authenticated"]}


@dataclass
class PlayedCluster:
    """Answers GET by `objects`, else 404; who has no token is `alice`, as with a kubeconfig."""

    objects: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=lambda: {"": ALICE})
    """Who has which token."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """Verb and resource of what nobody may."""
    granted: set[tuple[str, str, str]] = field(default_factory=set)
    """Verb, resource and namespace of what everybody may for all that."""
    written: list[tuple[str, str, Json]] = field(default_factory=list)
    """Method, path and body of each write, whatever became of it."""
    failures: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and reason by path."""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and token of each call."""

    events: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    """What the one that watches is told."""
    held: asyncio.Event | None = None
    """Lists of all namespaces wait for it."""

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    def asked(self, suffix: str) -> int:
        return sum(path.endswith(suffix) for _, path, _ in self.calls)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append((request.method, request.path, token))
        if token not in self.users:
            return _status(401, "Unauthorized", "Unauthorized")
        if request.method != "GET" and not request.path.endswith((REVIEW, ACCESS)):
            self.written.append((request.method, request.path, await request.json()))
        if request.path in self.failures:
            return _status(*self.failures[request.path], "as the test wants it")
        if request.path.endswith(REVIEW):
            return web.json_response({"status": {"userInfo": self.users[token]}}, status=201)
        if request.path.endswith(ACCESS):
            asked = (await request.json())["spec"]["resourceAttributes"]
            verb, resource = asked["verb"], asked["resource"]
            granted = (verb, resource, asked.get("namespace", "")) in self.granted
            allowed = granted or (verb, resource) not in self.forbidden
            return web.json_response({"status": {"allowed": allowed}}, status=201)
        if request.path not in self.objects:
            return _status(404, "NotFound", f"{request.path} not found")
        return await self._found(request)

    async def _found(self, request: web.Request) -> web.StreamResponse:
        if self.held and "limit" in request.query:
            await self.held.wait()
        if "watch" in request.query:
            return await self._watch(request)
        return web.json_response(self.objects[request.path])

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            event = await self.events.get()
            await response.write(json.dumps(event).encode() + b"\n")


def _status(code: int, reason: str, message: str) -> web.Response:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return web.json_response(body, status=code)


class Answered:
    """An answer of the console, read."""

    def __init__(self, response: aiohttp.ClientResponse, text: str) -> None:
        self.status, self.headers, self.text = response.status, response.headers, text
        self.cookies = response.cookies

    @property
    def field(self) -> dict[str, str]:
        """Names and values of the inputs and text areas of the page, as a browser sends them."""
        return fields_of(self.text)


@dataclass
class BrowserAtConsole:
    """A browser with cookies, and the console that it looks at."""

    client: TestClient[web.Request, web.Application]
    frame: ConsoleFrame
    cluster: PlayedCluster
    secret: str

    async def sign_in(self) -> Answered:
        return await self.post("/sign-in", {"secret": self.secret}, csrf=None)

    async def get(self, path: str, **headers: str) -> Answered:
        """GET; keyword arguments are headers, with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(path, headers=named, allow_redirects=False) as response:
            return Answered(response, await response.text())

    async def post(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        csrf: str | None = "",
        **headers: str,
    ) -> Answered:
        """POST a form of a page, with the token of the session unless another one is given."""
        sent = MultiDict(fields)
        if csrf is not None:
            sent.add("csrf", csrf or self.csrf())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(
            path, data=sent, headers=named, allow_redirects=False
        ) as response:
            return Answered(response, await response.text())

    def csrf(self) -> str:
        """The token of the only session."""
        (session,) = self.frame.sessions._sessions.values()
        return session.csrf

    def forget_cookies(self) -> None:
        self.client.session.cookie_jar.clear()


class _Structure(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.fields: dict[str, str] = {}
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found.append((tag, *sorted(given)))
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[given.get("name") or ""] = given.get("value") or ""
        self._area = given.get("name") or "" if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] = self.fields.get(self._area, "") + data

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}",))
        self._area = ""


def structure(text: str) -> list[tuple[str, ...]]:
    """The tags of a page with the names of their attributes: what no value may change."""
    parser = _Structure()
    parser.feed(text)
    parser.close()
    return parser.found


def fields_of(text: str) -> dict[str, str]:
    """Names and values of inputs and text areas."""
    parser = _Structure()
    parser.feed(text)
    parser.close()
    return {name: re.sub(r"^\n", "", value) for name, value in parser.fields.items()}


HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\u202eevil\u2066 \u200b name",
    "w" * 250,
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)//</textarea></td>",
)
"""What people who write objects may try, for the names and texts that a page shows."""
