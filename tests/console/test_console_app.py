"""Every page is behind the door, and every failure says what to do next."""

import asyncio
import json

import pytest
from aiohttp import web

from tests.console.conftest import Opened
from tests.console.played_cluster import BrowserAtConsole
from webhook.console.console_app import ROUTES
from webhook.console.frame.error_pages import ERROR_MEANINGS
from webhook.console.frame.live import LiveEvents
from webhook.console.frame.page import Page, Route
from webhook.console.frame.request_guards import MOST_FORMS, MOST_VISITS
from webhook.console.frame.visit import Visit
from webhook.kube import ApiError, Conflict, Forbidden, NotFound
from webhook.kube.errors import Unreachable
from webhook.settings import SettingsError

SAID = "deployments is forbidden: <b> may not"
FAILURES: dict[str, tuple[Exception, int]] = {
    "forbidden": (Forbidden(403, "Forbidden", SAID), 403),
    "missing": (NotFound(404, "NotFound", SAID), 404),
    "conflict": (Conflict(409, "Conflict", SAID), 409),
    "unreachable": (Unreachable(SAID), 503),
    "broken": (ApiError(500, "InternalError", SAID), 503),
    "strange": (ApiError(200, "InvalidEvent", SAID), 503),
    "settings": (SettingsError(SAID), 503),
    "teapot": (web.HTTPUnprocessableEntity(text=SAID), 422),
}


async def fail(visit: Visit) -> Page:
    raise FAILURES[visit.request.match_info["how"]][0]


async def bug(_: Visit) -> Page:
    raise ValueError(SAID)


async def answer_itself(_: Visit) -> web.Response:
    return web.Response(text="a,b\n", content_type="text/csv")


async def unauthorized(visit: Visit) -> Page:
    raise ApiError(401, "Unauthorized", "Unauthorized")


FAILING = [
    Route("GET", "/fail/{how}", fail),
    Route("GET", "/bug", bug),
    Route("GET", "/csv", answer_itself),
    Route("GET", "/401", unauthorized),
]


@pytest.fixture
async def failing(open_console: Opened) -> BrowserAtConsole:
    console = await open_console(FAILING)
    await console.sign_in()
    return console


@pytest.mark.parametrize("how", FAILURES)
async def test_a_refusal_is_shown_as_it_is_with_what_to_do(
    failing: BrowserAtConsole, how: str
) -> None:
    answer = await failing.get(f"/fail/{how}")

    assert answer.status == FAILURES[how][1]
    assert SAID.replace("<b>", "&lt;b&gt;") in answer.text
    assert ERROR_MEANINGS[answer.status].next_step in answer.text
    part = await failing.get(f"/fail/{how}", HX_Request="true")
    assert (part.status, part.text) == (answer.status, f"{SAID}\n")


async def test_a_bug_is_logged_and_quotes_nothing(
    failing: BrowserAtConsole, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await failing.get("/bug")

    assert answer.status == 500
    assert SAID not in answer.text
    (record,) = [each for each in caplog.records if each.message == "page failed"]
    assert record.fields["page"] == "/bug"  # type: ignore[attr-defined]
    assert SAID not in str(vars(record))


@pytest.mark.parametrize(
    ("path", "status"), [("/missing", 404), ("/static/missing", 404), ("/static/..%2fpage.py", 404)]
)
async def test_what_is_not_there_is_explained(
    failing: BrowserAtConsole, path: str, status: int
) -> None:
    answer = await failing.get(path)

    assert answer.status == status
    assert "To the first page" in answer.text


async def test_a_method_that_is_not_known_is_refused(failing: BrowserAtConsole) -> None:
    answer = await failing.post("/csv", {})

    assert (answer.status, {*answer.headers["Allow"].split(",")}) == (405, {"GET"})


async def test_a_handler_may_answer_itself(failing: BrowserAtConsole) -> None:
    assert (await failing.get("/csv")).text == "a,b\n"


async def test_credentials_of_the_connection_that_end_are_an_error(
    failing: BrowserAtConsole,
) -> None:
    answer = await failing.get("/401")

    assert answer.status == 401
    assert "Renew your credentials" in answer.text
    assert failing.frame.sessions._sessions


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method}{route.path}")
async def test_every_page_is_behind_the_door(open_console: Opened, route: Route) -> None:
    console = await open_console()
    path = route.path.replace("{", "").replace("}", "")
    calls = len(console.cluster.calls)

    answer = await (
        console.get(path) if route.method == "GET" else console.post(path, {}, csrf=None)
    )

    assert answer.status == 401
    assert len(console.cluster.calls) == calls


