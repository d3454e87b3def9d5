"""Everything that is made for servers: its reconcilers, and the cluster state that they work on.

No server is reconciled before every list is complete; gates and namespaces wait for pods and
policies alone. When the settings of the cluster change, every Deployment is judged again and
everything is looked at once more; when those of a namespace do, what is in it. No watch ends for
that.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.drift_judge import drift_now
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.gates.gate_reconciler import GateReconciler
from webhook.controller.informers import ClusterInformers
from webhook.controller.namespaces.namespace_reconciler import NamespaceReconciler
from webhook.controller.owned import Writer
from webhook.controller.pod_judge import PodJudge
from webhook.controller.server_states import FirstLook, StateReconciler
from webhook.controller.servers.server_reconciler import ServerReconciler
from webhook.controller.settings.effective import EffectiveSettings, differing_namespaces
from webhook.controller.settings.servers_told import DOWN
from webhook.health import FleetCounts
from webhook.kube import Api, Controller, NamespacedName, Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.policy_reports.report_reconciler import KnownServers, ReportReconciler
from webhook.settings import Level, Settings

RESYNC_SECONDS = 600.0
# A reconcile is some calls of ten seconds at most; that of a namespace may list its Deployments.
RECONCILE_SECONDS, NAMESPACE_SECONDS = 30.0, 300.0
COUNT_SECONDS = 2.0
# To open a gate is one short request; nearly all of the time it waits for the API server.
GATES_FOR_EACH_WORKER = 8
# The next leader waits for it. What is cut off is done again by that one.
SECONDS_TO_FINISH = 0.5

LOG = logging.getLogger(__name__)


class ServerControllers:
    """The controllers of namespaces, servers and gates, each with a queue and workers of its own.

    `watched` are the namespaces that the controller is kept to, none for all; `secrets` is whether
    it may follow Secrets there, `reports` whether it writes reports. `labelled` is called with a
    namespace that has another Pod Security level than before, or was not known. `counts` is how
    many servers there are of each state, None while that is not known; `counted` is called when
    others do not run, or for other reasons.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what each reconciler works with
        self,
        api: Api,
        effective: EffectiveSettings,
        release_namespace: str,
        watched: Sequence[str],
        recorder: EventRecorder,
        metrics: ControllerMetrics,
        workers: int,
        *,
        secrets: bool = True,
        reports: bool = False,
        labelled: Callable[[str], None] = lambda _: None,
        counted: Callable[[], None] = lambda: None,
    ) -> None:
        self.counts: FleetCounts | None = None
        self._api, self._effective, self._metrics, self._counted = api, effective, metrics, counted
        self._changed, self._stop = asyncio.Event(), asyncio.Event()
        openers = GATES_FOR_EACH_WORKER * workers
        # No namespace has all workers.
        of_servers: Queue[NamespacedName] = Queue(most=max(1, workers // 2))
        queues = Queues(Queue(), of_servers, Queue(most=openers // 2), Queue(), Queue())
        self._state = ClusterState(effective.by_namespace, release_namespace, watched, queues)
        self._informers = ClusterInformers(api, self._state, watched, metrics, secrets=secrets)
        writer = Writer(api, self._state.made)
        self._namespaces = NamespaceReconciler(api, self._state, writer, recorder, labelled)
        self._first_look = FirstLook()
        self._servers = ServerReconciler(api, self._state, writer, recorder, self._first_look.saw)
        pods = PodJudge(api, self._state)
        self._of_states = StateReconciler(
            api, self._state, recorder, self._servers.refused, secrets=secrets
        )
        gates = GateReconciler(api, writer, self._namespaces, recorder)
        self._controllers: list[Controller[Any]] = [
            Controller(name, reconciler, queue, metrics, count, seconds=seconds)
            for name, reconciler, queue, count, seconds in (
                ("pod", gates, queues.pods, openers, RECONCILE_SECONDS),
                ("namespace", self._namespaces, queues.namespaces, workers, NAMESPACE_SECONDS),
                ("server", self._servers, queues.servers, workers, RECONCILE_SECONDS),
                ("judged-pods", pods, queues.judged_pods, 1, NAMESPACE_SECONDS),
                ("state", self._of_states, queues.states, workers, RECONCILE_SECONDS),
            )
        ]
        self._reports: list[ReportReconciler] = []
        if reports:
            known = self._known_servers()
            self._reports = [ReportReconciler(api, known, watched, metrics)]
            (self._state.judge.listener,) = self._reports
        self._controllers += [each.controller for each in self._reports]

    @property
    def known(self) -> ClusterState | None:
        """The cluster state, once namespaces, pods and policies are known."""
        return self._state if self._informers.isolation_synced.is_set() else None

    def _known_servers(self) -> KnownServers:
        state = self._state
        return KnownServers(
            state.settings,
            state.scope,
            state.here,
            self._covers,
            state.judge.verdict_of_pods,
            drift_now,
            self._informers.synced,
        )

    def _covers(self, namespace: str, name: str) -> bool:
        found = self._state.deployment(namespace, name)
        return found is not None and found.covered

    def use(self, effective: EffectiveSettings) -> None:
        """Work by these settings from now on."""
        if effective.digest != self._effective.digest:
            self._effective = effective
            self._changed.set()

    def labelled(self, namespace: str) -> tuple[Level, Settings] | None:
        """By which Pod Security level pods are refused there, and what is set there.

        None while the namespaces are not known.
        """
        if not self._informers.isolation_synced.is_set():
            return None
        found = self._state.namespaces.get("", namespace)
        level = Level.PRIVILEGED if found is None else found.security.enforced
        return level, self._state.settings(namespace)

    def stop(self) -> None:
        """Let `run` finish what has begun, and return."""
        self._stop.set()

    async def run(self) -> None:
        """Work until stopped or cancelled."""
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(each)
                for each in (
                    self._informers.run(),
                    self._state.judge.run(),
                    self._follow_settings(),
                    self._count(),
                    self._resync(),
                    *(reports.run() for reports in self._reports),
                )
            ]
            working = [group.create_task(each.run()) for each in self._controllers]
            await self._stop.wait()
            for controller in self._controllers:
                controller.queue.shut_down()
            await asyncio.wait(working, timeout=SECONDS_TO_FINISH)
            for task in (*background, *working):
                task.cancel()

    async def _follow_settings(self) -> None:
        await self._informers.isolation_synced.wait()
        self._state.begin(complete=False)
        await self._informers.synced.wait()
        if self._changed.is_set():
            await self._judge_again()
        servers = [each for each in self._state.deployments if self._covers(*each)]
        for first in (self._first_look, self._of_states.first_look):
            first.begin(servers, self._api.server_time())
        self._state.begin()
        keys = sum(len(each.queue) for each in self._controllers)
        LOG.info("caches synced", extra={"fields": {"keys": keys}})
        while True:
            await self._changed.wait()
            namespaces = differing_namespaces(
                self._effective.by_namespace, self._state.by_namespace
            )
            if namespaces is None:
                await self._judge_again()
                self._state.begin()
            else:
                self._look_again(namespaces)

    def _look_again(self, namespaces: Iterable[str]) -> None:
        """Judge the Deployments of these namespaces by the settings that are in force there now."""
        self._changed.clear()
        self._state.change_settings(self._effective.by_namespace)
        for each in namespaces:
            self._namespaces.doubt(each)
            self._state.ask_for(each)
        LOG.info("settings applied", extra={"fields": {"digest": self._effective.digest}})

    async def _judge_again(self) -> None:
        """Judge every Deployment by the settings that are in force now."""
        self._changed.clear()
        effective = self._effective
        self._state.change_settings(effective.by_namespace)
        # Policies and gates follow at once, however long the Deployments take.
        self._state.begin(complete=False)
        await self._informers.judge_deployments_again()
        LOG.info("settings applied", extra={"fields": {"digest": effective.digest}})

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
            if self._informers.synced.is_set():
                self._state.ask_for_all()

    async def _count(self) -> None:
        await self._informers.synced.wait()
        while True:
            for controller in self._controllers:
                self._metrics.queue_depth.labels(controller.name).set(len(controller.queue))
            self._count_servers()
            self._count_gated()
            await asyncio.sleep(COUNT_SECONDS)

    def _count_servers(self) -> None:
        """Count them, once each has been looked at."""
        now = self._api.server_time()
        if not (self._first_look.over(now) and self._of_states.first_look.over(now)):
            return
        before, self.counts = self.counts, self._of_states.counts()
        for state, count in self.counts.states.items():
            self._metrics.servers.labels(state).set(count)
        if before is None or before.in_words(DOWN) != self.counts.in_words(DOWN):
            self._counted()

    def _count_gated(self) -> None:
        """Show how many pods wait at the gate, and since when; most namespaces have none."""
        waiting = [
            pod.since
            for namespace, count in self._state.gated.items()
            if count
            for _, pod in self._state.pods.within(namespace)
            if pod.gate is not None
        ]
        self._metrics.gated_pods.set(len(waiting))
        oldest = min(filter(None, waiting), default=None)
        since = datetime.fromisoformat(oldest).timestamp() if oldest else 0.0
        self._metrics.oldest_gated.set(since)
