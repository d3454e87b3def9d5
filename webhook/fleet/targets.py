"""The Deployments to restart: those that are named, or all that are not current.

A restart changes nothing below the mode `enforce`. So servers there are never among them.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from webhook import health, kube
from webhook.admission import (
    CURRENT,
    DEPLOYMENTS,
    PODS,
    STATES,
    Drift,
    drift_of,
    drift_of_pod,
)
from webhook.fleet import workloads
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


def path_of(target: Target) -> str:
    """The path of the Deployment."""
    return kube.namespaced(APPS, "deployments", *target)


def selector_of(found: Json) -> str:
    """The labels by which a Deployment selects its pods, as a query has them."""
    labels = (found["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


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
        current: dict[Target, bool] = {}
        by_pods: dict[Target, Drift] = {}
        below = Counter[str]()

        def take(server: Json) -> None:
            metadata = server["metadata"]
            if not self._is_server(server) or "deletionTimestamp" in metadata:
                return
            settings = self._settings.of(metadata["namespace"])
            if not settings.enforced:
                below[metadata["namespace"]] += 1
                return
            target, drift = Target(metadata["namespace"], metadata["name"]), self._drift(server)
            current[target] = drift.state == CURRENT
            if current[target] and not settings.fills_templates:
                by_pods[target] = drift

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
        if by_pods:
            await self._judge_pods(by_pods, namespace)
            current |= {target: drift.state == CURRENT for target, drift in by_pods.items()}
        outdated = [target for target, is_current in current.items() if not is_current]
        return Outdated(outdated, len(current) - len(outdated), dict(below))

    def runtime_class(self, server: Json) -> str:
        """The runtime class that new pods of this template name; empty without one."""
        settings = self._settings.of(server["metadata"]["namespace"])
        given = "" if settings.fills_templates else settings.mcp_server_defaults.runtime_class_name
        return str(server["spec"]["template"]["spec"].get("runtimeClassName") or given or "")

    async def drift(self, server: Json) -> Drift:
        """What a restart would change or refuse now, also by its pods where they are filled in."""
        drift = await self.drift_of_template(server)
        return drift if drift.state != CURRENT else await self.drift_of_pods(server)

    async def drift_of_pods(self, server: Json) -> Drift:
        """The worst drift of its pods where they are filled in instead of the template."""
        metadata, current = server["metadata"], Drift(CURRENT)
        if self._settings.of(metadata["namespace"]).fills_templates:
            return current
        target = Target(metadata["namespace"], metadata["name"])
        by_pods = {target: current}
        await self._judge_pods(by_pods, target.namespace, selector_of(server))
        return by_pods[target]

    async def drift_of_template(self, server: Json) -> Drift:
        """What a restart would change or refuse now, by the Deployment alone."""
        await self._read_namespace(server["metadata"]["namespace"])
        return self._drift(server)

    async def _judge_pods(
        self, found: dict[Target, Drift], namespace: str | None, labels: str = ""
    ) -> None:
        """Put the worst drift of their pods in the place of those that were found."""

        def take(pod: Json) -> None:
            key = workloads.deployment_of(pod)
            target = Target(key.namespace, key.name) if key else None
            gone = "deletionTimestamp" in pod["metadata"] or health.has_ended(pod)
            if target not in found or gone or self._around.server(pod, PODS) is None:
                return
            settings = self._settings.of(target.namespace)
            drift = drift_of_pod(pod, settings, self._around.scope(target.namespace))
            found[target] = max(found[target], drift, key=_badness)

        everywhere = kube.cluster_wide("v1", "pods")
        path = kube.namespaced("v1", "pods", namespace) if namespace else everywhere
        await self._api.list_each(path, take, label_selector=labels)

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


def _badness(drift: Drift) -> int:
    return STATES.index(drift.state)
