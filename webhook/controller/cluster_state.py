"""What is known of the cluster, and which reconciler each change matters to."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from webhook import health
from webhook.admission import Scope
from webhook.controller import namespace_state, owned
from webhook.controller.deployment_state import DeploymentState, observe_deployment
from webhook.controller.drift_judge import DriftJudge
from webhook.controller.installation import NamespaceRules
from webhook.controller.namespace_state import NamespaceState, PodState
from webhook.kube import Cache, NamespacedName, Queue
from webhook.objects import BASELINE, KUBE_SYSTEM
from webhook.settings import Settings, SettingsByNamespace

Json = dict[str, Any]


class Queues(NamedTuple):
    """Where the keys of changes go; in `judged_pods`, those of a namespace are judged together."""

    namespaces: Queue[str]
    servers: Queue[NamespacedName]
    pods: Queue[NamespacedName]
    judged_pods: Queue[str]
    states: Queue[NamespacedName]


class ClusterState:
    """The caches, and the queues that changes go to, once `begin` has been called.

    `complete`: what is in no cache does not exist. `gated`: pods with our gate, by namespace.
    `managed_when_listed`: the managed namespaces when the first list of Deployments began.
    """

    def __init__(
        self,
        settings: SettingsByNamespace,
        release_namespace: str,
        watched: Sequence[str],
        queues: Queues,
    ) -> None:
        self.release_namespace = release_namespace
        self._watched, self._queues = watched, queues
        self.change_settings(settings)
        self.gated: Counter[str] = Counter()
        self._isolating = self.complete = False
        self.managed_when_listed: frozenset[str] = frozenset()
        self.judge = DriftJudge(self._ask_for_server)
        self.observed = health.ObservedServers(self._ask_for_state)
        self.namespaces = Cache(namespace_state.observe_namespace, self._namespace_changed)
        self.deployments: Cache[DeploymentState] = Cache(self._deployment, self._deployment_changed)
        self.pods: Cache[PodState] = Cache(self._pod, self._pod_changed)
        self.sources: Cache[str] = Cache(self._source, self._source_changed)
        self.made: dict[str, Cache[owned.Live]] = {
            kind: Cache(partial(owned.live_object, each), self._made_changed)
            for kind, each in owned.KINDS.items()
        }
        self.foreign = owned.ForeignObjects(self.sources, self._foreign_changed)
        self._server_names = owned.ServerNames()

    def change_settings(self, settings: SettingsByNamespace) -> None:
        """Work by other settings; Deployments have to be judged again by them."""
        self.by_namespace = settings
        self._rules = NamespaceRules(settings.cluster, self.release_namespace)

    def settings(self, namespace: str) -> Settings:
        """The settings of a namespace."""
        return self.by_namespace.of(namespace)

    def waits(self, namespace: str) -> bool:
        """Whether a pod with our gate is known there."""
        return self.gated[namespace] > 0

    @property
    def writes_namespaces(self) -> bool:
        """Whether Namespaces get labels; kept to some, the controller leaves them to the chart."""
        return not self._watched

    def here(self, namespace: str) -> bool:
        """Whether anything may be written in this namespace now."""
        found = self.namespaces.get("", namespace)
        return found is not None and not found.going and not self._rules.leaves_alone(namespace)

    def scope(self, namespace: str) -> Scope:
        """Which workloads of this namespace are servers."""
        found = self.namespaces.get("", namespace)
        return self._rules.scope(namespace, managed=found is not None and found.managed)

    def deployment(self, namespace: str, name: str) -> DeploymentState | None:
        """What is known of a Deployment, with the last verdict about it."""
        found = self.deployments.get(namespace, name)
        return found and found._replace(state=self.judge.verdict(namespace, name))

    def begin(self, *, complete: bool = True) -> None:
        """Ask for everything and what changes; namespaces and gates wait for no other list."""
        self._isolating, self.complete = True, complete
        self.ask_for_all()

    def ask_for_all(self) -> None:
        """Look at everything."""
        for _, name in self.namespaces:
            self._queues.namespaces.add(name)
            self._doubt_pods(name)
        for namespace, name in self.pods:
            self._queues.pods.add(NamespacedName(namespace, name))
        owners = ((key, cache.get(*key)) for cache in self.made.values() for key in cache)
        made = ((key[0], each.owner) for key, each in owners if each is not None and each.owner)
        for namespace, name in (*self.deployments, *made):
            self._ask_for_server(namespace, name)

    def ask_for(self, namespace: str) -> None:
        """Look at a namespace, and at the pods and servers in it."""
        self._ask_for_namespace(namespace)
        for name, _ in self.pods.within(namespace):
            self._queues.pods.add(NamespacedName(namespace, name))
        for name, _ in self.deployments.within(namespace):
            self._ask_for_server(namespace, name)

    def ask_for_waiting(self, namespace: str) -> None:
        """Look at the pods that wait in a namespace: its policy is there."""
        for name, pod in self.pods.within(namespace):
            if pod.gate is not None:
                self._queues.pods.add(NamespacedName(namespace, name))

    def _deployment(self, found: Json) -> DeploymentState | None:
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        if self._rules.leaves_alone(namespace):
            return None
        scope, leaves = self.scope(namespace), owned.has_objects(self.made, namespace, name)
        settings = self.settings(namespace)
        self._doubt_pods(namespace)
        kept = observe_deployment(found, settings, scope, leaves=leaves)
        if kept is not None and kept.covered:
            self.judge.hand_over(found, settings, scope)
            self.observed.put(found)
        else:
            self.judge.forget(namespace, name)
            self.observed.forget(namespace, name)
        return kept

    def _pod(self, found: Json) -> PodState | None:
        if self._is_never_looked_at(found):
            return None
        self._doubt_pods(found["metadata"]["namespace"])
        self.observed.put_pod(found)
        return namespace_state.observe_pod(found)

    def _source(self, found: Json) -> str | None:
        return None if self._is_never_looked_at(found) else owned.version_of(found)

    def _is_never_looked_at(self, found: Json) -> bool:
        """Whether the namespace of the object is left alone by any settings."""
        return found["metadata"]["namespace"] in (KUBE_SYSTEM, self.release_namespace)

    def _doubt_pods(self, namespace: str) -> None:
        """Judge the pods of a namespace again, where they are judged."""
        if self.settings(namespace).fills_templates:
            self.judge.forget_pods(namespace)
        elif self.complete:
            self._queues.judged_pods.add(namespace)

    def _ask_for_namespace(self, namespace: str) -> None:
        if self._isolating:
            self._queues.namespaces.add(namespace)

    def _ask_for_server(self, namespace: str, name: str) -> None:
        if self.complete:
            self._queues.servers.add(NamespacedName(namespace, name))
            self._ask_for_state(namespace, name)

    def _ask_for_state(self, namespace: str, name: str) -> None:
        self._queues.states.add(NamespacedName(namespace, name))

    def _wake(self, namespace: str) -> None:
        """Try again what was refused there: an object that is gone made room, if there was none."""
        self._queues.servers.wake(namespace)
        self._queues.pods.wake(namespace)

    def _namespace_changed(
        self, _: str, name: str, was: NamespaceState | None, now: NamespaceState | None
    ) -> None:
        self._ask_for_namespace(name)
        self._wake(name)
        if was and now and was.managed != now.managed:
            for each, _kept in self.deployments.within(name):
                self._ask_for_server(name, each)

    def _deployment_changed(
        self, namespace: str, name: str, was: DeploymentState | None, now: DeploymentState | None
    ) -> None:
        self._ask_for_server(namespace, name)
        if was is None:
            self._server_names.add(namespace, name)
        elif now is None:
            self._server_names.discard(namespace, name)
            self.judge.forget(namespace, name)
            self.observed.forget(namespace, name)
            self._wake(namespace)
        if was is None or now is None or was.covered != now.covered:
            self._ask_for_namespace(namespace)

    def _pod_changed(
        self, namespace: str, name: str, was: PodState | None, now: PodState | None
    ) -> None:
        waited, waits = (each is not None and each.gate is not None for each in (was, now))
        self.gated[namespace] += waits - waited
        if now is None:
            self.observed.forget_pod(namespace, name)
        if self._isolating and now is not None and waits:
            self._queues.pods.add(NamespacedName(namespace, name))
        alone = all(each == name for each, _ in self.pods.within(namespace))
        if alone and (was is None or now is None):
            self._ask_for_namespace(namespace)

    def _source_changed(self, namespace: str, name: str, _was: str | None, now: str | None) -> None:
        if not self.complete:
            return
        if now is None:
            self._wake(namespace)
        self.observed.secret_changed(namespace, name)
        for each, kept in self.deployments.within(namespace):
            if kept.config_from == name:
                self._ask_for_server(namespace, each)
        self._foreign_changed(namespace, name)

    def _foreign_changed(self, namespace: str, name: str, *_: str | None) -> None:
        """Look at whoever wants the name: it may be free now."""
        if name == BASELINE:
            self._ask_for_namespace(namespace)
        for each in self._server_names.of(namespace, name):
            if self.deployments.get(namespace, each) is not None:
                self._ask_for_server(namespace, each)

    def _made_changed(
        self, namespace: str, name: str, was: owned.Live | None, now: owned.Live | None
    ) -> None:
        owners = {each.owner for each in (was, now) if each}
        self.observed.secret_changed(namespace, name)
        if now is None:
            self._wake(namespace)
        for each in filter(None, owners):
            self._ask_for_server(namespace, each)
        if "" in owners:
            self._ask_for_namespace(namespace)
        self._foreign_changed(namespace, name)
