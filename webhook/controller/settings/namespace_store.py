"""What users say about namespaces: the settings of each, and the exceptions that were granted.

Of a resource no more is kept than its merge and its status need, as text: ten thousand of them as
objects would be more memory than everything else together. Settings that are too long are not kept
at all, but what is wrong with them.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from webhook import kube
from webhook.controller.settings.followed import FollowedResource
from webhook.kube import NamespacedName
from webhook.settings import (
    API_VERSION,
    EXCEPTION_PLURAL,
    NAME,
    NAMESPACE_PLURAL,
    KeyFault,
    NamespaceLayer,
    Settings,
    namespace_layer,
    out_of_bounds,
)

SETTINGS = kube.ListWatch(
    NAMESPACE_PLURAL,
    kube.cluster_wide(API_VERSION, NAMESPACE_PLURAL),
    field_selector=f"metadata.name={NAME}",
)
EXCEPTIONS = kube.ListWatch(EXCEPTION_PLURAL, kube.cluster_wide(API_VERSION, EXCEPTION_PLURAL))

Json = dict[str, Any]


class StoredSettings(NamedTuple):
    """What is kept of the settings of a namespace: what they say, or why that is not read."""

    uid: str
    generation: int
    text: str
    problem: str | None
    status: Json

    def layer(self, cluster: Settings) -> NamespaceLayer:
        """What becomes of them under those of the cluster."""
        if self.problem is not None:
            return NamespaceLayer(cluster, {}, (KeyFault((), self.problem),))
        return namespace_layer(cluster, json.loads(self.text))


class StoredException(NamedTuple):
    """What is kept of an exception."""

    uid: str
    generation: int
    text: str
    status: Json

    @property
    def document(self) -> Json:
        """What its author wrote, and when it was made."""
        found: Json = json.loads(self.text)
        return found


class NamespaceStore:
    """All of them as they were last seen.

    `unread` are the keys of what has changed since somebody took them, an exception's without a
    namespace. `changed` is called when there is something in it, `put` with the key of what
    has another status, or is the settings of a namespace.
    """

    def __init__(
        self,
        api: kube.Api,
        restarted: kube.Restarted,
        changed: Callable[[], None],
        put: Callable[[NamespacedName], None],
    ) -> None:
        self.unread: dict[NamespacedName, None] = {}
        self._api, self._changed, self._told = api, changed, put
        self.settings: kube.Cache[StoredSettings] = kube.Cache(_settings, self._put)
        self.exceptions: kube.Cache[StoredException] = kube.Cache(_exception, self._put)
        self._followed = [
            FollowedResource(api, source, cache, restarted, changed)
            for source, cache in ((SETTINGS, self.settings), (EXCEPTIONS, self.exceptions))
        ]

    @property
    def known(self) -> bool:
        """Whether all have been seen, or are known not to be there."""
        return all(each.known for each in self._followed)

    async def run(self) -> None:
        """Follow them until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self._followed:
                group.create_task(each.run())

    def stored(self, key: NamespacedName) -> StoredSettings | StoredException | None:
        """What is kept of one of them."""
        return self.settings.get(*key) if key.namespace else self.exceptions.get(*key)

    async def write_status(self, key: NamespacedName, uid: str, status: Json) -> None:
        """Let the very resource that was seen have this status; nothing where it is gone."""
        body = {"metadata": {"uid": uid}, "status": status}
        cache: kube.Cache[Any] = self.exceptions
        path = f"{EXCEPTIONS.path}/{key.name}/status"
        if key.namespace:
            cache = self.settings
            folder = kube.namespaced(API_VERSION, NAMESPACE_PLURAL, key.namespace)
            path = f"{folder}/{key.name}/status"
        with suppress(kube.NotFound):
            cache.put(await self._api.patch(path, body, kind="merge"))

    def _put(self, namespace: str, name: str, was: Any, now: Any) -> None:
        key = NamespacedName(namespace, name)
        same = was is not None and now is not None and was._replace(status=now.status) == now
        if same or namespace:
            self._told(key)
        if same:
            return
        self.unread[key] = None
        self._changed()


def _settings(found: Json) -> StoredSettings | None:
    metadata, spec = found["metadata"], found.get("spec") or {}
    if metadata["name"] != NAME:
        return None
    problem = out_of_bounds(spec)
    return StoredSettings(
        metadata["uid"],
        metadata.get("generation", 0),
        "" if problem else _packed(spec),
        problem,
        found.get("status") or {},
    )


def _exception(found: Json) -> StoredException:
    metadata = found["metadata"]
    kept = {key: metadata[key] for key in ("name", "creationTimestamp") if key in metadata}
    text = _packed({"metadata": kept, "spec": dict(found.get("spec") or {})})
    return StoredException(
        metadata["uid"], metadata.get("generation", 0), text, found.get("status") or {}
    )


def _packed(found: Json) -> str:
    return json.dumps(found, separators=(",", ":"))
