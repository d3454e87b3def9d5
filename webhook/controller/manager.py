"""The controller process: it waits for the Lease, and runs every reconciler while it leads.

Settings wait for no cache. Gates and namespaces wait for the first settings, and for the lists of
namespaces, pods and policies. What is made for servers waits for every list to be complete.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from webhook import kube
from webhook.controller import cluster_state, event_recorder, server_controllers
from webhook.controller.leading import Leading, ProcessOptions, Work, run_process
from webhook.controller.probe.self_probe import ProbeSurroundings, SelfProbe
from webhook.controller.settings import (
    distribution,
    followed_classes,
    namespace_status,
    namespace_store,
    overlay_builder,
    servers_told,
    settings_reconciler,
    settings_store,
)
from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.health import FleetCounts
from webhook.settings import Layer, Level, Settings, SettingsError, not_read, read_layers

# Each of these has one thing to look at.
SETTINGS, EVENTS = "settings", "events"
# And this one something for each namespace and exception.
STATUS = "status"

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ControlOptions(ProcessOptions):
    """The command line of `mcp-admission control`."""

    settings: Path | None
    namespaces: Sequence[str]
    workers: int
    policy_reports: bool = False


def run_controller(options: ControlOptions) -> int:
    """Work until a signal; 2 when settings, the way to a cluster or the port cannot be used."""
    return run_process(options, partial(_prepare, options), unusable=SettingsError)


def _prepare(options: ControlOptions) -> Work:
    """Read the settings that the resource cannot change; raises SettingsError."""
    locks = read_layers(options.settings, os.environ)
    for line in not_read(os.environ):
        LOG.warning("variable not read", extra={"fields": {"reason": line}})
    effective_settings({}, locks)

    async def work(leading: Leading) -> None:
        manager = Manager(leading, options, locks)
        await manager.run(leading.stop)

    return work


class Manager:
    """Runs every reconciler; there is a new one each time that this process leads."""

    def __init__(self, leading: Leading, options: ControlOptions, locks: Sequence[Layer]) -> None:
        api, metrics = leading.api, leading.metrics
        self._api, self._options, self._metrics = api, options, metrics
        # Where copies are locked away, there is no right to Secrets. A resource takes none away.
        self._secrets = effective_settings({}, locks).settings.secrets.copied
        queue: kube.Queue[str] = kube.Queue()
        ask = partial(queue.add, SETTINGS)
        # The resource belongs to the cluster, not to some namespaces of it.
        self._store = settings_store.SettingsStore(
            api,
            options.installation.namespace,
            metrics.watch_restarted,
            ask,
            resource=not options.namespaces,
        )
        events: kube.Queue[str] = kube.Queue()
        self._recorder = event_recorder.EventRecorder(api, leading.identity, events)
        self._controllers: list[kube.Controller[Any]] = [
            kube.Controller(EVENTS, self._recorder, events, metrics)
        ]
        self._look_at_classes: Callable[[], None] = lambda: None
        self._classes = followed_classes.FollowedClasses(
            api, metrics.watch_restarted, self._classes_changed, readable=not options.namespaces
        )
        self._namespaces: namespace_store.NamespaceStore | None = None
        self._look_again: Callable[[str], None] = lambda _: None
        self._group, self._stopped = asyncio.TaskGroup(), False
        self._servers: server_controllers.ServerControllers | None = None
        around = ProbeSurroundings(
            lambda: self._store.resource,
            self._known,
            ask,
            self._look_at_replicas,
            readable=not options.namespaces,
        )
        self._probe = SelfProbe(leading, options.installation, self._recorder, around)
        self._ask, self._was_away = ask, leading.was_away
        self._told: list[Callable[[distribution.Progress], None]] = [
            self._probe.saw,
            partial(_say, leading),
        ]
        more = {} if options.namespaces else self._of_namespaces(ask)
        self._settings = settings_reconciler.SettingsReconciler(
            api,
            options.installation,
            self._store,
            locks,
            self._use,
            self._states,
            tell=self._tell,
            others=self._conditions,
            classes=self._classes,
            **more,
        )
        self._controllers.append(kube.Controller(SETTINGS, self._settings, queue, metrics))
        self._controllers.append(self._probe.controller)

    def _of_namespaces(self, ask: Callable[[], None]) -> dict[str, Any]:
        """Follow what users change for namespaces; returns what the settings need of it."""
        queue: kube.Queue[kube.NamespacedName] = kube.Queue()
        store = namespace_store.NamespaceStore(
            self._api, self._metrics.watch_restarted, ask, queue.add
        )

        def clock() -> float:
            return self._api.server_time().timestamp()

        builder = overlay_builder.OverlayBuilder(store, clock, queue.add)
        named = followed_classes.NamedClasses(self._classes, queue.add)
        statuses = namespace_status.StatusReconciler(
            store,
            builder,
            self._recorder,
            queue,
            self._metrics,
            self._options.installation.namespace,
            clock,
            self._labels,
            named,
        )
        self._look_again, self._look_at_classes = statuses.look_again, named.look_again
        self._namespaces = store
        workers = self._options.workers
        self._controllers.append(kube.Controller(STATUS, statuses, queue, self._metrics, workers))
        self._told.append(statuses.tell)
        return {"builder": builder}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, and finish what has begun.

        What a reconciler raises is its own matter; anything else that fails is raised here.
        """
        async with self._group as group:
            followed = self._store.run(), self._probe.follow(), self._classes.run()
            following = [group.create_task(each) for each in followed]
            if self._namespaces is not None:
                following.append(group.create_task(self._namespaces.run()))
            working = [group.create_task(each.run()) for each in self._controllers]
            await stop.wait()
            self._stopped = True
            if self._servers is not None:
                self._servers.stop()
            for each in self._controllers:
                each.queue.shut_down()
            await asyncio.wait(working)
            for task in following:
                task.cancel()

    def _use(self, effective: EffectiveSettings) -> None:
        """Let servers be made by these settings."""
        if self._servers is not None:
            self._servers.use(effective)
        elif not self._stopped:
            self._servers = server_controllers.ServerControllers(
                self._api,
                effective,
                self._options.installation.namespace,
                self._options.namespaces,
                self._recorder,
                self._metrics,
                self._options.workers,
                secrets=self._secrets,
                reports=self._options.policy_reports,
                labelled=self._look_again,
                counted=self._ask,
            )
            self._group.create_task(self._servers.run())

    def _labels(self, namespace: str) -> tuple[Level, Settings] | None:
        return None if self._servers is None else self._servers.labelled(namespace)

    def _known(self) -> cluster_state.ClusterState | None:
        return None if self._servers is None else self._servers.known

    def _classes_changed(self) -> None:
        self._ask()
        self._look_at_classes()

    def _tell(self, progress: distribution.Progress) -> None:
        for each in self._told:
            each(progress)

    def _look_at_replicas(self) -> None:
        self._settings.look_now()
        self._ask()

    def _states(self) -> Mapping[str, int]:
        counts = self._counts()
        return {} if counts is None else counts.states

    def _counts(self) -> FleetCounts | None:
        return None if self._servers is None else self._servers.counts

    def _conditions(self, resource: settings_store.SettingsResource) -> Mapping[str, Any]:
        """What the status of the settings says beside them."""
        running = servers_told.servers_condition(
            self._counts(), resource.status, was_away=self._was_away()
        )
        return {**self._probe.conditions(resource), **running}


def _say(leading: Leading, progress: distribution.Progress) -> None:
    """Say in the Lease which replicas have which settings."""
    leading.says.update(distribution.said_replicas(progress, leading.identity))
