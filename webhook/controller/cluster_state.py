"""Everything that is followed in the cluster, or in the namespaces that the controller is kept to.

Nothing is decided before every list is complete: what is not in a cache would be taken for gone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from webhook import names
from webhook.controller.gates import gate
from webhook.controller.namespaces.named_namespace import NamedNamespace
from webhook.controller.owned import object_kinds
from webhook.controller.owned.object_kinds import KINDS, SECRET, Live
from webhook.controller.servers import observed
from webhook.controller.servers.observed import Deployment
from webhook.kube.api import Api
from webhook.kube.api_request import FIELD_MANAGER
from webhook.kube.cache import Cache
from webhook.kube.paths import cluster_wide, namespaced
from webhook.kube.queue import Queue
from webhook.kube.watch import Restarted, Source, Watch
from webhook.objects.made import POD_SECURITY_PREFIX, left_alone
from webhook.settings.model import Settings

Json = dict[str, Any]
OURS = f"{names.MANAGED_BY}={names.PRODUCT}"
NOT_OURS = f"{names.MANAGED_BY}!={names.PRODUCT}"


class Key(NamedTuple):
    """What is looked at: a server, a namespace or a pod, by name."""

    concern: str
    namespace: str
    name: str = ""


class Namespace(NamedTuple):
    """What is kept of a namespace; `applied`: some of its labels were applied by us."""

    uid: str
    managed: bool
    going: bool
    applied: bool
    labels: tuple[tuple[str, str], ...]


class Pod(NamedTuple):
    """What is kept of a pod of a server: the place of its gate, if it has one."""

    uid: str
    gate: int | None


class View:
    """The caches, and the queue that changes go to."""

    def __init__(
        self, settings: Settings, release_namespace: str, scope: Sequence[str], queue: Queue[Key]
    ) -> None:
        self.settings, self.release_namespace = settings, release_namespace
        self._scope, self._queue = scope, queue
        self._left_alone = left_alone(settings, release_namespace)
        self._complete = False
        self.namespaces: Cache[Namespace] = Cache(_namespace, self._namespace_changed)
        self.deployments: Cache[Deployment] = Cache(self._deployment, self._deployment_changed)
        self.pods: Cache[Pod] = Cache(self._pod, self._pod_changed)
        self.sources: Cache[str] = Cache(self._source, self._source_changed)
        self.made: dict[str, Cache[Live]] = {
            kind: Cache(partial(object_kinds.keep, each), self._made_changed)
            for kind, each in KINDS.items()
        }

    @property
    def writes_namespaces(self) -> bool:
        """Whether Namespaces get labels; kept to some, the controller leaves them to the chart."""
        return not self._scope

    def here(self, namespace: str) -> bool:
        """Whether anything may be written in this namespace now."""
        found = self.namespaces.get("", namespace)
        return found is not None and not found.going and namespace not in self._left_alone

    def managed(self, namespace: str) -> bool:
        """Whether everything in this namespace is a server."""
        found = self.namespaces.get("", namespace)
        return found is not None and found.managed and namespace not in self._left_alone

    def states(self) -> Iterator[str]:
        """Of each server, whether it is as it would be if it rolled now."""
        for namespace, name in self.deployments:
            found = self.deployments.get(namespace, name)
            if found is not None and found.covered:
                yield found.state

    async def follow(self, api: Api, restarted: Restarted, synced: asyncio.Event) -> None:
        """Follow everything until cancelled; `synced` is set when all is known."""
        async with asyncio.TaskGroup() as group:
            # What is kept of others depends on which namespaces are managed.
            first = self._namespaces(api, restarted)
            for each in first:
                group.create_task(each.run())
            for each in first:
                await each.synced.wait()
            rest = [
                watch
                for cache, sources in self._sources()
                for watch in self._watches(api, restarted, cache, sources)
            ]
            for watch in rest:
                group.create_task(watch.run())
            for watch in rest:
                await watch.synced.wait()
            self._complete = True
            self.ask_for_all()
            synced.set()

    def ask_for_all(self) -> None:
        """Look at everything."""
        for _, name in self.namespaces:
            self._queue.add(Key("namespace", name))
        for namespace, name in self.deployments:
            self._queue.add(Key("server", namespace, name))
        for cache in self.made.values():
            for namespace, name in cache:
                made = cache.get(namespace, name)
                if made is not None and made.owner:
                    self._queue.add(Key("server", namespace, made.owner))
        for namespace, name in self.pods:
            self._queue.add(Key("pod", namespace, name))

    def ask_for_waiting(self, namespace: str) -> None:
        """Look at the pods that wait in a namespace: its policy is there."""
        for name, pod in self.pods.within(namespace):
            if pod.gate is not None:
                self._queue.add(Key("pod", namespace, name))

    def _namespaces(
        self, api: Api, restarted: Restarted
    ) -> Sequence[Watch[Namespace] | NamedNamespace]:
        if not self._scope:
            path = cluster_wide("v1", "namespaces")
            return [Watch(api, Source("namespaces", path), self.namespaces, restarted)]
        return [NamedNamespace(api, each, self.namespaces, restarted) for each in self._scope]

    def _watches(
        self, api: Api, restarted: Restarted, cache: Any, sources: list[Source]
    ) -> list[Watch[Any]]:
        return [Watch(api, source, cache, restarted) for source in sources]

    def _sources(self) -> Iterator[tuple[Any, list[Source]]]:
        yield self.deployments, self._of("apps/v1", "deployments")
        yield self.pods, self._of("v1", "pods", label_selector=names.SERVER)
        metadata = {"label_selector": NOT_OURS, "metadata_only": True}
        yield self.sources, self._of("v1", "secrets", **metadata)
        for kind in KINDS.values():
            # A Secret may have a MiB.
            page = {"page": 50} if kind is SECRET else {}
            given = {"label_selector": OURS, **page}
            yield self.made[kind.kind], self._of(kind.api_version, kind.resource, **given)

    def _of(self, version: str, resource: str, **given: Any) -> list[Source]:
        if not self._scope:
            return [Source(resource, cluster_wide(version, resource), **given)]
        return [
            Source(resource, namespaced(version, resource, each), partial(_is_in, each), **given)
            for each in self._scope
        ]

    def _deployment(self, found: Json) -> Deployment | None:
        namespace = found["metadata"]["namespace"]
        if namespace in self._left_alone:
            return None
        return observed.keep(found, self.settings, managed=self.managed(namespace))

    def _pod(self, found: Json) -> Pod | None:
        if found["metadata"]["namespace"] in self._left_alone:
            return None
        return Pod(found["metadata"]["uid"], gate.place(found))

    def _source(self, found: Json) -> str | None:
        metadata = found["metadata"]
        if metadata["namespace"] in self._left_alone:
            return None
        return f"{metadata['uid']} {metadata['resourceVersion']}"

    def _ask(self, *keys: Key) -> None:
        for key in keys if self._complete else ():
            self._queue.add(key)

    def _namespace_changed(
        self, _: str, name: str, was: Namespace | None, now: Namespace | None
    ) -> None:
        self._ask(Key("namespace", name))
        if was and now and was.managed != now.managed:
            for each, _kept in self.deployments.within(name):
                self._ask(Key("server", name, each))

    def _deployment_changed(
        self, namespace: str, name: str, was: Deployment | None, now: Deployment | None
    ) -> None:
        self._ask(Key("server", namespace, name))
        if was is None or now is None or was.covered != now.covered:
            self._ask(Key("namespace", namespace))

    def _pod_changed(self, namespace: str, name: str, was: Pod | None, now: Pod | None) -> None:
        if now is not None and now.gate is not None:
            self._ask(Key("pod", namespace, name))
        if was is None or now is None:
            self._ask(Key("namespace", namespace))

    def _source_changed(self, namespace: str, name: str, *_: str | None) -> None:
        if not self._complete:
            return
        for each, kept in self.deployments.within(namespace):
            if kept.config_from == name:
                self._ask(Key("server", namespace, each))

    def _made_changed(self, namespace: str, _: str, was: Live | None, now: Live | None) -> None:
        owners = {each.owner for each in (was, now) if each}
        self._ask(*(Key("server", namespace, each) for each in owners if each))
        if "" in owners:
            self._ask(Key("namespace", namespace))


def _is_in(wanted: str, namespace: str, _: str) -> bool:
    return namespace == wanted


def _namespace(found: Json) -> Namespace:
    metadata = found["metadata"]
    labels = metadata.get("labels") or {}
    ours = FIELD_MANAGER["fieldManager"]
    return Namespace(
        uid=metadata["uid"],
        managed=labels.get(names.MANAGED) == "true",
        going="deletionTimestamp" in metadata,
        applied=any(
            each.get("manager") == ours and each.get("operation") == "Apply"
            for each in metadata.get("managedFields") or []
        ),
        labels=tuple(
            sorted(each for each in labels.items() if each[0].startswith(POD_SECURITY_PREFIX))
        ),
    )
