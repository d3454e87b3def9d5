"""Exceptions are listed, granted and revoked with the person's own rights, and never half."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests import builders
from tests.console.conftest import Opened
from tests.console.granted import document, granted, in_force
from tests.console.pages.test_server_page import EXCEPTIONS, RELEASE, play
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure
from tests.controller.servers.live import stored
from webhook.console.pages import exceptions_page
from webhook.console.pages.exceptions_page import ROUTES
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import FleetReport, ServerStatus, Skipped
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube import TooManyRequests

Json = dict[str, Any]
READ = FleetReport(
    (ServerStatus("StatefulSet", "team", "crm"),),
    (),
    "settings",
    exceptions=(ExceptionStatus("e1", "unused", "no server needs it", "team", "crm"),),
)
GRANT, REVOKE = "/exceptions/grant", "/exceptions/revoke/e1"
NAMED = f"{GRANT}?namespace=team&kind=Deployment&name=crm"
FILLED = {
    "namespace": "team",
    "workload": "crm",
    "rules": "privileged",
    "images": "a.test/x\r\nb.test/y",
    "reason": "its vendor mends it",
    "expires": "",
}


@pytest.fixture
async def browser(open_console: Opened, played: PlayedCluster) -> BrowserAtConsole:
    refused = stored(builders.server("crm", replicas=1, hostPID=True))
    play(played, refused, pods=[], replicasets=[], exceptions=[document("e1")])
    found = await open_console(ROUTES)
    await found.sign_in()
    return found


async def filled(browser: BrowserAtConsole, **typed: str) -> dict[str, str]:
    """The form as somebody fills it in, with the end that it offers."""
    end = (await browser.get(GRANT)).field["expires"]
    return {**FILLED, "expires": end, **typed}


async def text_of(browser: BrowserAtConsole, path: str = "/exceptions") -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.text
    return answer.text


async def test_each_is_listed_with_what_became_of_it(browser: BrowserAtConsole) -> None:
    text = await text_of(browser)

    assert 'data-state="unknown">ended</span>' in text
    assert "its vendor mends it" in text
    assert "1 exception</caption>" in text
    assert 'href="/exceptions/revoke/e1"' in text
    assert "Grant an exception</a>" in text
    assert "not known yet" in text


@pytest.mark.parametrize(
    ("report", "shown", "left_out"),
    [
        pytest.param(READ, ("unused</span>", "/servers/team/StatefulSet/crm"), "not known yet"),
        pytest.param(
            replace(READ, skipped=[Skipped("pods", "may not be listed")]),
            ("in-force</span>", "/servers/team/StatefulSet/crm", "not known yet"),
            "unused</span>",
        ),
        pytest.param(None, ("in-force</span>", "not known yet"), "/servers/team"),
    ],
    ids=["read", "read-in-part", "not-read"],
)
async def test_whether_it_is_needed_is_said_where_the_fleet_was_read(
    report: FleetReport | None,
    shown: tuple[str, ...],
    left_out: str,
    browser: BrowserAtConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def looked_at(*_: object) -> Any:
        return SimpleNamespace(report=report)

    async def judging(*_: object) -> JudgingSettings:
        return in_force(granted("e1"))

    monkeypatch.setattr(exceptions_page, "look_at_fleet", looked_at)
    monkeypatch.setattr(exceptions_page, "judging_settings_in_force", judging)

    text = await text_of(browser)

    for expected in shown:
        assert expected in text
    assert left_out not in text


async def test_they_are_listed_without_a_reading_of_the_fleet(
    browser: BrowserAtConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(*_: object) -> None:
        raise TooManyRequests(429, "TooManyRequests", "no room")

    monkeypatch.setattr(exceptions_page, "look_at_fleet", look)
    text = await text_of(browser)

    assert "its vendor mends it" in text
    assert "not known yet" in text


@pytest.mark.parametrize("path", ["/exceptions", REVOKE])
async def test_its_end_is_shown_in_the_readers_zone(path: str, browser: BrowserAtConsole) -> None:
    assert '<time datetime="2026-03-20T00:00:00Z"' in await text_of(browser, path)


async def test_states_and_words_choose(browser: BrowserAtConsole) -> None:
    assert "/exceptions/revoke/e1" in await text_of(
        browser, "/exceptions?state=ended&search=vendor"
    )
    for query in ("state=in-force", "search=other"):
        assert "No exception is like that." in await text_of(browser, f"/exceptions?{query}")
    assert "/exceptions/revoke/e1" in await text_of(browser, "/exceptions?state=nonsense&page=-7")


async def test_pages_lead_to_each_other(browser: BrowserAtConsole, played: PlayedCluster) -> None:
    played.objects[EXCEPTIONS] = {"items": [document(f"e{at:03}") for at in range(120)]}

    text = await text_of(browser, "/exceptions?page=2&search=e")

    assert "page 2 of 3" in text
    assert 'href="/exceptions?search=e&amp;page=1"' in text
    assert 'href="/exceptions?search=e&amp;page=3"' in text
    assert text.count("Revoke<span") == 50


async def test_buttons_are_absent_without_the_right(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.forbidden |= {("create", "mcpserverexceptions"), ("delete", "mcpserverexceptions")}

    text = await text_of(browser)

    assert "Revoke" not in text
    assert "Draft an exception</a>" in text
    assert "Revoke it" not in await text_of(browser, REVOKE)


async def test_what_may_not_be_read_is_said(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures[EXCEPTIONS] = (403, "Forbidden")

    text = await text_of(browser)

    assert "You may not read mcpserverexceptions" in text
    assert "Those in force are known from the settings in force." in text


async def test_settings_that_may_not_be_read_are_said(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures[RELEASE] = (403, "Forbidden")

    assert "the settings in force are not known to you" in await text_of(browser)


async def test_a_week_is_granted_to_a_refused_server(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    form = (await browser.get(NAMED)).field
    assert (form["namespace"], form["workload"]) == ("team", "crm")
    assert form["images"] == "registry.example/mcp"
    form.pop("csrf")

    answer = await browser.post(
        GRANT, {**form, "rules": "host-namespaces", "reason": "its vendor mends it"}
    )

    assert answer.status == 303, answer.text
    ((method, path, created),) = played.written
    assert (method, path) == ("POST", EXCEPTIONS)
    assert created["spec"]["rules"] == ["host-namespaces"]
    assert created["spec"]["workload"] == {"namespace": "team", "name": "crm"}
    name = created["metadata"]["name"]
    assert answer.headers["Location"] == f"/exceptions?granted={name}"
    played.objects[EXCEPTIONS]["items"].append(document(name))
    assert f"Granted: {name}" in await text_of(browser, answer.headers["Location"])


async def test_a_form_that_is_sent_twice_grants_once(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    typed = await filled(browser)
    first = await browser.post(GRANT, typed)
    (_, _, created) = played.written.pop()
    played.failures[EXCEPTIONS] = (409, "AlreadyExists")
    path = f"{EXCEPTIONS}/{created['metadata']['name']}"
    played.objects[path] = created

    again = await browser.post(GRANT, typed)

    assert (again.status, again.headers["Location"]) == (303, first.headers["Location"])
    played.objects[path] = {**created, "spec": {**created["spec"], "reason": "another"}}
    assert (await browser.post(GRANT, typed)).status == 409
    del played.objects[path]
    assert (await browser.post(GRANT, typed)).status == 409


async def test_a_draft_says_what_refuses_the_server(browser: BrowserAtConsole) -> None:
    text = await text_of(browser, NAMED)

    assert "Filled in from what refuses Deployment team/crm." in text
    assert "(host-namespaces)" in text
    assert 'value="host-namespaces" checked' in text


async def test_a_form_with_faults_comes_back_with_what_was_typed(
    browser: BrowserAtConsole,
) -> None:
    typed = {**FILLED, "reason": " ", "workload": "Crm!"}

    answer = await browser.post(GRANT, typed)

    assert answer.status == 422
    for field in ("reason", "workload"):
        assert f'id="fault-{field}"' in answer.text
    assert answer.field["workload"] == "Crm!"
    assert 'value="privileged" checked' in answer.text


@pytest.mark.parametrize(("status", "shown"), [(403, 403), (409, 409), (422, 422), (500, 503)])
async def test_the_api_servers_refusal_is_shown_and_nothing_is_lost(
    status: int, shown: int, browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    typed = await filled(browser)
    played.failures[EXCEPTIONS] = (status, "Refused")

    answer = await browser.post(GRANT, typed)

    assert answer.status == shown
    assert "as the test wants it" in answer.text
    assert answer.field["images"] == "a.test/x\nb.test/y"


async def test_who_may_not_grant_it_gets_the_text_to_send(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.forbidden.add(("create", "mcpserverexceptions"))

    answer = await browser.post(GRANT, await filled(browser))

    assert answer.status == 200
    assert "kind: MCPServerException" in answer.text
    assert "kubectl create -f" in answer.text
    assert played.written == []


async def test_one_is_revoked_by_the_uid_that_was_seen(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    page = await browser.get(REVOKE)
    assert "New ones are judged by all rules again" in page.text
    played.objects[f"{EXCEPTIONS}/e1"] = {}

    answer = await browser.post(REVOKE, {"uid": page.field["uid"]})

    assert (answer.status, answer.headers["Location"]) == (303, "/exceptions?revoked=e1")
    ((method, path, body),) = played.written
    assert (method, path) == ("DELETE", f"{EXCEPTIONS}/e1")
    assert body["preconditions"] == {"uid": "uid-of-e1"}


@pytest.mark.parametrize("sent", [{}, {"uid": ""}, {"uid": " "}])
async def test_none_is_revoked_that_was_not_seen(
    sent: dict[str, str], browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.objects[f"{EXCEPTIONS}/e1"] = {}

    answer = await browser.post(REVOKE, sent)

    assert (answer.status, played.written) == (409, [])
    assert answer.field["uid"] == "uid-of-e1"


@pytest.mark.parametrize("status", [403, 409])
async def test_a_revocation_that_is_refused_says_why(
    status: int, browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures[f"{EXCEPTIONS}/e1"] = (status, "Refused")

    answer = await browser.post(REVOKE, {"uid": "uid-of-e1"})

    assert answer.status == status
    assert "as the test wants it" in answer.text


@pytest.mark.parametrize("path", ["/exceptions/revoke/other", "/exceptions/revoke/%2E%2E"])
async def test_what_is_gone_is_not_found(path: str, browser: BrowserAtConsole) -> None:
    assert (await browser.get(path)).status == 404


async def test_an_address_without_a_server_is_not_found(browser: BrowserAtConsole) -> None:
    answer = await browser.get(f"{GRANT}?namespace=team&kind=Deployment&name=gone")

    assert answer.status == 404


def with_word(word: str) -> Json:
    return document(
        "e1",
        reason=word,
        images=[word],
        workload={"namespace": word, "name": word},
        rules=[word],
        expires=word,
    )


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_word_of_others_changes_its_structure(
    word: str, browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    pages = ["/exceptions", REVOKE]
    played.objects[EXCEPTIONS] = {"items": [with_word("harmless")]}
    harmless = [structure(await text_of(browser, path)) for path in pages]
    played.objects[EXCEPTIONS] = {"items": [with_word(word)]}

    for path, expected in zip(pages, harmless, strict=True):
        text = await text_of(browser, path)
        assert structure(text) == expected
        assert "\u202e" not in text


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_typed_comes_back_exactly(word: str, browser: BrowserAtConsole) -> None:
    # A long word may be the name of a workload.
    workload = "-" if word.isalnum() else word
    harmless = await browser.post(GRANT, dict.fromkeys(FILLED, "-"))
    answer = await browser.post(GRANT, dict.fromkeys(FILLED, word) | {"workload": workload})

    assert structure(answer.text) == structure(harmless.text)
    assert answer.field["reason"] == word.strip()
