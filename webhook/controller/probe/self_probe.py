"""The self-probe as the manager runs it: its controller, what it follows, and what it is told."""

from collections.abc import Callable
from typing import Any, NamedTuple

from webhook.controller import cluster_state, event_recorder
from webhook.controller.installation import Installation
from webhook.controller.leading import Leading
from webhook.controller.probe import (
    enforcing_report,
    followed_registrations,
    prober,
    replica_settings,
)
from webhook.controller.settings import distribution, settings_store
from webhook.kube import Controller, Queue

NAME = "probe"
# Three namespaces of a scope, one after the other.
SECONDS = 60.0

Json = dict[str, Any]


class ProbeSurroundings(NamedTuple):
    """What the probe needs of the rest of the controller.

    `resource` is the settings resource and `state` the cluster, as far as they are known. `write`
    has the status of the resource written, `look` has the replicas asked, too. `readable` is
    whether webhook configurations may be read.
    """

    resource: Callable[[], settings_store.SettingsResource | None]
    state: Callable[[], cluster_state.ClusterState | None]
    write: Callable[[], None]
    look: Callable[[], None]
    readable: bool


class SelfProbe:
    """Whether pods are filled in and refused, told while this process leads."""

    def __init__(
        self,
        leading: Leading,
        installation: Installation,
        recorder: event_recorder.EventRecorder,
        around: ProbeSurroundings,
    ) -> None:
        api, metrics = leading.api, leading.metrics
        queue: Queue[str] = Queue()
        self._replicas, self._resource = replica_settings.ReplicaSettings(), around.resource
        leadership = enforcing_report.Leadership(
            installation.namespace,
            leading.was_away,
            api.server_time,
            leading.says,
            leading.identity,
        )
        self._report = enforcing_report.EnforcingReport(
            leadership, metrics, recorder, around.resource, around.write
        )
        self._registrations = followed_registrations.FollowedRegistrations(
            api, installation, metrics.watch_restarted, self._ask, readable=around.readable
        )
        self._prober = prober.Prober(
            api,
            queue,
            around.state,
            self._registrations,
            self._replicas,
            self._report,
            around.look,
            self._generation,
        )
        self.controller = Controller(NAME, self._prober, queue, metrics, seconds=SECONDS)

    async def follow(self) -> None:
        """Follow the webhook configurations until cancelled; the first probe is due now."""
        self._ask()
        try:
            await self._registrations.run()
        finally:
            self._report.forget()

    def saw(self, progress: distribution.Progress) -> None:
        """The distribution of settings has come so far; what differs is a reason to probe."""
        before = self._replicas.known
        self._replicas.saw(progress)
        if before != self._replicas.known:
            self._ask()

    def conditions(self, resource: settings_store.SettingsResource) -> dict[str, Json]:
        """What the status of the resource says of it; asked again about another generation."""
        if self._report.stale(resource.generation):
            self._ask()
        return self._report.conditions(resource)

    def _ask(self) -> None:
        self._prober.ask()

    def _generation(self) -> int:
        resource = self._resource()
        return resource.generation if resource else 0
