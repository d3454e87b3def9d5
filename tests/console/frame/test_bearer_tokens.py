"""Tokens are asked for at the API server, kept nowhere else, and shown to nobody."""

import asyncio
import json

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from tests.console.conftest import Opened
from tests.console.played_cluster import BOB, REVIEW, BrowserAtConsole, PlayedCluster
from webhook.console.frame.bearer_tokens import (
    MOST_REFUSED,
    REFUSED_SECONDS,
    BearerTokens,
    ProxyTokens,
)
from webhook.console.frame.page import Page, Route
from webhook.console.frame.request_guards import ATTEMPTS, ATTEMPTS_EACH
from webhook.console.frame.sessions import MOST_OF_ONE
from webhook.console.frame.visit import Visit
from webhook.kube import Api, ApiError

FAILING = f"/apis/authentication.k8s.io/v1{REVIEW}"
SENT: list[list[tuple[str, str]]] = []


async def who(visit: Visit) -> Page:
    await visit.api.get("/version")
    values = {"title": visit.person.name, "sentence": "", "next_step": "", "home": "/"}
    return Page("error.html", values)


async def save(visit: Visit) -> Page:
    SENT.append([*visit.form.items()])
    return await who(visit)


ROUTES = [Route("GET", "/", who), Route("POST", "/form", save)]


@pytest.fixture
async def typed(open_in_cluster: Opened, played: PlayedCluster) -> BrowserAtConsole:
    """A console where people type their tokens."""
    SENT.clear()
    played.objects["/version"] = {}
    return await open_in_cluster(ROUTES)


@pytest.fixture
async def proxied(open_in_cluster: Opened, played: PlayedCluster) -> BrowserAtConsole:
    """A console behind a proxy that passes tokens."""
    SENT.clear()
    played.objects["/version"] = {}
    return await open_in_cluster(ROUTES, "Authorization")


def bearer(name: str) -> str:
    return f"Bearer token-of-{name}"


class TestTyped:
    async def test_each_call_has_the_token_of_who_looks(self, typed: BrowserAtConsole) -> None:
        await typed.sign_in()
        typed.cluster.calls.clear()

        answer = await typed.get("/")

        assert "bob" in answer.text
        assert typed.cluster.calls == [("GET", "/version", "token-of-bob")]

    @pytest.mark.parametrize(
        "text", ["Bearer token-of-bob", " token-of-bob\r\n", "bearer  token-of-bob"]
    )
    async def test_it_may_be_pasted_with_its_scheme(
        self, typed: BrowserAtConsole, text: str
    ) -> None:
        assert (await typed.post("/sign-in", {"secret": text}, csrf=None)).status == 303

    @pytest.mark.parametrize(
        "text", ["", "Bearer", "two words", "a\r\nImpersonate-User: admin", "ü", "x" * 20_000],
        ids=range(6),
    )  # fmt: skip
    async def test_what_is_no_token_is_sent_nowhere(
        self, typed: BrowserAtConsole, text: str
    ) -> None:
        answer = await typed.post("/sign-in", {"secret": text}, csrf=None)

        assert answer.status == 403
        assert [call for call in typed.cluster.calls if call[2] != "Bearer"] == []

    async def test_a_token_that_is_not_known_is_said_and_not_shown(
        self, typed: BrowserAtConsole
    ) -> None:
        answer = await typed.post("/sign-in", {"secret": "wr0ng"}, csrf=None)

        assert answer.status == 403
        assert "does not know this token" in answer.text
        assert "wr0ng" not in answer.text

    async def test_a_token_in_an_address_signs_nobody_in(self, typed: BrowserAtConsole) -> None:
        for name in ("key", "secret", "token"):
            answer = await typed.get(f"/sign-in?{name}=token-of-bob")
            assert (answer.status, answer.headers.get("Set-Cookie")) == (200, None)
            assert "token-of-bob" not in answer.text

    async def test_who_comes_with_a_header_is_nobody(self, typed: BrowserAtConsole) -> None:
        assert (await typed.get("/", Authorization=bearer("bob"))).status == 401

    async def test_nobody_is_anonymous(self, typed: BrowserAtConsole) -> None:
        typed.cluster.users["anything"] = {"username": "system:anonymous"}

        assert (await typed.post("/sign-in", {"secret": "anything"}, csrf=None)).status == 403

    async def test_an_outage_is_none_of_the_token(self, typed: BrowserAtConsole) -> None:
        typed.cluster.failures[FAILING] = (500, "InternalError")

        answer = await typed.sign_in()

        assert answer.status == 503
        assert "token-of-bob" not in answer.text

    async def test_a_cookie_that_was_there_before_is_none_afterwards(
        self, typed: BrowserAtConsole
    ) -> None:
        planted = "planted-by-somebody-else"
        typed.client.session.cookie_jar.update_cookies({"session": planted})
        await typed.sign_in()
        (first,) = typed.frame.sessions._sessions
        await typed.post("/sign-in", {"secret": "token-of-carol"}, csrf=None)

        (second,) = typed.frame.sessions._sessions

        assert first != second
        assert await typed.frame.sessions.find(planted, used=True) is None

    async def test_whatever_a_client_says_of_its_address_is_not_believed(
        self, typed: BrowserAtConsole
    ) -> None:
        for at in range(ATTEMPTS_EACH):
            said = {"X_Forwarded_For": f"192.0.2.{at}", "Forwarded": f"for=192.0.2.{at}"}
            await typed.post("/sign-in", {"secret": "x"}, csrf=None, **said)

        answer = await typed.post("/sign-in", {"secret": "x"}, csrf=None, X_Forwarded_For="::1")

        assert answer.status == 429
        assert (await typed.get("/sign-in")).status == 200


