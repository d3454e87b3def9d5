"""What one may do is asked once a minute, and never guessed."""

import asyncio

import pytest

from tests.console.played_cluster import ACCESS, PlayedCluster
from webhook.console.frame import rights as module
from webhook.console.frame.rights import LONGEST_NAME, REMEMBERED_SECONDS, Right, Rights
from webhook.kube import Api, ApiError

LIST = Right("list", "apps", "deployments", "team-a")
PATH = f"/apis/authorization.k8s.io/v1{ACCESS}"


async def test_the_api_server_decides(played: PlayedCluster, api: Api) -> None:
    played.forbidden.add(("delete", "deployments"))
    rights = Rights(api)

    assert await rights.may(LIST)
    assert not await rights.may(LIST._replace(verb="delete"))


async def test_an_answer_is_remembered_for_a_minute(played: PlayedCluster, api: Api) -> None:
    now = 0.0
    rights = Rights(api, lambda: now)
    assert all(await asyncio.gather(rights.may(LIST), rights.may(LIST)))
    assert played.asked(ACCESS) == 1

    played.forbidden.add(("list", "deployments"))
    now = REMEMBERED_SECONDS - 1
    assert await rights.may(LIST)
    now = REMEMBERED_SECONDS
    assert not await rights.may(LIST)


async def test_no_answer_is_an_error_and_not_remembered(played: PlayedCluster, api: Api) -> None:
    rights = Rights(api)
    played.failures[PATH] = (500, "InternalError")
    with pytest.raises(ApiError):
        await rights.may(LIST)

    del played.failures[PATH]

    assert await rights.may(LIST)


async def test_the_oldest_answer_makes_room(
    played: PlayedCluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
    rights = Rights(api)
    for namespace in ("a", "b", "c", "c", "a"):
        await rights.may(LIST._replace(namespace=namespace))

    assert played.asked(ACCESS) == 4
    assert len(rights._answers) == 2


async def test_closing_forgets(played: PlayedCluster, api: Api) -> None:
    rights = Rights(api)
    await rights.may(LIST)
    await rights.close()
    await rights.may(LIST)

    assert played.asked(ACCESS) == 2


@pytest.mark.parametrize("part", ["namespace", "name"])
async def test_what_nothing_can_be_called_is_not_asked_and_takes_no_room(
    played: PlayedCluster, api: Api, part: str
) -> None:
    rights = Rights(api)

    assert not await rights.may(LIST._replace(**{part: "a" * (LONGEST_NAME + 1)}))
    assert (played.asked(ACCESS), len(rights._answers)) == (0, 0)
    assert await rights.may(LIST._replace(**{part: "a" * LONGEST_NAME}))
