"""The first page lists servers as its address says, and files have what it lists."""

import asyncio
import csv
import io
import json
import re
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import quote

import pytest

from tests import builders
from tests.console.conftest import Opened
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure
from tests.controller.servers.live import Json, filled_in, stored
from tests.fleet.test_inspection import PORT
from webhook.console.fleet_list import changed_namespaces, open_readings
from webhook.console.frame import rights
from webhook.console.pages import fleet_page
from webhook.settings import FILE, Settings

DEPLOYMENTS = "/apis/apps/v1/deployments"
OF_TEAM = "/apis/apps/v1/namespaces/team/deployments"
CONFIG_MAP = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-settings"
LISTS = (
    "/api/v1/namespaces",
    "/api/v1/pods",
    "/api/v1/replicationcontrollers",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/statefulsets",
    "/apis/batch/v1/cronjobs",
    "/apis/batch/v1/jobs",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions",
)


def current(name: str, namespace: str = "team", **fields: Any) -> Json:
    found = filled_in(builders.server(name, replicas=1, **PORT), Settings())
    return placed(found, name, namespace, **fields)


def older(name: str, namespace: str = "team", **fields: Any) -> Json:
    return placed(stored(builders.server(name, replicas=1, **PORT)), name, namespace, **fields)


def placed(found: Json, name: str, namespace: str, *, image: str = "", version: int = 1) -> Json:
    found["metadata"] |= {"name": name, "namespace": namespace, "resourceVersion": str(version)}
    found["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    if image:
        found["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return found


def listing(*items: Json) -> Json:
    return {"items": list(items), "metadata": {"resourceVersion": "5"}}


def fill(played: PlayedCluster, *deployments: Json, mode: str = "enforce") -> None:
    """An installed product, without network policies, and these Deployments."""
    settings = f"mode: {mode}\nmcpNamespace: {{networkPolicy: {{enabled: false}}}}\n"
    played.objects |= {path: listing() for path in LISTS}
    played.objects[CONFIG_MAP] = {"data": {FILE: settings}}
    played.objects[DEPLOYMENTS] = listing(*deployments)
    for kind in ("mutating", "validating"):
        path = f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/mcp-admission"
        played.objects[path] = {}


async def opened(open_console: Opened) -> BrowserAtConsole:
    console = await open_console()
    assert (await console.sign_in()).status == 303
    return console


async def page(console: BrowserAtConsole, address: str = "/") -> str:
    """The page, once all is read."""
    async with asyncio.timeout(10):
        while True:
            text = (await console.get(address)).text
            if "Reading the cluster" not in text:
                return text


async def test_servers_are_counted_by_state_and_listed_worst_first(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine", image="reg/fine:1"), older("old"))
    text = await page(await opened(open_console))

    assert text.index(">old</a>") < text.index(">fine</a>")
    for expected in (
        "<strong>1</strong> current</a>",
        "<strong>1</strong> unprotected</a>",
        "<strong>0</strong> not-running</a>",
        'href="/servers/team/Deployment/old"',
        "reg/fine:1",
        "1 to 2 of 2 servers",
        "older-than-webhook",
        '<time datetime="2026-01-01T00:00:00Z"',
    ):
        assert expected in text


async def test_the_servers_older_than_the_webhook_are_one_click_away(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine"), older("old"))
    console = await opened(open_console)

    assert 'href="/?rule=older-than-webhook">Older than the webhook</a>' in await page(console)
    text = await page(console, "/?rule=older-than-webhook")

    assert "1 to 1 of 1 servers, of 2 in all" in text
    assert 'href="/" aria-current="true">Older than the webhook</a>' in text


async def test_pages_turn_and_keep_what_was_asked_for(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, *(current(f"server-{number:03}") for number in range(120)))
    console = await opened(open_console)

    text = await page(console, "/?q=server&sort=name&page=2")

    assert "51 to 100 of 120 servers" in text
    assert text.count('<th scope="row">') == 50
    assert 'href="/?q=server&amp;sort=name&amp;page=3">Next</a>' in text
    assert 'href="/?q=server&amp;sort=name">Previous</a>' in text
    assert 'aria-sort="ascending"><a id="sort-name" href="/?q=server&amp;sort=-name">' in text
    assert "Page 3 of 3" in await page(console, "/?page=9")


async def test_the_part_that_is_renewed_is_no_page(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, older("old"))
    console = await opened(open_console)
    whole = await page(console, "/?q=old")
    part = (await console.get("/fleet?q=old", HX_Request="true")).text

    assert 'hx-get="/fleet?q=old"' in whole
    assert "<html" not in part
    assert 'id="server-/servers/team/Deployment/old"' in part


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/?state=fine", "known are current, out-of-date"),
        ("/fleet?sort=size", "known are namespace, name"),
        ("/fleet.csv?nonsense=<b>", "known are namespace, state"),
    ],
)
async def test_what_an_address_must_not_say_is_explained(
    open_console: Opened, played: PlayedCluster, address: str, sentence: str
) -> None:
    fill(played)
    answer = await (await opened(open_console)).get(address)

    assert answer.status == 400
    assert sentence in answer.text
    assert "<b>" not in answer.text


async def test_until_all_is_read_the_page_says_how_far_it_is(
    open_console: Opened, played: PlayedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("WAITED_SECONDS", "DOWNLOAD_SECONDS"):
        monkeypatch.setattr(fleet_page, each, 0.01)
    fill(played, current("fine"))
    played.held = asyncio.Event()
    console = await opened(open_console)

    first = await console.get("/")
    file = await console.get("/fleet.csv?q=fine")
    played.held.set()
    text = await page(console)

    assert (first.status, file.status) == (200, 503)
    assert "Reading the cluster" in first.text
    assert 'hx-trigger="every 1s"' in first.text
    assert 'hx-trigger="every 1s"' not in text
    assert ">fine</a>" in text


async def test_a_change_is_told_and_shown(
    open_console: Opened, played: PlayedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed_namespaces, "QUIET_SECONDS", 0.0)
    fill(played, current("fine"))
    played.objects[OF_TEAM] = listing(current("fine"), older("new"))
    played.objects["/api/v1/namespaces/team"] = {"metadata": {"name": "team"}}
    console = await opened(open_console)
    await page(console)

    played.events.put_nowait({"type": "ADDED", "object": older("new", version=9)})
    async with asyncio.timeout(10), console.client.get("/events") as events:
        while await events.content.readline() != b"event: fleet\n":
            pass
        text = (await console.get("/fleet", HX_Request="true")).text

    assert ">new</a>" in text
    assert "was last judged" in text


def let_see_team_alone(played: PlayedCluster) -> None:
    fill(played)
    played.objects[OF_TEAM] = listing(older("old"))
    played.objects["/api/v1/namespaces/team"] = {"metadata": {"name": "team"}}
    played.forbidden.add(("list", "deployments"))
    played.granted.add(("list", "deployments", "team"))


async def test_who_may_not_list_all_namespaces_chooses_one(
    open_console: Opened, played: PlayedCluster
) -> None:
    let_see_team_alone(played)
    console = await opened(open_console)

    assert "Choose a namespace" in (await console.get("/")).text
    assert ">old</a>" in await page(console, "/?namespace=team")
    nowhere = await console.get("/?namespace=nowhere")
    assert nowhere.status == 404
    assert "there is no namespace nowhere" in nowhere.text
    assert played.asked(DEPLOYMENTS) == 0


async def test_what_was_read_is_not_shown_without_the_right(
    open_console: Opened, played: PlayedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights, "REMEMBERED_SECONDS", 0.0)
    let_see_team_alone(played)
    console = await opened(open_console)
    assert ">old</a>" in await page(console, "/?namespace=team")
    read = played.asked(OF_TEAM)
    assert ">old</a>" in await page(console, "/?namespace=team")
    assert played.asked(OF_TEAM) == read

    played.granted.clear()
    played.failures[OF_TEAM] = (403, "Forbidden")

    text = await page(console, "/?namespace=team")
    assert ">old</a>" not in text
    assert "as the test wants it" in text


async def test_settings_that_may_not_be_read_are_explained(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    played.failures[CONFIG_MAP] = (403, "Forbidden")
    answer = await (await opened(open_console)).get("/")

    assert answer.status == 503
    assert "mcp-admission-settings-view" in answer.text
    assert '<a href="/health">' in answer.text


async def test_an_api_server_that_fails_is_explained(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)
    played.failures[CONFIG_MAP] = (500, "InternalError")
    answer = await console.get("/")

    assert answer.status == 503
    assert "500 InternalError: as the test wants it" in answer.text


async def test_what_was_not_looked_at_is_said(open_console: Opened, played: PlayedCluster) -> None:
    fill(played, current("fine"), mode="observe")
    played.failures["/api/v1/pods"] = (403, "Forbidden")
    text = await page(await opened(open_console))

    assert "Not everything was looked at: pods: " in text
    assert "<strong>1</strong> observed</a>" in text
    told = "observe: see what enforcing in team would do"
    assert f'href="/settings/team?preview&amp;mode=enforce" aria-label="{told}">observe<' in text


async def test_what_may_not_be_read_is_unknown_and_never_empty(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    refused = {path.replace("/v1/", "/v1/namespaces/team/", 1) for path in LISTS}
    paths = {*refused, OF_TEAM, "/api/v1/namespaces/team"}
    played.failures |= dict.fromkeys(paths, (403, "Forbidden"))
    played.forbidden.add(("list", "deployments"))
    console = await opened(open_console)
    text = await page(console, "/?namespace=team&state=refused")
    file = await console.get("/fleet.csv?namespace=team")

    assert "There is no MCP server" not in text
    assert 'class="tile"' not in text
    for expected in (
        "Whether there is an MCP server in the namespace team is not known",
        "you may not read namespaces, deployments, ",
        "Ask who manages the cluster to bind the ClusterRole view to you in the namespace team",
        'Shown:\n<span class="name">namespace team</span>',
    ):
        assert expected in text
    assert file.status == 403
    assert "Whether there is an MCP server in the namespace team is not known" in file.text


async def test_what_was_not_looked_at_counts_no_zero(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine"))
    played.failures["/apis/batch/v1/jobs"] = (403, "Forbidden")
    console = await opened(open_console)
    text = await page(console)
    nothing = await page(console, "/?state=refused")

    assert "<strong>1</strong> current</a>" in text
    assert "<strong>unknown</strong> refused</a>" in text
    assert "<strong>0</strong>" not in text
    assert "you may not read jobs in all namespaces" in text
    assert "1 to 1 of 1 servers that could be looked at" in text
    assert "None of 1 servers that could be looked at is like this." in nothing


async def test_exceptions_that_may_not_be_read_are_not_none(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine"))
    played.failures["/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions"] = (403, "Forbidden")
    text = await page(await opened(open_console))

    assert "<strong>unknown</strong> excepted</a>" in text
    assert "<strong>0</strong> refused</a>" in text
    assert "Not known: exceptions could not be read: " in text
    assert "as the test wants it" in text


async def test_who_comes_when_there_is_no_room_is_told_to_wait(
    open_console: Opened, played: PlayedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_readings, "MOST_OPEN", 1)
    fill(played, current("fine"))
    console = await opened(open_console)
    room = open_readings.OpenReadings()
    console.frame.sessions._common[open_readings.OpenReadings] = room
    room.look("somebody else's", AsyncMock())
    answer = await console.get("/")
    room.leave("somebody else's")

    assert answer.status == 429
    assert "wait until a page is closed" in answer.text
    assert ">fine</a>" in await page(console)


async def test_a_cluster_without_servers_says_what_to_do(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)

    assert "There is no MCP server here yet" in await page(console)
    played.objects[DEPLOYMENTS] = listing(current("fine"))


async def test_where_nothing_matches_the_way_back_is_shown(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine"))
    text = await page(await opened(open_console), "/?q=nothing&sort=name")

    assert 'None of 1 servers is like this. <a href="/?sort=name">' in text
    assert 'aria-label="Remove the filter search nothing"' in text


async def test_files_have_what_the_page_lists(open_console: Opened, played: PlayedCluster) -> None:
    fill(played, current("fine"), older("old"))
    console = await opened(open_console)
    await page(console)

    table = await console.get("/fleet.csv?q=old")
    document = await console.get("/fleet.json")
    sarif = await console.get("/fleet.sarif?state=unprotected")

    assert [each["name"] for each in csv.DictReader(io.StringIO(table.text))] == ["old"]
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"] == 'attachment; filename="mcp-servers.csv"'
    assert [each["name"] for each in json.loads(document.text)["servers"]] == ["old"]
    assert json.loads(sarif.text)["runs"][0]["results"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_changes_the_structure(
    open_console: Opened, played: PlayedCluster, hostile: str
) -> None:
    async def shown(text: str) -> str:
        fill(played, older(text, text, image=text))
        console = await opened(open_console)
        return await page(console, f"/?q={quote(text[:200])}&namespace={quote(text)}")

    harmless, text = await shown("harmless"), await shown(hostile)

    assert structure(text) == structure(harmless)
    # A field sends back what it was given, and a script what it listens to.
    assert "\u202e" not in re.sub('(value|data-namespace)="[^"]*"', "", text)