class TestProxied:
    async def test_a_token_in_the_header_begins_a_session(self, proxied: BrowserAtConsole) -> None:
        first = await proxied.get("/", Authorization=bearer("bob"))
        reviews = proxied.cluster.asked(REVIEW)
        again = await proxied.get("/", Authorization=bearer("bob"))

        assert (first.status, again.status) == (200, 200)
        assert "HttpOnly" in first.headers["Set-Cookie"]
        assert "SameSite=Strict" in first.headers["Set-Cookie"]
        assert "Set-Cookie" not in again.headers
        assert "bob" in again.text
        assert proxied.cluster.asked(REVIEW) == reviews == 1

    async def test_a_cookie_without_the_token_is_nobody(self, proxied: BrowserAtConsole) -> None:
        await proxied.get("/", Authorization=bearer("bob"))

        assert (await proxied.get("/")).status == 401
        assert (await proxied.get("/", Authorization=bearer("bob"))).status == 200

    async def test_the_token_decides_and_no_cookie(self, proxied: BrowserAtConsole) -> None:
        await proxied.get("/", Authorization=bearer("bob"))

        answer = await proxied.get("/", Authorization=bearer("carol"))

        assert "carol" in answer.text
        (session,) = proxied.frame.sessions._sessions.values()
        assert session.person.name == "carol"

    async def test_a_newer_token_of_the_same_person_goes_on(
        self, proxied: BrowserAtConsole
    ) -> None:
        await proxied.get("/", Authorization=bearer("bob"))
        csrf = proxied.csrf()
        proxied.cluster.users = {"newer": BOB}

        answer = await proxied.get("/", Authorization="Bearer newer", HX_Request="true")

        assert (answer.status, proxied.csrf()) == (200, csrf)
        assert proxied.cluster.calls[-1] == ("GET", "/version", "newer")
        (session,) = proxied.frame.sessions._sessions.values()
        await session.person.api.get("/version")
        assert proxied.cluster.calls[-1] == ("GET", "/version", "newer")

    async def test_a_form_needs_the_token_of_the_session(self, proxied: BrowserAtConsole) -> None:
        sent = {"replicas": "3"}
        answer = await proxied.post("/form", sent, csrf="guessed", Authorization=bearer("bob"))

        assert (answer.status, answer.field["replicas"], SENT) == (200, "3", [])
        assert answer.field["csrf"] == proxied.csrf()
        await proxied.post("/form", sent, Authorization=bearer("bob"))
        assert SENT == [[("replicas", "3")]]

    async def test_a_form_of_an_ended_token_is_kept_until_the_proxy_has_another(
        self, proxied: BrowserAtConsole
    ) -> None:
        asked = await proxied.post("/form", {"replicas": "3"}, csrf="x", Authorization="Bearer old")
        assert asked.status == 401
        assert 'type="password"' not in asked.text

        shown = await proxied.post("/sign-in", asked.field, csrf=None, Authorization=bearer("bob"))

        assert (shown.status, shown.field["replicas"], SENT) == (200, "3", [])

    async def test_two_tokens_are_none(self, proxied: BrowserAtConsole) -> None:
        headers = [("Authorization", bearer("bob")), ("Authorization", bearer("carol"))]
        async with proxied.client.get("/", headers=headers) as answer:
            assert answer.status == 401

    async def test_a_script_begins_no_session(self, proxied: BrowserAtConsole) -> None:
        answer = await proxied.get("/", HX_Request="true", Authorization=bearer("bob"))

        assert (answer.status, proxied.cluster.calls) == (401, [])

    async def test_who_comes_from_another_site_finds_their_session(
        self, proxied: BrowserAtConsole
    ) -> None:
        elsewhere = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}

        answer = await proxied.get("/", Authorization=bearer("bob"), **elsewhere)

        assert 'http-equiv="refresh"' in answer.text
        assert not proxied.frame.sessions._sessions

    @pytest.mark.parametrize("mode", ["no-cors", "cors"])
    async def test_what_another_site_embeds_begins_no_session(
        self, proxied: BrowserAtConsole, mode: str
    ) -> None:
        await proxied.get("/", Authorization=bearer("bob"))
        csrf = proxied.csrf()
        proxied.forget_cookies()
        embedded = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": mode}

        for _ in range(MOST_OF_ONE):
            answer = await proxied.get("/", Authorization=bearer("bob"), **embedded)
            assert answer.status == 401

        assert proxied.csrf() == csrf

    async def test_who_signs_out_is_told_where_to(self, proxied: BrowserAtConsole) -> None:
        await proxied.get("/", Authorization=bearer("bob"))

        answer = await proxied.post("/sign-out", {}, Authorization=bearer("bob"))

        assert answer.status == 303
        assert not proxied.frame.sessions._sessions
        page = await proxied.get("/sign-in", Authorization=bearer("bob"))
        assert "sign out there" in page.text
        assert not proxied.frame.sessions._sessions

    async def test_without_the_proxy_a_token_is_typed(self, proxied: BrowserAtConsole) -> None:
        assert (await proxied.sign_in()).status == 303
        assert (await proxied.get("/")).status == 200
        assert "carol" in (await proxied.get("/", Authorization=bearer("carol"))).text

    async def test_pages_with_an_ended_token_keep_nobody_out(
        self, proxied: BrowserAtConsole
    ) -> None:
        for _ in range(ATTEMPTS):
            assert (await proxied.get("/", Authorization="Bearer ended")).status == 401

        assert proxied.cluster.asked(REVIEW) == 1
        assert (await proxied.get("/", Authorization=bearer("bob"))).status == 200


