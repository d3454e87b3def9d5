"""Whatever answers at an address keeps strangers and other sites out, and has the strict headers.

The addresses are those of the router: a new one is tried without being named here.
"""

from collections.abc import Iterator

import pytest

from tests.console.conftest import Opened
from tests.console.played_cluster import BrowserAtConsole
from webhook.console.console_app import ROUTES
from webhook.console.frame.page import Page, Route
from webhook.console.frame.request_guards import STRICT_HEADERS
from webhook.console.frame.sessions import Admitted
from webhook.console.frame.sign_in import SIGN_IN, SIGN_OUT
from webhook.console.frame.visit import Visit

WITHOUT_A_PAGE = {("GET", "/events"), ("GET", SIGN_IN), ("POST", SIGN_IN), ("POST", SIGN_OUT)}
ELSEWHERE = {
    "site": {"Sec_Fetch_Site": "cross-site"},
    "neighbour": {"Sec_Fetch_Site": "same-site"},
    "origin": {"Origin": "https://evil.example"},
    "file": {"Origin": "null"},
}


def addresses(console: BrowserAtConsole) -> Iterator[tuple[str, str]]:
    """Method and path of whatever is answered; one with parts has some."""
    for route in console.client.app.router.routes():
        resource = route.resource
        assert resource is not None
        path = resource.canonical.replace("{", "").replace("}", "")
        if route.method != "HEAD" and not path.startswith("/static"):
            yield route.method, path


def posts(console: BrowserAtConsole) -> list[str]:
    return [path for method, path in addresses(console) if method == "POST"]


async def watched(open_console: Opened) -> tuple[BrowserAtConsole, list[str]]:
    """A console with all its addresses, somebody who is signed in, and what reached a page."""
    reached: list[str] = []

    async def page(visit: Visit) -> Page:
        reached.append(f"{visit.request.method} {visit.request.path}")
        return Page("fleet_namespace.html", {})

    console = await open_console([Route(each.method, each.path, page) for each in ROUTES])
    assert (await console.sign_in()).status == 303
    return console, reached


async def test_every_address_is_one_that_is_tried_here(console: BrowserAtConsole) -> None:
    paths = {(each.method, each.path.replace("{", "").replace("}", "")) for each in ROUTES}

    assert {*addresses(console)} == paths | WITHOUT_A_PAGE
    assert {method for method, _ in paths} == {"GET", "POST"}


async def test_no_form_is_taken_without_the_token_of_the_session(open_console: Opened) -> None:
    console, reached = await watched(open_console)
    (session,) = console.frame.sessions._sessions.values()
    _, other = await console.frame.sessions.begin(Admitted(session.person.identity))
    own = ("csrf", session.csrf)
    wrong = [
        [],
        [("csrf", "guessed")],
        [("csrf", other.csrf)],
        [own, own],
        [("csrf", ""), own, own],
    ]

    for path in posts(console):
        for token in wrong:
            answer = await console.post(path, [("secret", "x"), *token], csrf=None)
            assert answer.status in {200, 303, 403}, path
    assert (reached, console.cluster.written) == ([], [])
    assert [*console.frame.sessions._sessions.values()] == [session, other]

    for path in posts(console):
        if path not in {SIGN_IN, SIGN_OUT}:
            await console.post(path, [own], csrf=None)
            assert reached.pop() == f"POST {path}"


@pytest.mark.parametrize("how", ELSEWHERE)
async def test_no_form_of_another_site_is_read(open_console: Opened, how: str) -> None:
    console, reached = await watched(open_console)

    for path in posts(console):
        answer = await console.post(path, {"secret": console.secret}, **ELSEWHERE[how])
        assert answer.status == 403, path
    assert not reached
    assert len(console.frame.sessions._sessions) == 1


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("host", ["", "evil.example"])
async def test_every_answer_has_the_strict_headers(
    open_console: Opened, signed_in: bool, host: str
) -> None:
    console, _ = await watched(open_console)
    if not signed_in:
        console.forget_cookies()
    named = {"Host": host} if host else {}
    tried = {path for _, path in addresses(console)} | {"/missing", "/static/missing"}

    for path in sorted(tried - {"/events"} if signed_in else tried):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE"):
            async with console.client.request(
                method, path, headers=named, allow_redirects=False
            ) as answer:
                assert STRICT_HEADERS.items() <= dict(answer.headers).items(), (method, path)
                assert answer.headers["Cache-Control"] == "no-store", (method, path)
                assert answer.status < 500, (method, path)
                assert not host or answer.status == 421
