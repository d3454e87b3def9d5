"""Reports: one for each server, written when what the rules say about it has changed.

What they say is known from the judgement of the watch, as a digest alone: ten thousand servers
would else be kept twice. One whose digest differs from that of its report is read and judged once
more, and written. A report belongs to its Deployment: when that is deleted, Kubernetes deletes it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from webhook import kube, names
from webhook.admission import Drift, Scope
from webhook.kube import Api, Controller, NamespacedName, Queue
from webhook.objects import (
    ReportApi,
    ReportedServer,
    build_report,
    report_digest,
    report_results,
)
from webhook.observe.metrics import ControllerMetrics
from webhook.policy_reports.live_reports import LiveReport, LiveReports
from webhook.settings import Settings

RECONCILER, WORKERS, RECONCILE_SECONDS = "report", 2, 60.0
# What changes twice at once is written once.
SETTLED = 1.0

Json = dict[str, Any]


class KnownServers(NamedTuple):
    """What is known of the servers of a cluster, asked by namespace or by namespace and name.

    `here`: whether anything may be written. `covers`: whether a Deployment is known to be a server.
    `pods`: the state of its pods, where these are judged. `judge`: what rolling a Deployment would
    do, None where that cannot be said. `synced` is set once every server was judged.
    """

    settings: Callable[[str], Settings]
    scope: Callable[[str], Scope]
    here: Callable[[str], bool]
    covers: Callable[[str, str], bool]
    pods: Callable[[str, str], str]
    judge: Callable[[Json, Settings, Scope], Awaitable[Drift | None]]
    synced: asyncio.Event


class ReportReconciler:
    """Reconciles the report of one server at a time; it listens to what becomes of each."""

    def __init__(
        self,
        api: Api,
        servers: KnownServers,
        watched: Sequence[str],
        metrics: ControllerMetrics,
    ) -> None:
        self._api, self._servers = api, servers
        self._queue: Queue[NamespacedName] = Queue(most=1)
        self._digests: dict[tuple[str, str], str] = {}
        # Where pods are judged, nothing is said before they were.
        self._of_known_pods: set[str] = set()
        self._reports = LiveReports(api, watched, metrics, self._ask, self.ask_for_all)
        self.controller: Controller[NamespacedName] = Controller(
            RECONCILER, self, self._queue, metrics, WORKERS, seconds=RECONCILE_SECONDS
        )

    async def run(self) -> None:
        """Follow the reports that there are, until cancelled; every server is known before."""
        await self._reports.look_ahead()
        await self._servers.synced.wait()
        await self._reports.run()

    def judged(self, found: Json, seen: Drift | None) -> None:
        """Take down what the rules say about a server now; not while nobody could read of it.

        Once somebody can, it is judged for its report.
        """
        server, digest = _server(found), ""
        place = server.namespace, server.name
        if not self._reports.absent:
            digest = report_digest(server, self._results(server, seen))
        if self._digests.get(place) != digest:
            self._digests[place] = digest
            self._ask(*place)

    def forgotten(self, namespace: str, name: str) -> None:
        """It is no server any more."""
        known = self._digests.pop((namespace, name), None) is not None
        if known and self._reports.offered is not None:
            self._queue.add(NamespacedName(namespace, name), SETTLED)

    def pods_judged(self, namespace: str, changed: Sequence[str]) -> None:
        """The pods of a namespace were judged; these of its Deployments have another verdict."""
        first = namespace not in self._of_known_pods
        self._of_known_pods.add(namespace)
        # Once for each namespace.
        servers = [name for place, name in self._digests if place == namespace] if first else ()
        for name in servers or changed:
            if (namespace, name) in self._digests:
                self._digests[namespace, name] = ""
                self._ask(namespace, name)

    def ask_for_all(self) -> None:
        """Look at every server, and at every report."""
        for place in self._digests:
            self._queue.add(NamespacedName(*place))
        for namespace, name in self._reports.cache:
            live = self._reports.cache.get(namespace, name)
            if live is not None:
                self._queue.add(NamespacedName(namespace, live.server))

    async def reconcile(self, key: NamespacedName) -> None:
        """Let the report say what the rules say; none is written that says it already."""
        reports, live = self._reports.offered, self._reports.of(key)
        if reports is None or not self._servers.here(key.namespace):
            return
        if not (
            self._servers.settings(key.namespace).fills_templates
            or key.namespace in self._of_known_pods
        ):
            return
        digest = self._digests.get((key.namespace, key.name))
        if digest is None:
            if live is not None and not self._servers.covers(*key):
                await self._delete(reports, key, live)
        elif live is None or live.digest != digest:
            written = await self._write(reports, key, live)
            # It may have been judged again by now.
            if written is not None and self._digests.get((key.namespace, key.name)) == digest:
                self._digests[key.namespace, key.name] = written

    async def _write(
        self, reports: ReportApi, key: NamespacedName, live: LiveReport | None
    ) -> str | None:
        """Let the report be as the server is now; returns its digest, None without a server."""
        try:
            found = await self._api.get(kube.namespaced("apps/v1", "deployments", *key))
        except kube.NotFound:
            return None
        settings, scope = self._servers.settings(key.namespace), self._servers.scope(key.namespace)
        server, seen = _server(found), await self._servers.judge(found, settings, scope)
        results = self._results(server, seen)
        digest = report_digest(server, results)
        if live is None or live.digest != digest:
            seconds = int(self._api.server_time().timestamp())
            await self._put(reports, key, live, build_report(reports, server, results, seconds))
        return digest

    def _results(self, server: ReportedServer, seen: Drift | None) -> list[Json]:
        enforced = self._servers.settings(server.namespace).enforced
        pods = self._servers.pods(server.namespace, server.name)
        return report_results(server, seen, pods=pods, enforced=enforced)

    async def _put(
        self, reports: ReportApi, key: NamespacedName, live: LiveReport | None, body: Json
    ) -> None:
        """Create the report, or replace the one that was seen."""
        try:
            if live is None:
                folder = kube.namespaced(reports.version, reports.resource, key.namespace)
                self._reports.cache.put(await self._api.create(folder, body))
            else:
                await self._replace(reports, key, live.version, body)
        except (kube.AlreadyExists, kube.Conflict):
            # Somebody else has written to it, who may have taken our label away.
            there = await self._api.get(_path(reports, key))
            await self._replace(reports, key, there["metadata"]["resourceVersion"], body)

    async def _replace(
        self, reports: ReportApi, key: NamespacedName, version: str, body: Json
    ) -> None:
        body["metadata"]["resourceVersion"] = version
        self._reports.cache.put(await self._api.replace(_path(reports, key), body))

    async def _delete(self, reports: ReportApi, key: NamespacedName, live: LiveReport) -> None:
        """Delete the report of what is no server any more; of what is gone, Kubernetes does."""
        with suppress(kube.NotFound):
            await self._api.get(kube.namespaced("apps/v1", "deployments", *key))
            await self._api.delete(_path(reports, key), resource_version=live.version)

    def _ask(self, namespace: str, name: str) -> None:
        if self._reports.offered is not None:
            self._queue.add(NamespacedName(namespace, name), SETTLED)


def _server(found: Json) -> ReportedServer:
    metadata = found["metadata"]
    return ReportedServer(metadata["namespace"], metadata["name"], metadata["uid"])


def _path(reports: ReportApi, server: NamespacedName) -> str:
    """The path of the report of a server."""
    name = names.report_of(server.name)
    return kube.namespaced(reports.version, reports.resource, server.namespace, name)
