"""The servers of the bench are what the console reads: current ones, and some that are older."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tools.bench.played_fleet import COUNTED, NAMESPACES, OLDER, PlayedFleet

DEPLOYMENTS = "/apis/apps/v1/deployments"
Played = TestClient[Any, Any]
SERVERS = 30


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    async with TestClient(TestServer(PlayedFleet(SERVERS).application())) as client:
        yield client


async def test_a_list_comes_in_pages_and_each_request_counts(played: Played) -> None:
    names, following = [], ""
    while True:
        asked = {"limit": "20", "continue": following}
        found = await (await played.get(DEPLOYMENTS, params=asked)).json()
        names += [each["metadata"]["name"] for each in found["items"]]
        if not (following := found["metadata"].get("continue", "")):
            break

    assert len({*names}) == SERVERS
    assert await (await played.get(COUNTED)).json() == {"GET deployments": 2}


async def test_metadata_alone_is_that_of_the_objects(played: Played) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    found = await (await played.get(f"{DEPLOYMENTS}?limit=500", headers=accept)).json()

    assert [*found["items"][0]] == ["metadata"]
    assert len(found["items"]) == SERVERS
    assert {each["metadata"]["namespace"] for each in found["items"]} == {
        f"team-{number}" for number in range(NAMESPACES)
    }


async def test_other_pods_are_none_and_other_objects_are_not_there(played: Played) -> None:
    others = await (await played.get("/api/v1/pods?limit=500&labelSelector=!a")).json()
    pods = await (await played.get("/api/v1/pods?limit=500&labelSelector=a")).json()

    assert (others["items"], len(pods["items"])) == ([], SERVERS)
    assert (await played.get("/api/v1/namespaces/a/services/b")).status == 404
    assert OLDER < SERVERS
