"""What every process that works while it leads has in common: signals, the Lease and probes.

A process writes while it holds its Lease alone, so that no two of a kind work at the same time.
"""

import asyncio
import logging
import signal
import socket
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from webhook import kube
from webhook.controller.health import Heart, answer_probes
from webhook.controller.installation import Installation
from webhook.kube.access.client_config import Overrides
from webhook.observe import logs
from webhook.observe.metrics import ControllerMetrics
from webhook.observe.traces import TRACES
from webhook.server.lifecycle import LAST_SPANS_SECONDS, NEW_LOOP
from webhook.server.listener import Address

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ProcessOptions:
    """The options of every such process: its way to the cluster, its Lease and its port."""

    kubeconfig: Path | None
    overrides: Overrides
    installation: Installation
    lease: str
    metrics_listen: Address
    log_level: int = logging.INFO


@dataclass(frozen=True)
class Leading:
    """What work is done with: `identity` is who leads, `stop` is set when it is to end.

    `was_away` says whether nobody led for a while before.
    `says` are annotations of the Lease: what the work knows now, for commands that read it.
    """

    api: kube.Api
    metrics: ControllerMetrics
    identity: str
    stop: asyncio.Event
    was_away: Callable[[], bool]
    says: dict[str, str]


Work = Callable[[Leading], Coroutine[Any, Any, None]]


def run_process(
    options: ProcessOptions,
    prepare: Callable[[], Work],
    unusable: type[Exception] = kube.ConfigurationError,
    fields: Mapping[str, object] | None = None,
) -> int:
    """Do the work that `prepare` returns, each time that this process leads, until a signal.

    Returns 2 where nothing can be started: `prepare` raises `unusable`, or the way to the cluster
    or the port cannot be used. `fields` are logged at the start.
    """
    logs.configure(level=options.log_level)
    try:
        with asyncio.Runner(loop_factory=NEW_LOOP) as runner:
            runner.run(_run(options, prepare(), fields or {}))
    except (kube.ConfigurationError, unusable) as error:
        LOG.error("cannot start", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
        return 2
    finally:
        TRACES.stop(LAST_SPANS_SECONDS)
    return 0


async def _run(
    options: ProcessOptions,
    work: Work,
    fields: Mapping[str, object],
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = ControllerMetrics()
    TRACES.start(options.lease, metrics.registry)
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
        LOG.info("controller started", extra={"fields": fields})
        away = partial(getattr, lease, "was_away")
        leading = Leading(api, metrics, lease.identity, stop, away, lease.says)
        await kube.lead(lease, partial(work, leading), stop)
    beating.cancel()
    LOG.info("controller stopped")


def _lease(
    connect: kube.Connect, options: ProcessOptions, metrics: ControllerMetrics, heart: Heart
) -> kube.Lease:
    folder = kube.namespaced("coordination.k8s.io/v1", "leases", options.installation.namespace)
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    leads = metrics.leads
    return kube.Lease(connect, folder, options.lease, identity, leads, hangs=heart.problem)
