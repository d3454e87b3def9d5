"""What is deleted of a server: its former Service, and everything once it is no server any more.

The Service `<id>` of earlier versions is called `<id>-mcp` now. Clients in the cluster call it, so
it is kept for 30 days beside the new one, and an Event says so. Where another field manager has
written to it, it is released, and never deleted. What was made for a Deployment that is no server
any more is deleted once the Deployment has rolled. A former Service by which clients of the API
server would be led astray is deleted at once.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any, NamedTuple

from webhook import names
from webhook.controller import owned
from webhook.controller.cluster_state import ClusterState
from webhook.controller.deployment_state import observe_deployment, rolled
from webhook.kube import Api, NamespacedName, NotFound, namespaced

Json = dict[str, Any]
KEPT_SECONDS = 30 * 24 * 3600
REASON = "ServiceRenamed"


class KeptService(NamedTuple):
    """A former Service that is kept: for how many seconds, and the note of its Event."""

    seconds: float
    note: str


async def keep_former_service(
    api: Api, writer: owned.Writer, key: NamespacedName, uid: str, services: Sequence[Json]
) -> KeptService | None:
    """Keep the former Service as the new one is, let it go, or delete it when its time is over.

    `services` is the new one as it is wanted, if it is. None where there is nothing to wait for.
    """
    place, owner = owned.former_service_key(key.namespace, key.name), owned.Owner(uid, alone=True)
    live = writer.live(place)
    if live is None or live.going or not (owner.has(live) or owner.lost(live)):
        return None
    if place.name in names.REDIRECTING:
        await writer.take_away(place, owner)
        return None
    ends = _ends(writer, key, uid)
    seconds = ends - api.server_time().timestamp() if ends else inf
    if owner.lost(live) or seconds <= 0:
        await writer.take_away(place, owner)
        return None
    for each in services:
        former = {**each, "metadata": {**each["metadata"], "name": place.name}}
        # Somebody else may have written to it just now.
        with suppress(owned.NotOurs):
            await writer.put(former, owner)
    return KeptService(seconds, _note(key.name, ends)) if ends else None


def _ends(writer: owned.Writer, key: NamespacedName, uid: str) -> int | None:
    """When its time is over; None while the new one is not there, or leads nowhere."""
    new = writer.live(owned.keys_of_server(key.namespace, key.name)[0])
    there = new is not None and new.selects and owned.Owner(uid).has(new)
    return new.created + KEPT_SECONDS if new and there else None


def _note(name: str, ends: int) -> str:
    former, new = names.former_service_of(name), names.service_of(name)
    return (
        f"Service {former} is called {new} now: let clients call {new}; {former} is deleted on "
        f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"
    )


async def clean_up(
    api: Api, state: ClusterState, writer: owned.Writer, key: NamespacedName
) -> bool:
    """Delete what is ours, except a Secret that the template names.

    Returns whether that has to wait for a rollout; its end is a change of the Deployment.
    """
    former = owned.former_service_key(key.namespace, key.name)
    there = [
        place
        for place in [*owned.keys_of_server(key.namespace, key.name), former]
        if (live := writer.live(place)) and live.owner == key.name and not live.going
    ]
    if not there:
        return False
    try:
        found = await api.get(namespaced("apps/v1", "deployments", key.namespace, key.name))
    except NotFound:
        return False
    # It is followed from now on, though it may have no label any more.
    state.deployments.put(found)
    kept = observe_deployment(found, state.settings(key.namespace), state.scope(key.namespace))
    if kept is not None and kept.covered:
        return False
    if not rolled(found):
        return True
    uid, template = found["metadata"]["uid"], json.dumps(found["spec"]["template"])
    for place in there:
        if place.kind != owned.SECRET.kind or f'"{place.name}"' not in template:
            await writer.take_away(place, owned.Owner(uid, alone=place == former))
    return False
