"""A resource without a definition has no objects, and nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.kube.virtual_time import run
from webhook.controller.settings.followed import FollowedResource
from webhook.kube.cache import Cache
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.kube.informer import ListWatch

PATH = "/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions"
SOURCE = ListWatch("mcpserverexceptions", PATH)


class Cluster:
    """An API server that knows the resource once `errors` are over; each list is remembered."""

    def __init__(self, *errors: ApiError) -> None:
        self.errors, self.listed = list(errors), list[str]()

    async def list(self, path: str, *, field_selector: str) -> None:
        self.listed.append(field_selector)
        if self.errors:
            raise self.errors.pop(0)

    async def list_each(self, *_: Any, **__: Any) -> str:
        self.listed.append("")
        return "1"

    async def watch(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None


def followed(cluster: Any, changes: list[bool]) -> FollowedResource:
    cache: Cache[str] = Cache(str, lambda *_: None)
    found: FollowedResource

    def changed() -> None:
        changes.append(found.known)

    found = FollowedResource(cluster, SOURCE, cache, lambda *_: None, changed)
    return found


@pytest.mark.parametrize(
    ("error", "defined"),
    [(None, True), (NotFound(404, "NotFound", ""), False), (Forbidden(403, "Forbidden", ""), True)],
)
async def test_only_an_api_server_that_does_not_know_the_resource_has_none(
    error: ApiError | None, defined: bool
) -> None:
    cluster = Cluster(*([error] if error else []))

    assert await followed(cluster, []).is_defined() is defined
    assert cluster.listed == ["metadata.name=default"]


def test_it_is_known_without_a_definition_and_followed_once_there_is_one() -> None:
    cluster, changes = Cluster(*[NotFound(404, "NotFound", PATH)] * 2), list[bool]()

    async def main() -> None:
        resource = followed(cluster, changes)
        assert not resource.known
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await resource.run()

    run(main())
    assert changes == [True, True, True]
    assert cluster.listed == ["metadata.name=default"] * 3 + [""]
