"""What the pods of a namespace would become, where they are filled in and templates are not.

With `fillIn: pods` a template says nothing of how its pods run. So the pods of Deployments are
listed and judged, as `audit` does it, when something changes in their namespace: together, page by
page, and none of them is kept. A namespace in which something changes all the time is judged again
and again, but for a tenth of the time at most.
"""

import asyncio
from functools import partial
from typing import Any

from webhook import admission, health
from webhook.controller.cluster_state import ClusterState
from webhook.controller.drift_judge import (
    MOST_JUDGED,
    TOO_LARGE,
    judged,
    template_size,
    worst,
)
from webhook.kube import Api, Turn, namespaced
from webhook.pods import Malformed
from webhook.settings import Settings

SECONDS_BETWEEN = 5.0
TIMES_AS_LONG = 10

Json = dict[str, Any]


class PodJudge:
    """Reconciles the verdicts about the pods of one namespace at a time."""

    def __init__(self, api: Api, state: ClusterState) -> None:
        self._api, self._state = api, state
        self._next: dict[str, float] = {}

    async def reconcile(self, namespace: str) -> float | None:
        """Judge the pods of Deployments there; returns when, where it is too early for that."""
        settings, judge = self._state.settings(namespace), self._state.judge
        if settings.fills_templates or not self._state.here(namespace):
            judge.forget_pods(namespace)
            self._next.pop(namespace, None)
            return None
        clock = asyncio.get_running_loop().time
        began = clock()
        early = self._next.get(namespace, began) - began
        if early > 0:
            return early
        verdicts = await self._verdicts(namespace, settings)
        if self._state.settings(namespace) is not settings:
            return 0.0
        judge.put_pods(namespace, verdicts)
        now = clock()
        self._next[namespace] = now + max(SECONDS_BETWEEN, TIMES_AS_LONG * (now - began))
        return None

    async def _verdicts(self, namespace: str, settings: Settings) -> dict[str, str]:
        """The worst of the pods of each Deployment."""
        scope = self._state.scope(namespace)
        found: dict[str, str] = {}
        page: list[Json] = []
        turn_of_others = Turn()

        async def read() -> None:
            while page:
                pod = page.pop()
                name = health.deployment_name(pod)
                kept = self._state.deployments.get(namespace, name) if name else None
                if name and kept and kept.covered and not _goes(pod):
                    verdict = await _verdict(pod, settings, scope)
                    found[name] = worst(verdict, found.get(name, verdict))
                await turn_of_others.end()

        path = namespaced("v1", "pods", namespace)
        await self._api.list_each(path, page.append, label_selector=health.POD_HASH, between=read)
        await read()
        return found


def _goes(pod: Json) -> bool:
    return health.has_ended(pod) or "deletionTimestamp" in pod["metadata"]


async def _verdict(pod: Json, settings: Settings, scope: admission.Scope) -> str:
    size = template_size(pod)
    if size > MOST_JUDGED:
        return TOO_LARGE
    seen = await judged(partial(_state, pod, settings, scope), size, pod["metadata"])
    return seen or admission.CURRENT


def _state(pod: Json, settings: Settings, scope: admission.Scope) -> str:
    try:
        workload = admission.stored(pod, admission.PODS, scope)
    except Malformed:
        return admission.CURRENT
    covered = admission.covered(workload, settings, scope)
    return admission.drift_of_pod(pod, settings, scope).state if covered else admission.CURRENT
