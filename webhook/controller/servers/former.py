"""The Service `<id>` of earlier versions, which is called `<id>-mcp` now.

Clients in the cluster call it: it goes on for 30 days beside the new one, and an Event says so.
Where somebody else has written to it, it is theirs from now on: it is let go, and never deleted.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any, NamedTuple

from webhook import names
from webhook.controller.cluster_state import Key
from webhook.controller.owned import owned_objects
from webhook.controller.owned.owner import Owner
from webhook.controller.owned.write import NotOurs, Writer
from webhook.kube.api import Api

Json = dict[str, Any]
KEPT_SECONDS = 30 * 24 * 3600
REASON = "ServiceRenamed"


class Kept(NamedTuple):
    """A former Service that goes on: for how many seconds, and what is told of it."""

    seconds: float
    note: str


async def see_off(
    api: Api, writer: Writer, key: Key, uid: str, services: Sequence[Json]
) -> Kept | None:
    """Keep the former Service as the new one is, let it go, or delete it when its time is over.

    `services` is the new one as it is wanted, if it is. None where there is nothing to wait for.
    """
    place, owner = owned_objects.former_service(key.namespace, key.name), Owner(uid, alone=True)
    live = writer.live(place)
    if live is None or live.going or not (owner.has(live) or owner.lost(live)):
        return None
    ends = _ends(writer, key, uid)
    seconds = ends - api.server_time().timestamp() if ends else inf
    if owner.lost(live) or seconds <= 0:
        await writer.take_away(place, owner)
        return None
    for each in services:
        former = {**each, "metadata": {**each["metadata"], "name": place.name}}
        # Somebody else may have written to it just now.
        with suppress(NotOurs):
            await writer.put(former, owner)
    return Kept(seconds, _note(key.name, ends)) if ends else None


def _ends(writer: Writer, key: Key, uid: str) -> int | None:
    """When its time is over; None while the new one is not there, or leads nowhere."""
    new = writer.live(owned_objects.of_server(key.namespace, key.name)[0])
    there = new is not None and new.selects and Owner(uid).has(new)
    return new.created + KEPT_SECONDS if new and there else None


def _note(name: str, ends: int) -> str:
    former, new = names.former_service_of(name), names.service_of(name)
    return (
        f"Service {former} is called {new} now: let clients call {new}; {former} is deleted on "
        f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"
    )
