"""The Deployments to restart: those that are named, or all that are not current.

A restart changes nothing below the mode `enforce`. So servers there are never among them.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import CURRENT, DEPLOYMENTS, Drift, drift_of
from webhook.fleet.surroundings import Surroundings
from webhook.settings import SettingsByNamespace

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


class NotEnforced(Exception):  # noqa: N818 - it is about what was asked for
    """A namespace in which a rollout changes nothing, in one sentence."""

    def __init__(self, namespace: str, mode: str) -> None:
        super().__init__(
            f"the namespace {namespace} has the mode {mode}, in which a rollout changes nothing: "
            f"nothing was touched; `mcp-admission audit -n {namespace} --as enforce` shows what "
            "enforce would change"
        )


class Outdated(NamedTuple):
    """Servers that are not current, how many are, and how many are not judged, by namespace."""

    targets: list[Target]
    current: int
    below_enforce: dict[str, int]


class Targets:
    """The servers of a cluster, judged by these settings."""

    def __init__(
        self, api: kube.Api, settings: SettingsByNamespace, release_namespace: str
    ) -> None:
        self._api, self._settings = api, settings
        self._around = Surroundings(settings, release_namespace)
        self._asked: set[str] = set()

    async def named(self, namespace: str, names: Iterable[str]) -> list[Target]:
        """The servers of these names; raises NotServers unless each is one.

        Raises NotEnforced where the namespace is below enforce.
        """
        self._check_mode(namespace)
        found: dict[Target, None] = {}
        others: list[str] = []
        await self._read_namespace(namespace)
        for name in names:
            try:
                server = await self._api.get(kube.namespaced(APPS, "deployments", namespace, name))
            except kube.NotFound:
                others.append(f"Deployment {namespace}/{name} does not exist")
                continue
            if self._is_server(server):
                found[Target(namespace, name)] = None
            else:
                others.append(f"Deployment {namespace}/{name} is no MCP server")
        if others:
            raise NotServers(f"{'; '.join(others)}: nothing was touched")
        return list(found)

    async def outdated(self, namespace: str | None) -> Outdated:
        """All that are not current, in a namespace or in all.

        Raises NotEnforced where the namespace that is named is below enforce.
        """
        targets: list[Target] = []
        current, below = 0, Counter[str]()

        def take(server: Json) -> None:
            nonlocal current
            metadata = server["metadata"]
            if not self._is_server(server) or "deletionTimestamp" in metadata:
                return
            if not self._settings.of(metadata["namespace"]).enforced:
                below[metadata["namespace"]] += 1
            elif self._drift(server).state == CURRENT:
                current += 1
            else:
                targets.append(Target(metadata["namespace"], metadata["name"]))

        if namespace is None:
            await self._api.list_each(
                kube.cluster_wide("v1", "namespaces"), self._around.add_namespace
            )
            path = kube.cluster_wide(APPS, "deployments")
        else:
            self._check_mode(namespace)
            await self._read_namespace(namespace)
            path = kube.namespaced(APPS, "deployments", namespace)
        await self._api.list_each(path, take)
        return Outdated(targets, current, dict(below))

    async def drift(self, server: Json) -> Drift:
        """What a restart would change or refuse now."""
        await self._read_namespace(server["metadata"]["namespace"])
        return self._drift(server)

    def _drift(self, server: Json) -> Drift:
        namespace = server["metadata"]["namespace"]
        return drift_of(server, self._settings.of(namespace), self._around.scope(namespace))

    def _check_mode(self, namespace: str) -> None:
        settings = self._settings.of(namespace)
        if not settings.enforced:
            raise NotEnforced(namespace, settings.mode)

    def _is_server(self, found: Json) -> bool:
        excluded = self._around.excluded(found["metadata"]["namespace"])
        return self._around.server(found, DEPLOYMENTS) is not None and not excluded

    async def _read_namespace(self, namespace: str) -> None:
        """Learn whether it is managed; without the right to read it, only labels count."""
        if namespace in self._asked or self._around.knows(namespace):
            return
        self._asked.add(namespace)
        path = kube.cluster_wide("v1", "namespaces", namespace)
        try:
            self._around.add_namespace(await self._api.get(path))
        except kube.Forbidden:
            return
