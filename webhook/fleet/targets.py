"""The servers to restart: the named ones, or all that are not current."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from webhook.admission import drift
from webhook.admission.drift import CURRENT, Drift
from webhook.admission.workload import DEPLOYMENTS
from webhook.fleet.surroundings import Surroundings
from webhook.kube.api import Api
from webhook.kube.api_request import cluster_wide, namespaced
from webhook.kube.errors import Forbidden, NotFound
from webhook.settings.model import Settings

Json = dict[str, Any]
APPS = "apps/v1"


class Target(NamedTuple):
    """A Deployment that is a server."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}"


class NotServers(Exception):  # noqa: N818 - it is about what was asked for
    """Names that are not those of servers, in one sentence."""


class Targets:
    """The servers of a cluster, judged by these settings."""

    def __init__(self, api: Api, settings: Settings, release_namespace: str) -> None:
        self._api, self._settings = api, settings
        self._around = Surroundings(settings, release_namespace)
        self._asked: set[str] = set()

    async def named(self, namespace: str, names: Iterable[str]) -> list[Target]:
        """The servers of these names; raises NotServers unless each is one."""
        found: dict[Target, None] = {}
        others: list[str] = []
        await self._read_namespace(namespace)
        for name in names:
            try:
                server = await self._api.get(namespaced(APPS, "deployments", namespace, name))
            except NotFound:
                others.append(f"Deployment {namespace}/{name} does not exist")
                continue
            if self._is_server(server):
                found[Target(namespace, name)] = None
            else:
                others.append(f"Deployment {namespace}/{name} is no MCP server")
        if others:
            raise NotServers(f"{'; '.join(others)}: nothing was touched")
        return list(found)

    async def outdated(self, namespace: str | None) -> tuple[list[Target], int]:
        """All that are not current, in a namespace or in all, and how many are."""
        targets: list[Target] = []
        current = 0

        def take(server: Json) -> None:
            nonlocal current
            metadata = server["metadata"]
            if self._is_server(server) and "deletionTimestamp" not in metadata:
                if self._drift(server).state == CURRENT:
                    current += 1
                else:
                    targets.append(Target(metadata["namespace"], metadata["name"]))

        if namespace is None:
            await self._api.list_each(cluster_wide("v1", "namespaces"), self._around.add_namespace)
            path = cluster_wide(APPS, "deployments")
        else:
            await self._read_namespace(namespace)
            path = namespaced(APPS, "deployments", namespace)
        await self._api.list_each(path, take)
        return targets, current

    async def drift(self, server: Json) -> Drift:
        """What a restart would change or refuse now."""
        await self._read_namespace(server["metadata"]["namespace"])
        return self._drift(server)

    def _drift(self, server: Json) -> Drift:
        managed = self._around.managed(server["metadata"]["namespace"])
        return drift.drift_of(server, self._settings, managed=managed)

    def _is_server(self, found: Json) -> bool:
        excluded = self._around.excluded(found["metadata"]["namespace"])
        return self._around.server(found, DEPLOYMENTS) is not None and not excluded

    async def _read_namespace(self, namespace: str) -> None:
        """Learn whether it is managed; without the right to read it, only labels count."""
        if namespace in self._asked or self._around.knows(namespace):
            return
        self._asked.add(namespace)
        try:
            self._around.add_namespace(
                await self._api.get(cluster_wide("v1", "namespaces", namespace))
            )
        except Forbidden:
            return
