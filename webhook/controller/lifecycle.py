"""The controller while it leads: follow the cluster, and look at whatever changes."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence

from webhook.admission import drift
from webhook.controller.cluster_state import ClusterState, Key
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.gates.gate_reconciler import GateReconciler
from webhook.controller.namespaces.namespace_reconciler import NamespaceReconciler
from webhook.controller.owned.writer import Writer
from webhook.controller.servers.server_reconciler import ServerReconciler
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.kube.queue import Queue
from webhook.observe.controller_metrics import ReconcileMetrics
from webhook.settings.model import Settings

RESYNC_SECONDS = 600.0
COUNT_SECONDS = 2.0

LOG = logging.getLogger(__name__)


class Controller:
    """One time of leading; `scope` are the namespaces that it is kept to, none for all."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        release_namespace: str,
        scope: Sequence[str],
        metrics: ReconcileMetrics,
    ) -> None:
        self._api, self._metrics = api, metrics
        self._queue: Queue[Key] = Queue(self._failed)
        self._view = ClusterState(settings, release_namespace, scope, self._queue)

    async def run(self, instance: str, workers: int) -> None:
        """Work until cancelled; `instance` signs the Events."""
        synced = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._view.follow(self._api, self._restarted, synced))
            await synced.wait()
            LOG.info("all lists are complete", extra={"fields": {"keys": len(self._queue)}})
            writer, notes = Writer(self._api, self._view.made), EventRecorder(self._api, instance)
            servers = ServerReconciler(self._api, self._view, writer, notes)
            namespaces = NamespaceReconciler(self._api, self._view, writer, notes)
            gates = GateReconciler(self._api, writer, namespaces, notes)
            concerns = {
                "namespace": namespaces.reconcile,
                "server": servers.reconcile,
                "pod": gates.reconcile,
            }

            async def look(key: Key) -> float | None:
                clock = asyncio.get_running_loop().time
                began = clock()
                due = await concerns[key.concern](key)
                self._metrics.looked(key.concern, clock() - began)
                return due

            group.create_task(self._queue.work(look, workers))
            group.create_task(self._count(servers))
            group.create_task(notes.run())
            group.create_task(self._look_again())

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
            self._view.ask_for_all()

    async def _count(self, servers: ServerReconciler) -> None:
        while True:
            self._metrics.waiting(len(self._queue))
            states = Counter(self._view.states())
            counts = {state: states[state] for state in drift.STATES}
            refused = {"incomplete": len(servers.refused)}
            self._metrics.servers({"all": states.total(), **counts, **refused})
            await asyncio.sleep(COUNT_SECONDS)

    def _restarted(self, resource: str, _: str) -> None:
        self._metrics.restarted(resource)

    def _failed(self, key: Key, error: Exception) -> None:
        self._metrics.failed(key.concern)
        fields = {"concern": key.concern, "namespace": key.namespace, "name": key.name}
        if isinstance(error, ApiError):
            LOG.warning("is tried again", extra={"fields": {**fields, "reason": error.message}})
        else:
            LOG.error("is tried again", exc_info=error, extra={"fields": fields})
