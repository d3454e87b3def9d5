"""The webhook configurations as they are followed, with and without the right to read them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from webhook.admission import Scope
from webhook.controller.installation import REGISTRATIONS_CONFIG_MAP, Installation
from webhook.controller.probe.followed_registrations import FollowedRegistrations
from webhook.controller.probe.registrations import ENTRIES, Registrations
from webhook.kube.errors import Forbidden

Json = dict[str, Any]
PLACES = Installation("mcp-admission", "system")
KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
ENTRY = {"name": ENTRIES[Scope.MANAGED], "failurePolicy": "Fail"}


class Cluster:
    """Lists and watches what it holds by resource; resources in `refused` may not be read."""

    def __init__(self) -> None:
        self.held: dict[str, list[Json]] = {}
        self.refused: set[str] = set()
        self.selected: list[tuple[str, str]] = []
        self.events: dict[str, asyncio.Queue[tuple[str, Json]]] = {}

    async def list_each(self, path: str, take: Callable[[Json], object], **given: Any) -> str:
        resource = path.rpartition("/")[2]
        if resource in self.refused:
            raise Forbidden(403, "Forbidden", path)
        self.selected.append((resource, given["field_selector"]))
        for each in self.held.get(resource, []):
            take(each)
        return "1"

    async def watch(self, path: str, **_: Any) -> Any:
        queue = self.events.setdefault(path.rpartition("/")[2], asyncio.Queue())
        while True:
            yield await queue.get()


def configuration(version: int, **changes: Any) -> Json:
    metadata = {"name": "mcp-admission", "resourceVersion": str(version)}
    return {"metadata": metadata, "webhooks": [{**ENTRY, **changes}]}


def config_map(text: str) -> Json:
    metadata = {"name": REGISTRATIONS_CONFIG_MAP, "namespace": "system", "resourceVersion": "1"}
    return {"metadata": metadata, "data": {f"{kind}.json": text for kind in KINDS}}


@pytest.fixture
def cluster() -> Cluster:
    found = Cluster()
    for kind in KINDS:
        found.held[f"{kind.lower()}s"] = [configuration(1, failurePolicy="Fail")]
    found.held["configmaps"] = [config_map(json.dumps([ENTRY]))]
    return found


async def followed(
    cluster: Any, *, readable: bool = True, then: Callable[[], object] = lambda: None
) -> tuple[Registrations, int]:
    """What is known after a while, and how often it was told that something has changed."""
    changes: list[None] = []
    found = FollowedRegistrations(
        cluster, PLACES, lambda *_: None, lambda: changes.append(None), readable=readable
    )
    task = asyncio.create_task(found.run())
    for _ in range(50):
        await asyncio.sleep(0)
    then()
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    return found.known, len(changes)


async def test_both_configurations_are_followed_by_name_and_compared(cluster: Cluster) -> None:
    known, changes = await followed(cluster)

    assert known.compared
    assert known.differences(Scope.MANAGED) == []
    assert changes == 3
    assert sorted(cluster.selected) == [
        ("configmaps", "metadata.name=mcp-admission-registrations"),
        ("mutatingwebhookconfigurations", "metadata.name=mcp-admission"),
        ("validatingwebhookconfigurations", "metadata.name=mcp-admission"),
    ]


async def test_a_change_is_told_at_once_and_so_is_a_deletion(cluster: Cluster) -> None:
    def change() -> None:
        mutating, validating = (cluster.events[f"{kind.lower()}s"] for kind in KINDS)
        mutating.put_nowait(("MODIFIED", configuration(2, failurePolicy="Ignore")))
        validating.put_nowait(("DELETED", configuration(2)))

    known, changes = await followed(cluster, then=change)

    assert changes == 5
    assert [each.missing for each in known.differences(Scope.MANAGED)] == [True]
    assert known.present is not None
    assert set(known.present) == {KINDS[0]}


async def test_a_certificate_that_is_written_is_a_change_and_no_difference(
    cluster: Cluster,
) -> None:
    def change() -> None:
        written = configuration(2, clientConfig={"caBundle": "LS0t"})
        cluster.events[f"{KINDS[0].lower()}s"].put_nowait(("MODIFIED", written))

    known, changes = await followed(cluster, then=change)

    assert changes == 4
    assert known.differences(Scope.MANAGED) == []


async def test_what_may_not_be_read_is_not_known(cluster: Cluster) -> None:
    known, _ = await followed(cluster, readable=False)
    assert (known.present, known.installed is None) == (None, False)

    cluster.refused = {f"{KINDS[0].lower()}s"}
    known, _ = await followed(cluster)
    assert known.present is None


@pytest.mark.parametrize("text", ["{", "[{}]", None], ids=["no JSON", "no names", "no ConfigMap"])
async def test_without_a_config_map_that_can_be_read_nothing_is_compared(
    cluster: Cluster, text: str | None
) -> None:
    cluster.held["configmaps"] = [] if text is None else [config_map(text)]

    known, _ = await followed(cluster)

    assert known.installed is None
    assert not known.compared
