"""Identities differ in whatever an API server may decide by; a person keeps one of each kind."""

from typing import Any

import pytest

from tests.console.played_cluster import PlayedCluster
from webhook.console.frame.person import Identity, Person, SharedCredentials, read_identity
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.kube.access.credentials import FixedHeader

OF_TOKEN = "authentication.kubernetes.io/credential-id"


class Thing:
    def __init__(self, person: Person) -> None:
        self.person = person
        self.closings: list[str] = []

    async def close(self) -> None:
        self.closings.append(self.person.name)


class Broken(Thing):
    async def close(self) -> None:
        raise ValueError


async def test_the_api_server_says_who_it_is(played: PlayedCluster, api: Api) -> None:
    extra = {OF_TOKEN: ["JTI=1"], "scopes": ["a", "b"]}
    played.users[""] = {"username": "eve", "uid": "7", "groups": ["b", "a"], "extra": extra}

    found = await read_identity(api)

    assert found == Identity("eve", "7", ("a", "b"), (("scopes", ("a", "b")),))


@pytest.mark.parametrize(
    "more",
    [{"uid": "8"}, {"groups": ["a"]}, {"extra": {"scopes": ["a"]}}, {"username": "eva"}],
    ids=["uid", "groups", "extra", "name"],
)
async def test_whoever_differs_is_somebody_else(
    played: PlayedCluster, api: Api, more: dict[str, Any]
) -> None:
    base: dict[str, Any] = {"username": "eve", "uid": "7", "groups": [], "extra": {}}
    played.users[""] = base
    before = await read_identity(api)

    played.users[""] = base | more

    assert await read_identity(api) != before


async def test_who_is_not_known_is_an_error(played: PlayedCluster, api: Api) -> None:
    with pytest.raises(ApiError) as refused:
        await read_identity(api.acting_as(FixedHeader("Bearer unknown")))
    assert refused.value.status == 401


async def test_a_person_keeps_one_of_each_kind(api: Api) -> None:
    person = Person(Identity("eve"), api)
    thing = person.kept(Thing, Thing)

    assert person.kept(Thing, Thing) is thing
    assert thing.person is person
    broken = person.kept(Broken, Broken)
    assert isinstance(broken, Broken)

    with pytest.raises(ExceptionGroup):
        await person.close()
    assert thing.closings == ["eve"]
    assert person.kept(Thing, Thing) is not thing


async def test_what_is_common_is_that_of_all(api: Api) -> None:
    common: dict[type[list[int]], list[int]] = {}
    adam, eve = (Person(Identity(name), api, common) for name in ("adam", "eve"))

    assert adam.common(list, list) is eve.common(list, list)
    assert adam.common(list, list) is not Person(Identity("eve"), api).common(list, list)


async def test_shared_credentials_are_the_newest_or_none() -> None:
    shared = SharedCredentials()
    with pytest.raises(ConfigurationError, match="sign in again"):
        await shared.authorization()

    shared.add("first", FixedHeader("Bearer 1"))
    shared.add("second", FixedHeader("Bearer 2"))
    assert await shared.authorization() == "Bearer 2"

    shared.remove("second")
    shared.refused()
    assert await shared.authorization() == "Bearer 1"
