"""A pod that waits for its network policy: its gate is removed once the policy is in force.

In force means that the API server has it as it is wanted, and that the network plugin had a moment
to do as it says: plugins do not report when they have. Where no policy is wanted, as below
`mode: enforce`, no pod waits.
"""

import asyncio
from typing import Any

from webhook import names
from webhook.controller.event_recorder import EventRecorder, Regarding
from webhook.controller.namespace_state import PodState, gate_index
from webhook.controller.namespaces.namespace_reconciler import NamespaceReconciler, PolicyInForce
from webhook.controller.owned import POLICY, ObjectKey, Writer
from webhook.kube import Api, Invalid, NamespacedName, NotFound, namespaced
from webhook.objects import BASELINE

MOMENT = 1.0

Json = dict[str, Any]


async def remove_gate(api: Api, namespace: str, name: str, uid: str, at: int) -> Json | None:
    """Remove our gate; returns the new pod, None where the gate or the pod is gone already.

    Raises ApiError, Invalid where an admission refuses the removal.
    """
    pods = namespaced("v1", "pods", namespace)
    gate = f"/spec/{names.GATES}/{at}"
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": f"{gate}/name", "value": names.GATE},
        {"op": "remove", "path": gate},
    ]
    try:
        return await api.patch(f"{pods}/{name}", operations, kind="json")
    except NotFound:
        return None
    except Invalid:
        # A test that fails and an admission policy that refuses have the same status.
        found = await api.list(pods, field_selector=f"metadata.name={name}")
        if any(pod["metadata"]["uid"] == uid and gate_index(pod) == at for pod in found.items):
            raise
        return None


class GateReconciler:
    """Takes the gate from one pod at a time."""

    def __init__(
        self, api: Api, writer: Writer, namespaces: NamespaceReconciler, recorder: EventRecorder
    ) -> None:
        self._api, self._writer, self._recorder = api, writer, recorder
        self._namespaces, self._state = namespaces, namespaces.state

    async def reconcile(self, key: NamespacedName) -> float | None:
        """Take the gate, or say when to come again; a policy that is written asks again itself."""
        pod = self._state.pods.get(key.namespace, key.name)
        if pod is None or pod.gate is None or not self._state.here(key.namespace):
            return None
        settings = self._state.settings(key.namespace)
        if settings.enforced and settings.mcp_namespace.network_policy.enabled:
            moment = self._moment_left(key.namespace)
            if moment is None:
                self._namespaces.awaited.add(key.namespace)
                await self._record_why(key, pod)
            if moment is None or moment > 0:
                return moment
        await self._open(key, pod, pod.gate)
        return None

    async def _record_why(self, key: NamespacedName, pod: PodState) -> None:
        """Record an Event that says what keeps the policy from being made, if anything does."""
        blocked = self._namespaces.blocked.get(key.namespace)
        if blocked:
            await self._record(
                key, pod, f"waits for the network policy of its namespace: {blocked}"
            )

    async def _record(self, key: NamespacedName, pod: PodState, note: str) -> None:
        regarding = Regarding("v1", "Pod", key.namespace, key.name, pod.uid)
        await self._recorder.record(regarding, {"Gated": note})

    def _moment_left(self, namespace: str) -> float | None:
        """Seconds until the policy is in force; None while it is not there."""
        settings, scope = self._state.settings(namespace), self._state.scope(namespace)
        live = self._writer.live(ObjectKey(POLICY.kind, namespace, BASELINE))
        before = self._namespaces.in_force.get(namespace)
        now = asyncio.get_running_loop().time()
        if before is None or not before.is_settled(live, settings, scope):
            if live is None or not self._fits(namespace):
                self._namespaces.in_force.pop(namespace, None)
                return None
            # Made again, or put right, since some other pod was let through.
            same = before and (before.live.uid, before.live.generation)
            since = before.since if before and same == (live.uid, live.generation) else now
            before = self._namespaces.in_force[namespace] = PolicyInForce(
                live, settings, scope, since
            )
        return before.since + MOMENT - now

    def _fits(self, namespace: str) -> bool:
        """Whether the policy of the namespace is there as it is wanted."""
        wanted = self._namespaces.wanted(namespace)
        policies = [each for each in wanted if each["kind"] == POLICY.kind]
        return bool(policies) and all(map(self._writer.fits, policies))

    async def _open(self, key: NamespacedName, pod: PodState, at: int) -> None:
        try:
            now = await remove_gate(self._api, key.namespace, key.name, pod.uid, at)
        except Invalid as error:
            await self._record(key, pod, f"its gate cannot be taken: {error.message}")
            raise
        # Where it is another pod, or has other gates by now, an event of the watch follows.
        if now is not None:
            self._state.pods.put(now)
