"""A console before a played API server, as its pages' tests need it."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme
from aiohttp.test_utils import TestClient, TestServer

from tests.console.played_cluster import ALICE, BOB, CAROL, BrowserAtConsole, PlayedCluster
from tests.kube.access.kubeconfigs import config, written
from webhook.console.console_app import ROUTES, ConsoleFrame
from webhook.console.frame.bearer_tokens import BearerTokens, ProxyTokens
from webhook.console.frame.page import Route
from webhook.console.frame.person import read_identity
from webhook.console.frame.sign_in import Cookie, OneTimeKeys
from webhook.controller.installation import Installation
from webhook.kube import Api

Opened = Callable[..., Awaitable[BrowserAtConsole]]


@pytest.fixture
def played() -> PlayedCluster:
    """The cluster that the console shows."""
    return PlayedCluster()


@pytest.fixture(scope="session")
def trusted() -> str:
    """An authority: without one, each connection would read all those of the machine."""
    return base64.b64encode(trustme.CA().cert_pem.bytes()).decode()


@pytest.fixture
async def api(played: PlayedCluster, trusted: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A connection to it, without credentials."""
    async with TestServer(played.application()) as server:
        url = str(server.make_url("")).rstrip("/")
        way = {"server": url, "certificate-authority-data": trusted}
        async with await Api.connect(written(tmp_path, config({}, way))) as connected:
            yield connected


@pytest.fixture
async def open_console(played: PlayedCluster, api: Api) -> AsyncIterator[Opened]:
    """Opens a console with these routes, as on a laptop; nobody is signed in."""
    async with AsyncExitStack() as stack:

        async def opened(routes: Iterable[Route] = ROUTES) -> BrowserAtConsole:
            played.users.setdefault("", ALICE)
            keys: list[str] = []
            entrance = OneTimeKeys(await read_identity(api), keys.append)
            cookie = Cookie("session", secure=False)
            frame = ConsoleFrame(api, Installation(), entrance, cookie, routes=routes)
            client = await stack.enter_async_context(TestClient(TestServer(frame.application())))
            return BrowserAtConsole(client, frame, played, entrance.key)

        yield opened


@pytest.fixture
async def open_in_cluster(played: PlayedCluster, api: Api) -> AsyncIterator[Opened]:
    """Opens a console as in a cluster, but without TLS; the API server knows bob and carol."""
    async with AsyncExitStack() as stack:

        async def opened(routes: Iterable[Route] = ROUTES, header: str = "") -> BrowserAtConsole:
            played.users = {"token-of-bob": BOB, "token-of-carol": CAROL}
            tokens = BearerTokens(api)
            proxy = ProxyTokens(header, tokens) if header else None
            cookie = Cookie("session", secure=False)
            frame = ConsoleFrame(api, Installation(), tokens, cookie, proxy=proxy, routes=routes)
            client = await stack.enter_async_context(TestClient(TestServer(frame.application())))
            return BrowserAtConsole(client, frame, played, "token-of-bob")

        yield opened


@pytest.fixture
async def console(open_console: Opened) -> BrowserAtConsole:
    """The console with all its pages, and a person who is signed in."""
    found = await open_console()
    assert (await found.sign_in()).status == 303
    found.cluster.calls.clear()
    return found
