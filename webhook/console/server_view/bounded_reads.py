"""Reads that are bounded: so many objects of a kind, how many more there are, or why none.

What may not be read is no empty list. Events are asked for object by object, because a namespace
may have thousands of others.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from webhook.console.bounded_text import bounded_text
from webhook.fleet.cluster_pages import ClusterPages

Json = dict[str, Any]
MOST_KEPT = 200
EVENTS_OF = 6
"""Objects whose Events are read: the workload, its newest ReplicaSet, and pods that wait."""


class Part(NamedTuple):
    """Objects of one kind; `unread` is why they may not be read, `more` how many are left out."""

    items: tuple[Json, ...] = ()
    unread: str = ""
    more: int = 0


async def read_part(  # noqa: PLR0913 - each is a part of one request
    pages: ClusterPages,
    resource: str,
    labels: str,
    belongs: Callable[[Json], bool] = lambda _: True,
    *,
    wanted: bool = True,
    metadata_only: bool = False,
) -> Part:
    """The objects of a resource in the namespace, as many as are kept; nothing unless wanted.

    The rest is counted. Raises ApiError where the API server does not answer.
    """
    kept: list[Json] = []
    count = 0

    def take(each: Json) -> None:
        nonlocal count
        if belongs(each):
            count += 1
            if len(kept) < MOST_KEPT:
                kept.append(each)

    if not wanted:
        return Part()
    why = await pages.read(pages.path(resource), take, labels, metadata_only=metadata_only)
    return Part(tuple(kept), bounded_text(why), count - len(kept))


async def read_events(
    pages: ClusterPages, found: Json | None, pods: Iterable[Json], revisions: Iterable[Json]
) -> Part:
    """The Events about the workload, its newest ReplicaSet and a few pods, the last first."""
    newest = sorted(revisions, key=lambda each: str(each["metadata"].get("creationTimestamp")))
    about = [*([] if found is None else [found]), *newest[-1:], *pods]
    uids = dict.fromkeys(str(each["metadata"].get("uid") or "") for each in about)
    asked = [each for each in uids if each][:EVENTS_OF]
    parts = await asyncio.gather(*(_events_about(pages, each) for each in asked))
    items = [event for part in parts for event in part.items]
    why = next((part.unread for part in parts if part.unread), "")
    items.sort(key=event_time, reverse=True)
    return Part(tuple(items[:MOST_KEPT]), why, sum(part.more for part in parts))


async def _events_about(pages: ClusterPages, uid: str) -> Part:
    kept: list[Json] = []
    path = pages.path("events.events.k8s.io")
    why = await pages.read(path, kept.append, fields=f"regarding.uid={uid}")
    kept.sort(key=event_time)
    shown = kept[-MOST_KEPT:]
    return Part(tuple(shown), bounded_text(why), len(kept) - len(shown))


def event_time(event: Json) -> str:
    """When an Event was seen last, as Kubernetes writes times."""
    series = event.get("series") or {}
    last = series.get("lastObservedTime") or event.get("deprecatedLastTimestamp")
    created = event["metadata"].get("creationTimestamp")
    return str(last or event.get("eventTime") or created or "")
