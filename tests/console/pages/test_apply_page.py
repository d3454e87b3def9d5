"""Servers are chosen, tried and rolled by a page; the roll goes on without it."""

import asyncio

import pytest

from tests.console.pages.played_rolls import RollingCluster
from tests.console.played_cluster import HOSTILE, Answered, BrowserAtConsole, structure
from tests.console.rolling_fleet import GVISOR, RollingFleet
from webhook.console.pages import apply_page
from webhook.console.rolls import roll_runs
from webhook.console.rolls.roll_run import ENDED, RollRun
from webhook.console.rolls.roll_runs import KeptRoll, RollRuns
from webhook.fleet import roll as fleet_roll_watch
from webhook.kube.errors import Invalid

ALL = {"scope": "cluster", "parallel": "1", "failures": "1", "rollback": "yes"}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> RollingCluster:
    monkeypatch.setattr(fleet_roll_watch, "POLL_SECONDS", 0.01)
    return RollingCluster()


def runs(console: BrowserAtConsole) -> list[KeptRoll]:
    """What the only person has begun, the newest first."""
    (session,) = console.frame.sessions._sessions.values()
    found = session.person._kept.get(RollRuns)
    return found.newest_first if found else []


async def begun(console: BrowserAtConsole, fields: dict[str, str] | list[tuple[str, str]]) -> str:
    """The address of a dry run that has ended."""
    answer = await console.post("/apply", fields)
    assert answer.status == 303, answer.text
    await runs(console)[0].trial.until_ended()
    return answer.headers["Location"]


async def rolled(console: BrowserAtConsole, address: str) -> RollRun:
    assert (await console.post(f"{address}/roll", {})).status == 303
    roll = runs(console)[0].roll[0]
    await roll.until_ended()
    return roll


async def test_servers_are_tried_and_then_rolled(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    address = await begun(console, ALL)
    tried = await console.get(address)

    assert "Dry run 1: outdated servers of the cluster" in tried.text
    assert "800Mi" in tried.text
    assert "Roll 2 servers" in tried.text
    assert played.fleet.rolled == []

    await rolled(console, address)
    done = await console.get(address)

    assert "<h1>Roll 1: outdated servers of the cluster</h1>" in done.text
    assert "2 of 2 servers have ended" in done.text
    assert done.text.count(">rolled</span>") == 2
    assert played.fleet.rolled == ["crm", "search"]
    assert "/apply/1" in (await console.get("/apply")).text


async def test_a_roll_that_is_asked_for_twice_is_begun_once(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    address = await begun(console, ALL)

    answers = await asyncio.gather(*(console.post(f"{address}/roll", {}) for _ in range(3)))
    await runs(console)[0].roll[0].until_ended()

    assert {each.status for each in answers} == {303}
    assert played.fleet.rolled == ["crm", "search"]


async def test_chosen_servers_alone_are_tried(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    tried = await console.get(await begun(console, ALL))
    hidden = [(name, value) for name, value in tried.field.items() if name in ALL]

    address = await begun(console, [("scope", "selection"), *hidden, ("server", "team/search")])

    assert [each.name for each in runs(console)[0].trial.targets] == ["search"]
    assert "Dry run 2: team/search" in (await console.get(address)).text


async def test_a_roll_is_paused_goes_on_and_is_stopped(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    played.fleet = RollingFleet(*(f"server-{number}" for number in range(4)), looks=1000)
    address = await begun(console, ALL)
    await console.post(f"{address}/roll", {})
    roll = runs(console)[0].roll[0]

    assert (await console.post(f"{address}/pause", {})).status == 303
    paused = await console.get(address)
    assert 'id="step-resume"' in paused.text
    assert 'id="step-pause"' not in paused.text
    assert "hx-get" in paused.text

    await console.post(f"{address}/resume", {})
    assert 'id="step-pause"' in (await console.get(address)).text

    await console.post(f"{address}/stop", {})
    stopping = await console.get(f"{address}/part")
    assert "those that roll are seen through" in stopping.text
    assert "<html" not in stopping.text
    assert "<form" not in stopping.text

    await roll.leave()
    ended = await console.get(address)
    assert "3 were not begun, and are as before" in ended.text
    assert "continues rolling by itself" in ended.text
    assert "hx-get" not in ended.text


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"parallel": "99"}, "parallel", "give a whole number from 1 to 20"),
        (
            {"scope": "namespace", "namespace": "../x"},
            "namespace",
            "give the name of the namespace",
        ),
        ({"scope": "selection"}, "server", "choose at least one server"),
    ],
)
async def test_a_fault_stands_beside_its_field_and_nothing_is_lost(
    fields: dict[str, str], field: str, said: str, console: BrowserAtConsole
) -> None:
    answer = await console.post("/apply", {**ALL, "timeout": "77", **fields})

    assert answer.status == 422
    assert f'id="fault-{field}"' in answer.text
    assert said in answer.text
    assert answer.field["timeout"] == "77"
    assert runs(console) == []


