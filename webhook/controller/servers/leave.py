"""What was made for a Deployment that is no server any more goes, once it has rolled."""

import json

from webhook.controller.cluster_state import ClusterState, Key
from webhook.controller.owned import object_keys
from webhook.controller.owned.owned_objects import SECRET
from webhook.controller.owned.owner import Owner
from webhook.controller.owned.writer import Writer
from webhook.controller.servers.observed import observe_deployment, rolled
from webhook.kube.api import Api
from webhook.kube.errors import NotFound
from webhook.kube.paths import namespaced

AGAIN = 2.0


async def clean_up(api: Api, view: ClusterState, writer: Writer, key: Key) -> float | None:
    """Delete what is ours, except a Secret that the template names; or say when to come again."""
    former = object_keys.former_service_key(key.namespace, key.name)
    there = [
        place
        for place in [*object_keys.keys_of_server(key.namespace, key.name), former]
        if (live := writer.live(place)) and live.owner == key.name and not live.going
    ]
    if not there:
        return None
    try:
        found = await api.get(namespaced("apps/v1", "deployments", key.namespace, key.name))
    except NotFound:
        return None
    kept = observe_deployment(found, view.settings, managed=view.managed(key.namespace))
    if kept is not None and kept.covered:
        return None
    if not rolled(found):
        return AGAIN
    uid, template = found["metadata"]["uid"], json.dumps(found["spec"]["template"])
    for place in there:
        if place.kind != SECRET.kind or f'"{place.name}"' not in template:
            await writer.take_away(place, Owner(uid, alone=place == former))
    return None
