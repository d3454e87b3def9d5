"""From the first page a namespace is rolled by whoever may; who sees one alone chooses it once."""

import pytest

from tests.console.conftest import Opened
from tests.console.pages.test_fleet_page import (
    OF_TEAM,
    current,
    fill,
    listing,
    older,
    opened,
    page,
)
from tests.console.played_cluster import PlayedCluster

NAMESPACE = "/api/v1/namespaces/team"
TRY = '<form method="post" action="/apply"'
RIGHT = ("patch", "deployments")


def of_one_team(played: PlayedCluster) -> None:
    """Who looks may list the Deployments of no namespace but `team`."""
    fill(played)
    played.objects |= {OF_TEAM: listing(older("old")), NAMESPACE: {"metadata": {"name": "team"}}}
    played.forbidden.add(("list", "deployments"))


async def test_a_namespace_is_tried_from_the_first_page(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("fine"), older("old"), older("bare", "shop"))
    played.objects |= {OF_TEAM: listing(older("old")), NAMESPACE: {"metadata": {"name": "team"}}}
    console = await opened(open_console)
    text = await page(console)

    assert TRY in text
    assert 'list="rollable"' in text
    assert '<option value="team">1 would change</option>' in text
    fields = {"scope": "namespace", "parallel": "1", "failures": "1", "rollback": "yes"}
    for name, value in fields.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    answer = await console.post("/apply", fields | {"namespace": "team"})
    assert answer.status == 303
    tried = await console.get(answer.headers["Location"])
    assert "outdated servers of namespace team" in tried.text


async def test_a_namespace_that_is_shown_needs_not_be_named(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, older("old"))
    text = await page(await opened(open_console), "/?namespace=team")

    assert '<input type="hidden" name="namespace" value="team">' in text
    assert "See what a roll of this namespace would change" in text
    assert 'id="rollable"' not in text


@pytest.mark.parametrize("address", ["/", "/?namespace=team"])
async def test_who_may_not_roll_is_offered_no_roll(
    open_console: Opened, played: PlayedCluster, address: str
) -> None:
    fill(played, older("old"))
    played.forbidden.add(RIGHT)

    assert TRY not in await page(await opened(open_console), address)


async def test_below_enforce_no_roll_is_offered(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, older("old"), mode="observe")

    assert TRY not in await page(await opened(open_console), "/?namespace=team")


async def test_a_namespace_of_the_list_leads_to_its_servers(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, older("old"))
    console = await opened(open_console)

    assert '<a id="in-1" href="/?namespace=team">team</a>' in await page(console)
    assert 'id="in-1"' not in await page(console, "/?namespace=team")


async def test_who_may_see_one_namespace_chooses_it_once(
    open_console: Opened, played: PlayedCluster
) -> None:
    of_one_team(played)
    console = await opened(open_console)
    assert "Choose a namespace" in (await console.get("/")).text
    text = await page(console, "/?namespace=team&state=current")

    assert 'Shown:\n<span class="name">namespace team</span>\n' in text
    assert '<a href="/?namespace=team">Show all servers</a>' in text
    again = await console.get("/?state=refused")
    assert (again.status, again.headers["Location"]) == (303, "/?namespace=team&state=refused")
    # A part of a page never becomes another page.
    assert "Choose a namespace" in (await console.get("/fleet", HX_Request="true")).text


async def test_a_namespace_that_is_not_there_is_not_chosen(
    open_console: Opened, played: PlayedCluster
) -> None:
    of_one_team(played)
    console = await opened(open_console)
    assert (await console.get("/?namespace=nowhere")).status == 404

    assert "Choose a namespace" in (await console.get("/")).text
