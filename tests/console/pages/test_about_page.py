"""The page that says which cluster this is, and who one is to it."""

import pytest

from tests.console.conftest import Opened
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure


async def about(open_console: Opened, played: PlayedCluster, name: str) -> str:
    played.users[""] = {"username": name, "uid": name, "groups": [name]}
    played.objects["/version"] = {"gitVersion": name}
    console = await open_console()
    await console.sign_in()
    answer = await console.get("/about")
    assert answer.status == 200
    return answer.text


async def test_it_names_cluster_versions_and_person(
    open_console: Opened, played: PlayedCluster
) -> None:
    text = await about(open_console, played, "alice-of-dev")

    for expected in ("alice-of-dev", "http://127.0.0.1:", "Service mcp-admission in namespace"):
        assert expected in text


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_name_changes_its_structure(
    open_console: Opened, played: PlayedCluster, name: str
) -> None:
    harmless = await about(open_console, played, "alice")
    text = await about(open_console, played, name)

    assert structure(text) == structure(harmless)
    assert "\u202e" not in text


async def test_many_groups_are_counted(open_console: Opened, played: PlayedCluster) -> None:
    played.users[""] = {"username": "a", "groups": [f"group-{at:03}" for at in range(150)]}
    played.objects["/version"] = {}
    console = await open_console()
    await console.sign_in()

    text = (await console.get("/about")).text

    assert "group-099" in text
    assert "group-100" not in text
    assert "and 50 more" in text


async def test_a_cluster_that_does_not_answer_is_explained(
    console: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures["/version"] = (500, "InternalError")

    answer = await console.get("/about")

    assert answer.status == 503
    assert "500 InternalError: as the test wants it" in answer.text
