"""What exists of what servers ask for is read by its name; what may not be read is not known."""

import asyncio
from typing import Any

from tests.fleet.listed_cluster import FORBIDDEN, Cluster
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.existing_parts import ExistingParts, WrittenSecret

PLACE = ("team", "a")
SECRET = {
    "metadata": {
        "name": "a",
        "namespace": "team",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [
            {"time": "2026-02-01T00:00:00Z", "fieldsV1": {"f:data": {".": {}, "f:k": {}}}},
            {"fieldsV1": {"f:data": {"f:l": {}}, "f:type": {}}},
        ],
    }
}


def read(cluster: Any, only: str | None = None, *sources: tuple[str, str]) -> ExistingParts:
    parts, pages = ExistingParts(), ClusterPages(cluster, only)

    async def everything() -> None:
        await parts.read_secrets(pages, {PLACE}, sources)
        await parts.read_classes(pages, asked=True)
        await parts.read_events(pages, "x", lambda _: None)
        await parts.read_events(pages, "y", lambda _: None)

    asyncio.run(everything())
    return parts


def test_secrets_are_listed_by_their_metadata_in_what_is_inspected() -> None:
    cluster = Cluster(secrets=[SECRET])
    parts = read(cluster, "team")

    assert (parts.secret(*PLACE), parts.secret("team", "b")) == (True, False)
    assert parts.written(*PLACE) is None
    assert parts.runtime_class("gvisor") is False
    assert cluster.metadata_only == {"secrets"}
    assert [path for path, _ in cluster.asked] == [
        "/api/v1/namespaces/team/secrets",
        "/apis/node.k8s.io/v1/runtimeclasses",
        "/apis/events.k8s.io/v1/namespaces/team/events",
        "/apis/events.k8s.io/v1/namespaces/team/events",
    ]


def test_of_a_source_it_is_known_when_it_was_written_and_which_keys_it_has() -> None:
    parts = read(Cluster(secrets=[SECRET]), None, PLACE)

    assert parts.written(*PLACE) == WrittenSecret("2026-02-01T00:00:00Z", frozenset("kl"))


def test_what_may_not_be_read_is_not_known_and_said_once() -> None:
    cluster = Cluster()
    cluster.failures = {
        each: [FORBIDDEN, FORBIDDEN] for each in ("secrets", "runtimeclasses", "events")
    }
    parts = read(cluster)

    known: list[object] = [parts.secret(*PLACE), parts.runtime_class("x"), parts.written(*PLACE)]
    assert known == [None] * 3
    assert [each.what for each in parts.unknown] == ["secrets", "runtimeclasses", "events"]


def test_nothing_is_read_where_nothing_is_asked_for() -> None:
    cluster: Any = Cluster()
    parts, pages = ExistingParts(), ClusterPages(cluster, None)
    asyncio.run(parts.read_secrets(pages, (), ()))
    asyncio.run(parts.read_classes(pages, asked=False))

    assert (cluster.asked, parts.secret(*PLACE)) == ([], None)
