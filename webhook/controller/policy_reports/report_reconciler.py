"""Reports: one for each server, written when what the rules say about it has changed.

What they say is known from the judgement of the watch, as a digest alone: ten thousand servers
would else be kept twice. One whose digest differs from that of its report is read and judged once
more, and written. A report belongs to its Deployment: when that is deleted, Kubernetes deletes it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from webhook import kube, names
from webhook.admission import Drift
from webhook.controller.cluster_state import ClusterState
from webhook.controller.drift_judge import drift_now
from webhook.controller.policy_reports.live_reports import LiveReport, LiveReports
from webhook.kube import Api, Controller, NamespacedName, Queue
from webhook.objects import (
    ReportApi,
    ReportedServer,
    build_report,
    report_digest,
    report_results,
)
from webhook.observe.metrics import ControllerMetrics

RECONCILER, WORKERS, RECONCILE_SECONDS = "report", 2, 60.0
# What changes twice at once is written once.
SETTLED = 1.0

Json = dict[str, Any]


class ReportReconciler:
    """Reconciles the report of one server at a time; it listens to the judge of the state."""

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        synced: asyncio.Event,
        watched: Sequence[str],
        metrics: ControllerMetrics,
    ) -> None:
        self._api, self._state, self._synced = api, state, synced
        self._queue: Queue[NamespacedName] = Queue(most=1)
        self._digests: dict[tuple[str, str], str] = {}
        self._reports = LiveReports(api, watched, metrics, self._ask, self.ask_for_all)
        self.controller: Controller[NamespacedName] = Controller(
            RECONCILER, self, self._queue, metrics, WORKERS, seconds=RECONCILE_SECONDS
        )
        state.judge.listener = self

    async def run(self) -> None:
        """Follow the reports that there are, until cancelled; every server is known before."""
        await self._synced.wait()
        await self._reports.run()

    def judged(self, found: Json, seen: Drift | None) -> None:
        """Take down what the rules say about a server now."""
        server = _server(found)
        place = server.namespace, server.name
        enforced = self._state.settings(server.namespace).enforced
        digest = report_digest(server, report_results(server, seen, enforced=enforced))
        if self._digests.get(place) != digest:
            self._digests[place] = digest
            self._ask(*place)

    def forgotten(self, namespace: str, name: str) -> None:
        """It is no server any more."""
        known = self._digests.pop((namespace, name), None) is not None
        if known and self._reports.offered is not None:
            self._queue.add(NamespacedName(namespace, name), SETTLED)

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
        if reports is None or not self._state.here(key.namespace):
            return
        digest = self._digests.get((key.namespace, key.name))
        if digest is None:
            found = self._state.deployment(*key)
            if live is not None and (found is None or not found.covered):
                await self._delete(reports, key, live)
        elif live is None or live.digest != digest:
            await self._write(reports, key, live)

    async def _write(
        self, reports: ReportApi, key: NamespacedName, live: LiveReport | None
    ) -> None:
        try:
            found = await self._api.get(kube.namespaced("apps/v1", "deployments", *key))
        except kube.NotFound:
            return
        settings, scope = self._state.settings(key.namespace), self._state.scope(key.namespace)
        server, seen = _server(found), await drift_now(found, settings, scope)
        results = report_results(server, seen, enforced=settings.enforced)
        body = build_report(reports, server, results, int(self._api.server_time().timestamp()))
        if live is not None and live.digest == body["metadata"]["annotations"][names.REPORT_DIGEST]:
            return
        await self._put(reports, key, live, body)

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
