"""A part of a page is so many objects, how many more there are, or why there are none."""

from typing import Any

from tests.console.server_view.one_server import ServerCluster, event, secret
from tests.fleet.listed_cluster import FORBIDDEN
from webhook.console.server_view.bounded_reads import Part, event_time, read_events, read_part
from webhook.fleet.cluster_pages import ClusterPages


def pages(cluster: ServerCluster) -> ClusterPages:
    api: Any = cluster
    return ClusterPages(api, "team")


async def test_objects_are_kept_as_far_as_there_is_room() -> None:
    cluster = ServerCluster(secrets=[secret("KEY", name=str(at)) for at in range(250)])

    part = await read_part(pages(cluster), "secrets", "a=b", metadata_only=True)

    assert (len(part.items), part.more, part.unread) == (200, 50, "")
    assert cluster.asked == [("/api/v1/namespaces/team/secrets", "a=b")]
    assert await read_part(pages(cluster), "secrets", "", lambda _: False) == Part()


async def test_what_is_not_wanted_is_not_asked_for() -> None:
    cluster = ServerCluster()

    assert await read_part(pages(cluster), "secrets", "", wanted=False) == Part()
    assert cluster.asked == []


async def test_events_of_few_objects_are_asked_for() -> None:
    cluster = ServerCluster(events=[event("x")])
    pods = [{"metadata": {"name": str(at), "uid": str(at)}} for at in range(20)]

    await read_events(pages(cluster), None, pods, [])

    assert len(cluster.asked) == 6
    assert cluster.by_field["events"].startswith("regarding.uid=")


async def test_events_that_may_not_be_read_say_why() -> None:
    cluster = ServerCluster()
    cluster.failures["events"] = [FORBIDDEN]
    pods = [{"metadata": {"name": "a", "uid": "a"}}]

    assert (await read_events(pages(cluster), None, pods, [])).unread == "may not be listed"


def test_the_time_of_an_event_is_when_it_was_seen_last() -> None:
    first, last = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"

    assert event_time(event("x", eventTime=first)) == first
    assert event_time(event("x", eventTime=first, series={"lastObservedTime": last})) == last
    assert event_time(event("x", deprecatedLastTimestamp=last)) == last
    assert event_time({"metadata": {}}) == ""
