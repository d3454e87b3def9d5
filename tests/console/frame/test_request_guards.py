"""Requests that no page has sent are refused, and signing in fails so often and no more."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from tests.console.played_cluster import BrowserAtConsole
from webhook.console.frame.request_guards import (
    ATTEMPTS,
    ATTEMPTS_EACH,
    ATTEMPTS_SECONDS,
    STRICT_HEADERS,
    RequestGuards,
    SignInAttempts,
)

GUARDS = RequestGuards(["Console.example"])


def request(method: str, *headers: tuple[str, str]) -> web.Request:
    return make_mocked_request(method, "/", headers=CIMultiDict(headers))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "localhost", "[::1]:80", "console.example", "CONSOLE.example:8443"],
)
def test_our_own_names_are_answered(host: str) -> None:
    GUARDS.check(request("GET", ("Host", host)))


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["127.0.0.1.evil.example"],
        ["console.example.evil.example"],
        ["localhost@evil.example"],
        ["evil.example@localhost"],
        ["[::1"],
        [""],
        [],
        ["localhost", "localhost"],
    ],
    ids=str,
)
def test_a_name_that_is_bound_to_our_address_is_not(hosts: list[str]) -> None:
    with pytest.raises(web.HTTPMisdirectedRequest) as refused:
        GUARDS.check(request("GET", *(("Host", host) for host in hosts)))
    assert "evil" not in (refused.value.text or "")


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:80"}, True),
        ({"Origin": "https://localhost:80"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "file://localhost:80"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_form_comes_from_our_own_pages(method: str, headers: dict[str, str], fine: bool) -> None:
    sent = request(method, ("Host", "localhost:80"), *headers.items())
    if fine:
        GUARDS.check(sent)
        return
    with pytest.raises(web.HTTPForbidden):
        GUARDS.check(sent)


@pytest.mark.parametrize(
    ("host", "scheme", "fine"),
    [
        ("console.example", "https", True),
        ("console.example", "http", False),
        ("localhost:8443", "http", True),
    ],
)
def test_with_tls_nobody_between_is_a_page_of_ours(host: str, scheme: str, fine: bool) -> None:
    guards = RequestGuards(["console.example"], secure=True)
    sent = request("POST", ("Host", host), ("Origin", f"{scheme}://{host}"))
    if fine:
        guards.check(sent)
        return
    with pytest.raises(web.HTTPForbidden):
        guards.check(sent)


@pytest.mark.parametrize("path", ["/about", "/sign-in", "/missing", "/static/console.css"])
async def test_every_answer_has_the_strict_headers(console: BrowserAtConsole, path: str) -> None:
    answer = await console.get(path)

    assert STRICT_HEADERS.items() <= dict(answer.headers).items()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert ("no-store" in answer.headers["Cache-Control"]) is not path.startswith("/static")


class TestAttempts:
    now = 0.0

    def made(self) -> SignInAttempts:
        return SignInAttempts(lambda: self.now)

    def test_an_address_fails_so_often_in_a_minute(self) -> None:
        attempts = self.made()
        for _ in range(ATTEMPTS_EACH):
            attempts.begin("192.0.2.1")
        with pytest.raises(web.HTTPTooManyRequests) as refused:
            attempts.begin("192.0.2.1")
        assert 0 < int(refused.value.headers["Retry-After"]) <= ATTEMPTS_SECONDS

        attempts.begin("192.0.2.2")
        self.now += ATTEMPTS_SECONDS
        attempts.begin("192.0.2.1")

    def test_who_is_admitted_does_not_count(self) -> None:
        attempts = self.made()
        for _ in range(ATTEMPTS * 2):
            attempts.begin("192.0.2.1")()

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("2001:db8::1", "2001:db8::ffff:2", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("fe80::1%eth0", "fe80::2", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            (None, "", True),
        ],
    )
    def test_a_network_of_one_client_is_one_address(
        self, one: str | None, other: str, same: bool
    ) -> None:
        attempts = self.made()
        for _ in range(ATTEMPTS_EACH):
            attempts.begin(one)
        if same:
            with pytest.raises(web.HTTPTooManyRequests):
                attempts.begin(other)
        else:
            attempts.begin(other)

    def test_all_together_fail_so_often_and_take_no_more_memory(self) -> None:
        attempts = self.made()
        for at in range(ATTEMPTS):
            attempts.begin(f"192.0.2.{at}")
        for at in range(1000):
            with pytest.raises(web.HTTPTooManyRequests):
                attempts.begin(f"198.51.100.{at}")

        assert len(attempts._count) <= ATTEMPTS