async def test_a_stranger_gets_no_events(open_console: Opened) -> None:
    assert (await (await open_console()).get("/events")).status == 401


async def test_a_host_that_is_not_ours_gets_nothing(console: BrowserAtConsole) -> None:
    for path in ("/about", "/events", "/static/console.css"):
        answer = await console.get(path, Host="evil.example")
        assert answer.status == 421
        assert "alice" not in answer.text


async def test_files_are_kept_by_their_digest(console: BrowserAtConsole) -> None:
    digest = console.frame.renderer.files["htmx.min.js"].digest
    current = await console.get(f"/static/htmx.min.js?v={digest}")
    other = await console.get("/static/htmx.min.js?v=0")

    assert "immutable" in current.headers["Cache-Control"]
    assert other.headers["Cache-Control"] == "no-cache"
    assert current.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_a_page_is_told_what_changed_meanwhile(console: BrowserAtConsole) -> None:
    (session,) = console.frame.sessions._sessions.values()
    async with console.client.get("/events?namespace=team-a") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert await response.content.readline() == b"retry: 1000\n"
        session.person.kept(LiveEvents, LiveEvents).publish("fleet", "team-a")
        await response.content.readline()
        assert await response.content.readline() == b"event: fleet\n"
        await console.frame.sessions.end(session)
        await response.content.read()


async def test_refreshing_is_no_use_of_a_session(console: BrowserAtConsole) -> None:
    (session,) = console.frame.sessions._sessions.values()
    before = session.used
    await asyncio.sleep(0)
    await console.get("/about", HX_Request="true")
    assert session.used == before

    await console.get("/about")
    assert session.used > before


async def test_pages_lead_to_each_other_and_say_where_one_is(console: BrowserAtConsole) -> None:
    console.cluster.objects["/version"] = {}

    text = (await console.get("/about")).text

    assert '<a href="/about" aria-current="page">About</a>' in text
    assert json.loads(text.split("htmx-config\" content='")[1].split("'")[0])["allowEval"] is False


@pytest.mark.parametrize(("method", "most"), [("GET", MOST_VISITS), ("POST", MOST_FORMS)])
async def test_who_asks_for_too_much_at_a_time_keeps_nobody_else_waiting(
    open_in_cluster: Opened, method: str, most: int
) -> None:
    goes_on = asyncio.Event()

    async def slow(visit: Visit) -> web.Response:
        if visit.person.name == "bob":
            await goes_on.wait()
        return web.Response(text="done")

    console = await open_in_cluster([Route(method, "/slow", slow)])
    cookies, tokens = {}, {}
    for name in ("bob", "carol"):
        console.forget_cookies()
        answer = await console.post("/sign-in", {"secret": f"token-of-{name}"}, csrf=None)
        cookies[name] = f"session={answer.cookies['session'].value}"
        *_, session = console.frame.sessions._sessions.values()
        tokens[name] = session.csrf
    console.forget_cookies()

    async def ask(name: str) -> int:
        if method == "GET":
            return (await console.get("/slow", Cookie=cookies[name])).status
        return (await console.post("/slow", {}, csrf=tokens[name], Cookie=cookies[name])).status

    asked = [asyncio.create_task(ask("bob")) for _ in range(most + 1)]
    done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    assert [await each for each in done] == [429]
    assert await ask("carol") == 200

    goes_on.set()
    assert [await each for each in waiting] == [200] * most
    assert await ask("bob") == 200
