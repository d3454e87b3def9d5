"""How people come in and out, and what becomes of what they typed when their session ends."""

import pytest

from tests.console.conftest import Opened
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, structure
from webhook.console.frame.kept_form import own_address
from webhook.console.frame.page import Page, Route
from webhook.console.frame.request_guards import ATTEMPTS_EACH
from webhook.console.frame.visit import Visit

SENT: list[list[tuple[str, str]]] = []


async def show(_: Visit) -> Page:
    return Page("error.html", {"title": "Shown", "sentence": "", "next_step": "", "home": "/"})


async def save(visit: Visit) -> Page:
    SENT.append([*visit.form.items()])
    return await show(visit)


ROUTES = [Route("GET", "/", show), Route("POST", "/form", save)]


@pytest.fixture
async def outside(open_console: Opened) -> BrowserAtConsole:
    """A console with a form, and nobody signed in."""
    SENT.clear()
    return await open_console(ROUTES)


async def test_the_key_in_the_address_becomes_a_cookie(outside: BrowserAtConsole) -> None:
    link = f"/sign-in?key={outside.secret}"
    answer = await outside.get(link)

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert outside.secret not in cookie
    assert (await outside.get("/")).status == 200

    outside.forget_cookies()
    assert (await outside.get(link)).status == 403
    assert (await outside.get("/")).status == 401


async def test_a_wrong_secret_is_said_and_not_shown(outside: BrowserAtConsole) -> None:
    answer = await outside.post("/sign-in", {"secret": "wr0ng<b>"}, csrf=None)

    assert answer.status == 403
    assert "not the key" in answer.text
    assert "wr0ng" not in answer.text
    assert (await outside.post("/sign-in", {}, csrf=None)).status == 403
    assert (await outside.post("/sign-in", {"secret": "\u00fc"}, csrf=None)).status == 403


async def test_failures_are_limited(outside: BrowserAtConsole) -> None:
    for _ in range(ATTEMPTS_EACH):
        assert (await outside.post("/sign-in", {"secret": "x"}, csrf=None)).status == 403

    answer = await outside.sign_in()

    assert answer.status == 429
    assert "Wait a minute" in answer.text


async def test_who_signs_in_comes_to_where_they_wanted(outside: BrowserAtConsole) -> None:
    asked = await outside.get("/?namespace=team-a&q=%3Cb%3E")
    assert asked.status == 401
    assert asked.field["then"] == "/?namespace=team-a&q=%3Cb%3E"

    answer = await outside.post("/sign-in", asked.field | {"secret": outside.secret}, csrf=None)

    assert answer.headers["Location"] == "/?namespace=team-a&q=%3Cb%3E"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\t/evil", "/a\nb", "",
     "/" * 5000, "/ü", "javascript:alert(1)"],
    ids=range(10),
)  # fmt: skip
async def test_no_address_leads_elsewhere(outside: BrowserAtConsole, address: str) -> None:
    assert own_address(address) == ""
    fields = {"secret": outside.secret, "then": address}

    assert (await outside.post("/sign-in", fields, csrf=None)).headers["Location"] == "/"


async def test_a_link_of_another_site_finds_the_session(outside: BrowserAtConsole) -> None:
    answer = await outside.get("/?q=1", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")

    assert answer.status == 200
    assert 'http-equiv="refresh" content="0; url=/?q=1"' in answer.text
    assert (await outside.get("/?q=1", Sec_Fetch_Site="same-origin")).status == 401


async def test_a_script_is_told_in_words_that_the_session_has_ended(
    outside: BrowserAtConsole,
) -> None:
    answer = await outside.get("/", HX_Request="true")

    assert (answer.status, answer.text) == (401, "The session has ended.\n")


async def test_who_leaves_is_out(outside: BrowserAtConsole) -> None:
    await outside.sign_in()
    stays = await outside.post("/sign-out", {}, csrf="of a page of an older session")
    assert (stays.status, stays.headers["Location"]) == (303, "/")
    assert (await outside.get("/")).status == 200
    assert len(outside.frame.sessions._sessions) == 1
    outside.forget_cookies()
    outside.secret = outside.frame.sign_in._entrance.key  # type: ignore[attr-defined]
    outside.frame.sessions._sessions.clear()
    await outside.sign_in()

    answer = await outside.post("/sign-out", {})

    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    assert not outside.frame.sessions._sessions
    assert (await outside.get("/")).status == 401


TYPED = [("replicas", "3"), ("note", "line\r\nnext"), ("many", "a"), ("many", "b")]


async def test_what_was_typed_is_kept_and_sent_by_hand_alone(outside: BrowserAtConsole) -> None:
    asked = await outside.post("/form?at=1", TYPED, csrf="of a session that has ended")
    assert asked.status == 401
    assert "it was not sent" in asked.text

    fields = asked.field | {"secret": outside.secret}
    shown = await outside.post("/sign-in", fields, csrf=None)
    assert (shown.status, SENT) == (200, [])
    assert 'action="/form?at=1"' in shown.text
    assert shown.field["replicas"] == "3"
    assert shown.field["note"] == "line\r\nnext"
    assert shown.text.count('name="many"') == 2

    # The browser sends what it was shown.
    answer = await outside.post("/form?at=1", TYPED, csrf=shown.field["csrf"])

    assert answer.status == 200
    assert SENT == [TYPED]


async def test_a_wrong_secret_loses_nothing(outside: BrowserAtConsole) -> None:
    asked = await outside.post("/form", TYPED, csrf=None)
    again = await outside.post("/sign-in", asked.field | {"secret": "wrong"}, csrf=None)

    assert again.field["kept"] == asked.field["kept"] != ""


async def test_a_form_of_an_ended_session_is_shown_to_the_new_one(
    outside: BrowserAtConsole,
) -> None:
    await outside.sign_in()

    answer = await outside.post("/form", TYPED, csrf="old")

    assert (answer.status, SENT) == (200, [])
    assert answer.field["replicas"] == "3"
    assert answer.field["csrf"] == outside.csrf()
    assert (await outside.post("/form", TYPED, csrf=None)).field["replicas"] == "3"
    assert SENT == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_kept_changes_no_page(outside: BrowserAtConsole, text: str) -> None:
    harmless = await outside.post("/form", {"h" * len(text): "h" * len(text)}, csrf=None)
    asked = await outside.post("/form", {text: text}, csrf=None)
    assert structure(asked.text) == structure(harmless.text)

    fields = asked.field | {"secret": outside.secret}
    shown = await outside.post("/sign-in", fields, csrf=None)

    assert shown.field[text] == text
    assert SENT == []