class TestProxyTokens:
    now = 0.0

    def made(self, api: Api) -> ProxyTokens:
        return ProxyTokens("X-Token", BearerTokens(api), lambda: self.now)

    async def test_what_was_refused_is_asked_again_after_a_minute(
        self, api: Api, played: PlayedCluster
    ) -> None:
        tokens = self.made(api)
        assert await tokens.admit("t") is None
        played.users["t"] = BOB
        self.now = REFUSED_SECONDS - 1
        assert await tokens.admit("t") is None
        self.now = REFUSED_SECONDS

        assert await tokens.admit("t")

    async def test_memory_of_refusals_is_bounded(self, api: Api, played: PlayedCluster) -> None:
        tokens = self.made(api)
        tokens._refused = dict.fromkeys(map(str.encode, map(str, range(MOST_REFUSED))), 0.0)

        assert await tokens.admit("t") is None

        assert len(tokens._refused) == MOST_REFUSED

    async def test_many_wrong_ones_are_refused_unasked(
        self, api: Api, played: PlayedCluster
    ) -> None:
        tokens = self.made(api)
        for at in range(ATTEMPTS):
            assert await tokens.admit(f"t{at}") is None

        with pytest.raises(web.HTTPTooManyRequests):
            await tokens.admit("another")

    @pytest.mark.parametrize(
        ("headers", "found"),
        [
            ([], ""),
            ([("x-token", "t")], "t"),
            ([("X-Token", "Bearer t")], "t"),
            ([("X-Token", "t"), ("X-Token", "u")], ""),
        ],
    )
    def test_one_header_is_read(self, headers: list[tuple[str, str]], found: str) -> None:
        tokens = ProxyTokens("X-Token", BearerTokens(None))  # type: ignore[arg-type]

        assert tokens.passed(CIMultiDictProxy(CIMultiDict(headers))) == found


async def test_many_sign_ins_at_once_ask_the_cluster_for_few(
    typed: BrowserAtConsole,
) -> None:
    form = {"secret": "x"}

    async def post() -> int:
        async with typed.client.post("/sign-in", data=form, allow_redirects=False) as answer:
            return answer.status

    statuses = await asyncio.gather(*(post() for _ in range(500)))

    assert statuses.count(403) == ATTEMPTS_EACH == typed.cluster.asked(REVIEW)
    assert statuses.count(429) == 500 - ATTEMPTS_EACH


async def test_no_representation_has_the_token(api: Api, played: PlayedCluster) -> None:
    played.users["s3cret-token"] = BOB
    admitted = await BearerTokens(api).admit("s3cret-token")
    assert admitted

    assert "s3cret" not in repr(admitted) + str(vars(admitted.credentials).keys())
    with pytest.raises(ApiError) as raised:
        await api.acting_as(admitted.credentials).get("/missing")  # type: ignore[arg-type]
    assert "s3cret" not in json.dumps([repr(raised.value), str(raised.value)])