async def test_who_may_change_no_deployment_sees_no_button(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    played.forbidden.add(("patch", "deployments"))

    everywhere, inside = await console.get("/apply"), await console.get("/apply?namespace=team")

    assert "name one in which you may" in everywhere.text
    assert "You may not change Deployments in team" in inside.text
    for each in (everywhere, inside):
        assert 'method="post" action="/apply"' not in each.text


async def test_who_may_not_roll_what_was_tried_sees_why(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    address = await begun(console, ALL)
    played.forbidden.add(("patch", "deployments"))

    assert 'id="step-roll"' not in (await console.get(address)).text


async def test_what_cannot_be_begun_is_said_on_the_page(
    console: BrowserAtConsole, played: RollingCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await begun(console, {**ALL, "scope": "namespace", "namespace": "team"})
    await rolled(console, address)
    again = await begun(console, ALL)

    refused = await console.post(f"{again}/roll", {})
    assert refused.status == 409
    assert "nothing of this dry run would roll" in refused.text

    monkeypatch.setattr(roll_runs, "MOST_AT_ONCE", 0)
    full = await console.post("/apply", ALL)
    assert (full.status, "rolls of yours are under way" in full.text) == (409, True)


async def test_settings_that_change_after_the_dry_run_are_said(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    address = await begun(console, ALL)
    played.fleet.settings = GVISOR
    await rolled(console, address)

    assert "the settings have changed since the dry run" in (await console.get(address)).text
    assert played.fleet.rolled == []


async def test_why_it_failed_is_shown_and_can_be_chosen(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    address = await begun(console, ALL)
    played.fleet.clusters["crm"].answers = [Invalid(422, "Invalid", "the quota says no")]
    await rolled(console, address)

    found = await console.get(f"{address}?result=failed")
    assert "the quota says no" in found.text
    assert "1 was not begun, and is as before" in found.text
    assert "Every roll failed for Invalid" in found.text
    assert "There is no server here" in (await console.get(f"{address}?result=rolled")).text
    assert (await console.get(f"{address}?result=nonsense&page=-7")).status == 200


async def test_results_come_in_pages(
    console: BrowserAtConsole, played: RollingCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_page, "ROWS", 2)
    played.fleet = RollingFleet("a", "b", "c", looks=0)
    address = await begun(console, ALL)

    first, last = await console.get(address), await console.get(f"{address}?page=99999")

    assert first.text.count('name="server"') == 2
    assert "page 1 of 2" in first.text
    assert 'id="page-next"' in first.text
    assert "page 2 of 2" in last.text
    assert 'id="page-next"' not in last.text


@pytest.mark.parametrize("path", ["/apply/7", "/apply/7/part", "/apply/x", "/apply/²"])
async def test_a_roll_that_is_not_kept_is_said(path: str, console: BrowserAtConsole) -> None:
    answer = await console.get(path)

    assert answer.status == 404
    assert "this roll is not kept any more" in answer.text


async def test_a_sign_out_leaves_what_rolls_to_kubernetes(
    console: BrowserAtConsole, played: RollingCluster
) -> None:
    played.fleet = RollingFleet("crm", "search", looks=1000)
    address = await begun(console, ALL)
    stored = asyncio.Event()
    played.fleet.before_patch = lambda _: stored.set()
    await console.post(f"{address}/roll", {})
    roll = runs(console)[0].roll[0]
    await stored.wait()

    await console.post("/sign-out", {})

    assert roll.state == ENDED
    assert played.fleet.rolled == ["crm"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_others_have_written_changes_no_structure(
    text: str, console: BrowserAtConsole, played: RollingCluster
) -> None:
    async def shown(said: str) -> Answered:
        played.fleet = RollingFleet("crm", looks=0)
        address = await begun(console, ALL)
        played.fleet.clusters["crm"].answers = [Invalid(422, "Invalid", said)]
        await rolled(console, address)
        return await console.get(address)

    harmless, hostile = await shown("harmless"), await shown(text)

    assert structure(hostile.text) == structure(harmless.text)


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_address_of_others_changes_no_structure(
    text: str, console: BrowserAtConsole
) -> None:
    form = {**ALL, "scope": "selection", "timeout": "x", "namespace": "x", "server": "x"}

    harmless = await console.post("/apply", form)
    hostile = await console.post(
        "/apply", {**form, "timeout": text, "namespace": text, "server": text}
    )

    assert (harmless.status, hostile.status) == (422, 422)
    assert structure(hostile.text) == structure(harmless.text)
