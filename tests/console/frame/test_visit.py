"""What a handler gets: who asks, what they may, and the fields of their form."""

from multidict import MultiDict

from tests.console.conftest import Opened
from tests.console.played_cluster import ACCESS, PlayedCluster
from webhook.console.frame.page import Page, Route
from webhook.console.frame.visit import Visit

SEEN: list[Visit] = []


async def look(visit: Visit) -> Page:
    SEEN.append(visit)
    return Page("error.html", {"title": "", "sentence": "", "next_step": "", "home": "/"})


ROUTES = [Route("GET", "/look", look), Route("POST", "/look", look)]


async def test_it_is_who_asks_and_what_was_typed(
    open_console: Opened, played: PlayedCluster
) -> None:
    console = await open_console(ROUTES)
    await console.sign_in()
    SEEN.clear()

    await console.get("/look", HX_Request="true")
    await console.post("/look", [("a", "1"), ("a", " ü "), ("b", "")])

    read, sent = SEEN
    assert (read.person.name, read.places.service) == ("alice", "mcp-admission")
    assert read.person is sent.person
    assert read.live is sent.live
    assert (read.refreshes, sent.refreshes) == (True, False)
    assert (read.form, sent.form) == (MultiDict(), MultiDict([("a", "1"), ("a", " ü "), ("b", "")]))
    assert read.api.server == console.frame.sessions._api.server


async def test_rights_are_asked_once(open_console: Opened, played: PlayedCluster) -> None:
    played.forbidden.add(("delete", "secrets"))
    console = await open_console(ROUTES)
    await console.sign_in()
    SEEN.clear()
    await console.get("/look")
    (visit,) = SEEN

    assert await visit.may("list", "apps", "deployments")
    assert await visit.may("list", "apps", "deployments")
    assert not await visit.may("delete", "", "secrets", "team-a", "key", "status")
    assert played.asked(ACCESS) == 2
