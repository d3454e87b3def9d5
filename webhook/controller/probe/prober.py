"""The self-probe: every 15 seconds, and at once after a change of the webhook configurations.

It comes more often while something is wrong. One probe runs at a time, and each request of it ends
in time. It asks about one namespace of each scope. What looks wrong is asked again after a moment,
because an upgrade of the chart, or a replica that goes, looks like that too; what took long to be
found out is believed at once.
"""

import asyncio
from collections.abc import Callable

from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.probe import (
    enforcing_report,
    followed_registrations,
    probe_pods,
    replica_settings,
    verdict,
)
from webhook.controller.probe.candidates import Candidates
from webhook.kube import Api, Queue

KEY = "probe"
SECONDS_BETWEEN_PROBES = 15.0
# What is wrong is being mended, or about to be worse: replicas answer for a while as they end.
SECONDS_WHILE_WRONG = 5.0
# Whoever edits a webhook configuration all the time has no more probes than this.
SECONDS_BETWEEN_STARTS = 1.0
SECONDS_TO_DOUBT, LONG = 2.0, 1.5
# What is not known after so long is told not to be.
SECONDS_TO_KNOW = 30.0
SECONDS_UNTIL_KNOWN = 0.5
NAMESPACES_UNKNOWN = "the namespaces are not known yet"


class Prober:
    """Asks, judges and tells; `state` is the cluster as far as it is known.

    `look` is called to have the replicas asked now; `generation` is that of the settings.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it asks, by what it judges, where it tells
        self,
        api: Api,
        queue: Queue[str],
        state: Callable[[], ClusterState | None],
        registrations: followed_registrations.FollowedRegistrations,
        replicas: replica_settings.ReplicaSettings,
        report: enforcing_report.EnforcingReport,
        look: Callable[[], None],
        generation: Callable[[], int],
    ) -> None:
        self._api, self._queue, self._state = api, queue, state
        self._registrations, self._replicas, self._report = registrations, replicas, report
        self._look, self._generation = look, generation
        self._candidates = {scope: Candidates(scope) for scope in Scope}
        self._began: float | None = None
        self._last = float("-inf")
        self._doubted: tuple[str, str] | None = None

    def ask(self) -> None:
        """Probe now."""
        self._queue.add(KEY)

    async def reconcile(self, _key: str = KEY) -> float:
        """Probe once; returns when to probe again."""
        began = _now()
        self._began = began if self._began is None else self._began
        if began < self._last + SECONDS_BETWEEN_STARTS:
            return self._last + SECONDS_BETWEEN_STARTS - began
        state = self._state()
        if state is None and began < self._began + SECONDS_TO_KNOW:
            return SECONDS_UNTIL_KNOWN
        self._last = began
        generation = self._generation()
        probes = await asyncio.gather(*(self._asked(scope, state) for scope in Scope))
        found = verdict.judge(probes, self._registrations.known, self._replicas.known)
        if self._report.is_news(found) and self._is_doubtful(verdict.together(found), began):
            return SECONDS_TO_DOUBT
        self._doubted = None
        await self._report.tell(found, generation)
        right = verdict.together(found).status == verdict.TRUE and self._replicas.known.ready != 0
        after = SECONDS_BETWEEN_PROBES if right else SECONDS_WHILE_WRONG
        return max(SECONDS_BETWEEN_STARTS, began + after - _now())

    async def _asked(self, scope: Scope, state: ClusterState | None) -> verdict.ScopeProbe:
        """Ask in the namespaces of a scope until one has shown something."""
        if state is None:
            return verdict.ScopeProbe(scope, unasked=NAMESPACES_UNKNOWN)
        candidates, answers = self._candidates[scope], list[probe_pods.ProbeAnswers]()
        if not self._registrations.known.has(scope):
            return verdict.ScopeProbe(scope)
        for name in candidates.choose(state):
            answers.append(await probe_pods.ask(self._api, name, state.settings(name)))
            if not answers[-1].by_others:
                candidates.keep(name)
                break
            candidates.leave(name)
        return verdict.ScopeProbe(scope, tuple(answers))

    def _is_doubtful(self, found: verdict.ProbeVerdict, began: float) -> bool:
        """Whether to ask once more before this is told."""
        if found.status == verdict.TRUE:
            return False
        if found.reason == verdict.LET_PASS and self._replicas.changing:
            # Replicas have not come to the settings yet by which the pod was judged.
            return True
        again = found.status, found.reason
        if self._doubted == again or _now() - began > LONG:
            return False
        self._doubted = again
        self._look()
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
