"""What keeps the cluster state as the API server has it: an informer for each kind of object.

A controller that is kept to some namespaces needs no ClusterRole. Each of its informers follows one
namespace, and a Namespace is read by its name again and again: a Role in a namespace can allow its
holder to read that very Namespace, but not to list or watch it. Where Secrets are never copied, the
controller has no right to them, and follows none.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from webhook import kube, names
from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.installation import NOT_OWN, OWN
from webhook.controller.namespace_state import NamespaceState
from webhook.controller.owned import FOLLOWED, KINDS, POLICY, SECRET, Kind
from webhook.observe.metrics import ControllerMetrics

SECONDS_BETWEEN_READS = 5.0
# A Secret may have a MiB.
SECRETS_A_PAGE = 50
FOREIGN: dict[str, Any] = {"label_selector": NOT_OWN, "metadata_only": True}


class NamespaceReader:
    """Reads a namespace by its name, and keeps the cache as it is; `synced` once all were read."""

    def __init__(
        self, api: kube.Api, namespaces: Sequence[str], cache: kube.Cache[NamespaceState]
    ) -> None:
        self.synced = asyncio.Event()
        self._api, self._cache, self._unread = api, cache, set(namespaces)

    async def reconcile(self, namespace: str) -> float:
        """Read it; returns when to read it again."""
        try:
            self._cache.put(await self._api.get(kube.cluster_wide("v1", "namespaces", namespace)))
        except kube.NotFound:
            self._cache.drop("", namespace)
        self._unread.discard(namespace)
        if not self._unread:
            self.synced.set()
        return SECONDS_BETWEEN_READS


class ClusterInformers:
    """The informers of a cluster state.

    `watched` are the namespaces to follow, none for all; `secrets` is whether Secrets are followed.
    `isolation_synced` is set when all is known that gates and namespaces need, `synced` when
    everything is. Deployments may be large, and wait for nobody else's turn.
    """

    def __init__(
        self,
        api: kube.Api,
        state: ClusterState,
        watched: Sequence[str],
        metrics: ControllerMetrics,
        *,
        secrets: bool,
    ) -> None:
        self.isolation_synced, self.synced = asyncio.Event(), asyncio.Event()
        self._api, self._state, self._watched, self._metrics = api, state, watched, metrics
        self._secrets = secrets
        self._deployments = self._informers(
            state.deployments,
            self._list_watches("apps/v1", "deployments", settled=state.judge.judge_all),
        )

    async def run(self) -> None:
        """Follow everything until cancelled; `synced` is set when all is known."""
        state = self._state
        async with asyncio.TaskGroup() as group:
            # What is kept of other objects depends on which namespaces are managed.
            await self._follow_namespaces(group)
            await self._follow(group, [*self._of_isolation()])
            self.isolation_synced.set()
            state.managed_when_listed = frozenset(
                name for _, name in state.namespaces if state.scope(name) is Scope.MANAGED
            )
            await self._follow(group, [*self._deployments, *self._others()])
            self.synced.set()

    async def judge_deployments_again(self) -> None:
        """List every Deployment again: what is kept of one depends on the settings."""
        self._state.deployments.doubt()
        for each in self._deployments:
            each.relist()
        for each in self._deployments:
            await each.synced.wait()

    async def _follow(
        self, group: asyncio.TaskGroup, informers: Sequence[kube.Informer[Any]]
    ) -> None:
        for each in informers:
            group.create_task(each.run())
        for each in informers:
            await each.synced.wait()

    async def _follow_namespaces(self, group: asyncio.TaskGroup) -> None:
        cache = self._state.namespaces
        if not self._watched:
            path = kube.cluster_wide("v1", "namespaces")
            (informer,) = self._informers(cache, [kube.ListWatch("namespaces", path)])
            group.create_task(informer.run())
            await informer.synced.wait()
            return
        queue: kube.Queue[str] = kube.Queue()
        for each in self._watched:
            queue.add(each)
        reader = NamespaceReader(self._api, self._watched, cache)
        name, workers = "namespace-reader", len(self._watched)
        group.create_task(kube.Controller(name, reader, queue, self._metrics, workers).run())
        await reader.synced.wait()

    def _of_isolation(self) -> Iterator[kube.Informer[Any]]:
        pods = self._list_watches("v1", "pods", label_selector=names.SERVER)
        yield from self._informers(self._state.pods, pods)
        yield from self._made_and_foreign([POLICY])

    def _others(self) -> Iterator[kube.Informer[Any]]:
        if self._secrets:
            sources = self._list_watches("v1", "secrets", **FOREIGN)
            yield from self._informers(self._state.sources, sources)
        yield from self._made_and_foreign(
            kind
            for kind in KINDS.values()
            if kind is not POLICY and (self._secrets or kind is not SECRET)
        )

    def _made_and_foreign(self, kinds: Iterable[Kind]) -> Iterator[kube.Informer[Any]]:
        state = self._state
        for kind in kinds:
            if kind in FOLLOWED:
                theirs = self._list_watches(kind.api_version, kind.resource, **FOREIGN)
                yield from self._informers(state.foreign.caches[kind.kind], theirs)
            page = {"page": SECRETS_A_PAGE} if kind is SECRET else {}
            given = {"label_selector": OWN, **page}
            made = self._list_watches(kind.api_version, kind.resource, **given)
            yield from self._informers(state.made[kind.kind], made)

    def _informers(
        self, cache: kube.Cache[Any], sources: Sequence[kube.ListWatch]
    ) -> list[kube.Informer[Any]]:
        restarted = self._metrics.watch_restarted
        return [kube.Informer(self._api, each, cache, restarted) for each in sources]

    def _list_watches(self, version: str, resource: str, **given: Any) -> list[kube.ListWatch]:
        if not self._watched:
            return [kube.ListWatch(resource, kube.cluster_wide(version, resource), **given)]
        return [
            kube.ListWatch(
                resource, kube.namespaced(version, resource, each), partial(_is_in, each), **given
            )
            for each in self._watched
        ]


def _is_in(wanted: str, namespace: str, _: str) -> bool:
    return namespace == wanted
