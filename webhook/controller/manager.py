"""The controller process: it waits for the Lease, and runs every reconciler while it leads.

Settings and certificates wait for no cache. What is made for servers waits for the first settings,
and for every list to be complete.
"""

import asyncio
import logging
import os
import signal
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from certs.rotation import RotationPlan
from webhook import kube
from webhook.controller.certificates.monitor import Monitor
from webhook.controller.certificates.rotator import STEPS, Rotator
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.health import Heart, answer_probes
from webhook.controller.installation import Installation
from webhook.controller.server_controllers import ServerControllers
from webhook.controller.serving_replicas import endpoint_replicas
from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.settings_reconciler import SettingsReconciler
from webhook.controller.settings.settings_store import SettingsStore
from webhook.kube.access.client_config import Overrides
from webhook.kube.lease import Connect
from webhook.observe import logs
from webhook.observe.metrics import ControllerMetrics
from webhook.server.listener import Address
from webhook.settings import Layer, SettingsError, not_read, read_layers

CERTIFICATE_MODES = ("own", "cert-manager", "bring-your-own")
# Each of these has one thing to look at.
SETTINGS, CERTIFICATES, EVENTS = "settings", "certificates", "events"

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ControlOptions:
    """The command line of `mcp-admission control`."""

    kubeconfig: Path | None
    overrides: Overrides
    installation: Installation
    certificates: str
    plan: RotationPlan
    settings: Path | None
    namespaces: Sequence[str]
    lease: str
    workers: int
    metrics_listen: Address
    log_level: int = logging.INFO


def run_controller(options: ControlOptions) -> int:
    """Work until a signal; 2 when settings, the way to a cluster or the port cannot be used."""
    logs.configure(level=options.log_level)
    try:
        locks = read_layers(options.settings, os.environ)
        for line in not_read(os.environ):
            LOG.warning("variable not read", extra={"fields": {"reason": line}})
        effective_settings({}, locks)
        asyncio.run(_control(options, locks))
    except (kube.ConfigurationError, SettingsError) as error:
        LOG.error("cannot start", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
        return 2
    return 0


async def _control(options: ControlOptions, locks: Sequence[Layer]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = ControllerMetrics()
    for step in STEPS:
        metrics.rotation_steps.labels(step)
    connect = partial(
        kube.Api.connect, options.kubeconfig, options.overrides, on_request=metrics.request_sent
    )
    heart = Heart(metrics.longest_turn)
    lease = _lease(connect, options, metrics, heart)
    beating = asyncio.create_task(heart.beat())
    problems = {
        "/healthz": heart.problem,
        "/readyz": lambda: None if lease.looked else "the Lease has not been read yet",
    }
    async with await connect(may_write=lambda: lease.remaining) as api:
        answer_probes(options.metrics_listen, metrics.registry, problems)
        fields = {"certificates": options.certificates}
        LOG.info("controller started", extra={"fields": fields})

        async def work() -> None:
            await Manager(api, options, locks, metrics, lease.identity).run(stop)

        await kube.lead(lease, work, stop)
    beating.cancel()
    LOG.info("controller stopped")


def _lease(
    connect: Connect, options: ControlOptions, metrics: ControllerMetrics, heart: Heart
) -> kube.Lease:
    folder = kube.namespaced("coordination.k8s.io/v1", "leases", options.installation.namespace)
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    leads = metrics.leader.set
    return kube.Lease(connect, folder, options.lease, identity, leads, hangs=heart.problem)


class Manager:
    """Runs every reconciler; there is a new one each time that this process leads."""

    def __init__(
        self,
        api: kube.Api,
        options: ControlOptions,
        locks: Sequence[Layer],
        metrics: ControllerMetrics,
        identity: str,
    ) -> None:
        self._api, self._options, self._metrics = api, options, metrics
        queue: kube.Queue[str] = kube.Queue()
        ask = partial(queue.add, SETTINGS)
        # The resource belongs to the cluster, not to some namespaces of it.
        self._store = SettingsStore(
            api,
            options.installation.namespace,
            metrics.watch_restarted,
            ask,
            resource=not options.namespaces,
        )
        settings = SettingsReconciler(
            api, options.installation, self._store, locks, self._use, self._states
        )
        events: kube.Queue[str] = kube.Queue()
        self._recorder = EventRecorder(api, identity, events)
        certificates: kube.Queue[str] = kube.Queue()
        certificates.add(CERTIFICATES)
        self._controllers = [
            kube.Controller(SETTINGS, settings, queue, metrics),
            kube.Controller(
                CERTIFICATES, _certificates(api, options, metrics), certificates, metrics
            ),
            kube.Controller(EVENTS, self._recorder, events, metrics),
        ]
        self._group, self._stopped = asyncio.TaskGroup(), False
        self._servers: ServerControllers | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, and finish what has begun.

        What a reconciler raises is its own matter; anything else that fails is raised here.
        """
        async with self._group as group:
            following = group.create_task(self._store.run())
            working = [group.create_task(each.run()) for each in self._controllers]
            await stop.wait()
            self._stopped = True
            if self._servers is not None:
                self._servers.stop()
            for each in self._controllers:
                each.queue.shut_down()
            await asyncio.wait(working)
            following.cancel()

    def _use(self, effective: EffectiveSettings) -> None:
        """Let servers be made by these settings."""
        if self._servers is not None:
            self._servers.use(effective)
        elif not self._stopped:
            self._servers = ServerControllers(
                self._api,
                effective,
                self._options.installation.namespace,
                self._options.namespaces,
                self._recorder,
                self._metrics,
                self._options.workers,
            )
            self._group.create_task(self._servers.run())

    def _states(self) -> Mapping[str, int]:
        return {} if self._servers is None else self._servers.states


def _certificates(
    api: kube.Api, options: ControlOptions, metrics: ControllerMetrics
) -> kube.Reconciler[str]:
    """Who issues the certificates and writes caBundle; those of others are only looked at."""
    installation, clock = options.installation, api.server_time
    find_replicas = partial(endpoint_replicas, api, installation)
    if options.certificates == "own":
        return Rotator(api, installation, options.plan, find_replicas, metrics, clock)
    injected = options.certificates == "cert-manager"
    return Monitor(api, installation, find_replicas, metrics, clock, injected)
