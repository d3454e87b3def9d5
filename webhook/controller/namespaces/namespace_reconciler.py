"""A namespace: the policy that isolates its servers, and its Pod Security labels if it is managed.

The policy is created with the first server and deleted with the last; a managed namespace always
has it. Labels are applied, so that our own are known. They are removed when a namespace is no
longer managed; those of others stay as they are, or come back.

Below `mode: enforce` a namespace has neither. Its labels go at once, because nothing is filled in
any more by what they ask for. Its policy goes after the last gate. It is opened first while
policies of single servers are left: alone, these would isolate a server from everything else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.event_recorder import EventRecorder, Regarding
from webhook.controller.namespace_state import NamespaceState
from webhook.controller.owned import (
    NAMESPACE,
    POLICY,
    Live,
    ObjectKey,
    Waits,
    Writer,
    giving_back,
    packed_labels,
    pod_security_labels_of_us,
)
from webhook.kube import Api, ApiError, Turn, cluster_wide, namespaced
from webhook.objects import BASELINE, build_open_baseline, made
from webhook.settings import Level, Settings

# Until the last gate, or the last policy of a server, is gone.
PAUSE = 0.5

Json = dict[str, Any]


class PolicyInForce(NamedTuple):
    """A policy that was found as it is wanted, what it was found by, and since when it is."""

    live: Live
    settings: Settings
    scope: Scope
    since: float

    def is_settled(self, live: Live | None, settings: Settings, scope: Scope) -> bool:
        """Whether nothing has changed: thousands of pods need not compare the whole policy."""
        return (self.live, self.scope) == (live, scope) and self.settings is settings


class NamespaceReconciler:
    """Reconciles one namespace at a time.

    `blocked` says what keeps the policy of a namespace from being made. `awaited` are the
    namespaces in which a pod waits for the policy: it is looked at after the next reconcile.
    `in_force` are the policies that gates last saw as they are wanted. `labelled` is called with a
    namespace that has another Pod Security level than was seen last.
    """

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        writer: Writer,
        recorder: EventRecorder,
        labelled: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api, self.state, self._writer, self._recorder = api, state, writer, recorder
        self._labelled, self._levels = labelled, dict[str, Level]()
        self._looked: dict[str, bool] = {}
        self._doubted: set[str] = set()
        self.blocked: dict[str, str] = {}
        self.awaited: set[str] = set()
        self._stood: dict[str, Live | None] = {}
        self.in_force: dict[str, PolicyInForce] = {}

    def doubt(self, namespace: str) -> None:
        """Judge the Deployments of a namespace anew at its next reconcile: its settings changed."""
        self._doubted.add(namespace)

    async def reconcile(self, namespace: str) -> float | None:
        """Write what differs."""
        found = self.state.namespaces.get("", namespace)
        self._tell_level(namespace, found)
        if found is None:
            for kept in (self._looked, self.blocked, self._stood, self.in_force):
                kept.pop(namespace, None)
            self.awaited.discard(namespace)
            self._doubted.discard(namespace)
        if found is None or not self.state.here(namespace):
            return None
        if self.state.complete:
            await self._older_servers(namespace, found)
        wanted = {each["kind"]: each for each in self.wanted(namespace)}
        enforced = self.state.settings(namespace).enforced
        if enforced and not (wanted or self.state.complete):
            # Its servers may not be known yet.
            return None
        if self.state.writes_namespaces:
            await self._label(namespace, found, wanted.get("Namespace"))
        if not enforced:
            if self.state.waits(namespace):
                return PAUSE
            if self._has_access_policies(namespace):
                await self._open_up(namespace)
                return PAUSE
        return await self._isolate(namespace, found, wanted.get(POLICY.kind))

    def _tell_level(self, namespace: str, found: NamespaceState | None) -> None:
        """Tell that the API server refuses pods there by another level than it was seen to."""
        before = self._levels.pop(namespace, None)
        now = None if found is None else found.security.enforced
        if now is not None:
            self._levels[namespace] = now
        if now != before:
            self._labelled(namespace)

    def wanted(self, namespace: str) -> tuple[Json, ...]:
        """What this namespace is to have."""
        scope = self.state.scope(namespace)
        if scope is Scope.OPTED_IN and not self._has_servers(namespace):
            return ()
        settings, release = self.state.settings(namespace), self.state.release_namespace
        return made.namespace_objects(namespace, settings, release, scope)

    def _has_access_policies(self, namespace: str) -> bool:
        """Whether a server of the namespace has a policy of its own."""
        policies = self.state.made[POLICY.kind].within(namespace)
        return any(each.owner and not each.going for _, each in policies)

    def _has_servers(self, namespace: str) -> bool:
        servers = (each.covered for _, each in self.state.deployments.within(namespace))
        return any(servers) or any(True for _ in self.state.pods.within(namespace))

    async def _older_servers(self, namespace: str, found: NamespaceState) -> None:
        """Judge Deployments anew that were seen before the namespace was managed, or ceased.

        And those that were judged by settings that it does not have any more.
        """
        listed = namespace in self.state.managed_when_listed
        same = self._looked.get(namespace, listed) is found.managed
        if same and namespace not in self._doubted:
            return
        # It may be doubted again while they are listed.
        self._doubted.discard(namespace)
        try:
            await self._judge_anew(namespace)
        except BaseException:
            self._doubted.add(namespace)
            raise
        self._looked[namespace] = found.managed

    async def _judge_anew(self, namespace: str) -> None:
        self.state.deployments.doubt(namespace)
        path = namespaced("apps/v1", "deployments", namespace)
        turn_of_others = Turn()

        async def judged() -> None:
            # Those that wait to be judged are kept whole: there is one of them, not all.
            await self.state.judge.judge_all()
            await turn_of_others.end()

        await self._api.list_each(path, self.state.deployments.put, between=judged)

    async def _label(self, namespace: str, found: NamespaceState, wanted: Json | None) -> None:
        security = found.security
        labels = security.to_apply(wanted["metadata"]["labels"] if wanted else {})
        # What is right but not known to be ours would stay when the namespace is managed no more.
        if security.are_applied(labels):
            return
        path = cluster_wide("v1", "namespaces", namespace)
        theirs = None if labels else giving_back(security)
        if theirs:
            await self._api.patch(path, {"metadata": {"uid": found.uid, **theirs}}, kind="merge")
        metadata: Json = {"name": namespace, "uid": found.uid, "labels": labels}
        if kept := packed_labels(security.to_keep(labels)):
            metadata["annotations"] = kept
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        stored = await self._api.apply(path, body)
        left = set() if labels else pod_security_labels_of_us(stored, managed=True)
        if left:
            nobody_s = {"metadata": {"uid": found.uid, "labels": dict.fromkeys(left)}}
            stored = await self._api.patch(path, nobody_s, kind="merge")
        self.state.namespaces.put(stored)

    async def _open_up(self, namespace: str) -> None:
        """Let the policy close nothing, if there is one."""
        place = ObjectKey(POLICY.kind, namespace, BASELINE)
        if self._writer.live(place) is not None:
            opened = build_open_baseline(namespace, self.state.scope(namespace))
            await self._writer.put(opened, NAMESPACE)

    async def _isolate(
        self, namespace: str, found: NamespaceState, wanted: Json | None
    ) -> float | None:
        regarding = Regarding("v1", "Namespace", namespace, namespace, found.uid)
        place = ObjectKey(POLICY.kind, namespace, BASELINE)
        live = self._writer.live(place)
        if wanted is None:
            # Without our label it is among the objects of others.
            if live is not None or self.state.foreign.version(place) is not None:
                await self._writer.take_away(place, NAMESPACE)
            return None
        notes: dict[str, str] = {}
        failure: ApiError | None = None
        again: float | None = None
        try:
            await self._writer.put(wanted, NAMESPACE, stood=self._stood.get(namespace))
            self._stood[namespace] = self._writer.live(place)
        except Waits as pause:
            again = pause.seconds
        except ApiError as error:
            failure = error
            notes = {f"Write{error.reason}": error.message} if error.status else {}
        put_back = self._writer.put_backs.note(place)
        recorded = notes | ({f"{place.kind}PutBack": put_back} if put_back else {})
        self.blocked[namespace] = "; ".join((recorded if again else notes).values())
        await self._recorder.record(regarding, recorded)
        if namespace in self.awaited:
            self.awaited.discard(namespace)
            self.state.ask_for_waiting(namespace)
        if failure:
            raise failure
        return again
