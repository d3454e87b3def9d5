"""`mcp-admission control`: keep in the cluster what the webhook needs there."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import uuid
from functools import partial
from pathlib import Path

from webhook.cli.certificate_options import add_certificate_options, certificate_plan
from webhook.cli.cluster_options import add_cluster_options, connect_to_cluster, installation
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option, listen_address
from webhook.controller.certificates.driver import STEPS
from webhook.controller.certificates.modes import MODES
from webhook.controller.certificates.served import endpoints
from webhook.controller.health import Heart, answer_probes
from webhook.controller.leader import Controller
from webhook.controller.settings.distributor import Distributor
from webhook.controller.settings.effective import settle
from webhook.controller.settings.in_force import InForce, work_by
from webhook.controller.settings.settings_store import Following
from webhook.kube.api import Api
from webhook.kube.counted import CountedApi
from webhook.kube.errors import ConfigurationError
from webhook.kube.fence import LeadersApi
from webhook.kube.leading import lead, until_one_ends
from webhook.kube.lease import Lease
from webhook.kube.loop import repeat
from webhook.kube.paths import namespaced
from webhook.observe import logs
from webhook.observe.control_metrics import ControlMetrics
from webhook.observe.reconcile_metrics import SETTINGS, ReconcileMetrics
from webhook.server.listener import Address
from webhook.settings.environment import not_read
from webhook.settings.faults import SettingsError
from webhook.settings.layers import Layer
from webhook.settings.load import read_layers
from webhook.settings.model import Settings

DESCRIPTION = """\
Makes what each MCP server needs beside its pods: a Service, Secrets from its configuration and the
network policies that isolate it; takes the gate from pods once they are isolated, and puts back
what somebody changed. Issues the webhook's certificate, writes caBundle and renews both before they
end. Several of these may run: one of them leads, by a Lease.
"""
EPILOG = """\
The OBOT_SERVER_MCP... variables of the environment are read too, and win over --settings.

examples:
  mcp-admission control
  mcp-admission control --kubeconfig ~/.kube/config --service webhook.platform --days 30
  mcp-admission control --certificates cert-manager

certificates:
  own              an authority of its own in the Secret mcp-admission-ca, a certificate in
                   mcp-admission-tls, both renewed at two thirds of their life
  cert-manager     looks whether what cert-manager writes is what API servers need
  bring-your-own   looks whether what you write is what API servers need

ports:
  --metrics-listen answers /healthz, /readyz and /metrics, without TLS

signals:
  SIGTERM, SIGINT  finish the step that has begun, let another one lead, and end
"""

LOG = logging.getLogger(__name__)


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `control`."""
    parser = add_command(
        subparsers,
        "control",
        short="make what servers need, keep certificates valid",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_cluster_options(parser)
    parser.add_argument(
        "--certificates",
        choices=MODES,
        default="own",
        help="who issues them, and writes caBundle (default: %(default)s)",
    )
    add_certificate_options(parser)
    _add_controller_options(parser)
    add_log_option(parser)


def _add_controller_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings in YAML that the resource cannot change (default: none)",
    )
    parser.add_argument(
        "-n",
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="look at this namespace alone; may be repeated (default: all namespaces)",
    )
    parser.add_argument(
        "--lease",
        default="mcp-admission-control",
        metavar="NAME",
        help="the Lease, beside the Service, whose holder leads (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=workers,
        default=4,
        metavar="COUNT",
        help="how much is looked at at the same time (default: %(default)s)",
    )
    parser.add_argument(
        "--metrics-listen",
        type=listen_address,
        default=Address("0.0.0.0", 8080),  # noqa: S104 - a pod's own network
        metavar="HOST:PORT",
        help="where probes and metrics are answered (default: %(default)s)",
    )


def workers(text: str) -> int:
    """Read a whole number from 1 to 64; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers from 1 to 64")
    return int(text)


def run(args: argparse.Namespace) -> ExitCode:
    """Work until a signal; 2 when settings, the way to a cluster or the port are no good."""
    logs.configure(level=logs.LEVELS[args.log_level])
    metrics = ControlMetrics()
    metrics.steps(STEPS)
    try:
        locks = read_layers(args.settings, os.environ)
        for line in not_read(os.environ):
            LOG.warning("a variable is not read", extra={"fields": {"reason": line}})
        settle({}, locks)
        asyncio.run(_control(args, locks, metrics))
    except (ConfigurationError, SettingsError) as error:
        LOG.error("cannot start", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
        return ExitCode.ERROR
    return ExitCode.OK


async def _control(args: argparse.Namespace, locks: list[Layer], metrics: ControlMetrics) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    of_reconciling = ReconcileMetrics(metrics.registry)
    async with await connect_to_cluster(CountedApi, args) as api:
        api.sent = of_reconciling.sent
        lease = _lease(api, args, of_reconciling)
        heart = Heart()
        beating = asyncio.create_task(heart.beat())
        problems = {
            "/healthz": heart.problem,
            "/readyz": lambda: None if lease.looked else "no look at the Lease yet",
        }
        answer_probes(args.metrics_listen, metrics.registry, problems)
        async with await connect_to_cluster(LeadersApi, args) as leading:
            leading.left, leading.sent = lambda: lease.left, of_reconciling.sent
            LOG.info("controlling", extra={"fields": {"certificates": args.certificates}})

            async def work() -> None:
                find_replicas = partial(endpoints, leading, installation(args))
                begin = MODES[args.certificates]
                turn = begin(
                    leading, installation(args), certificate_plan(args), find_replicas, metrics
                )
                await until_one_ends(
                    repeat(turn, stop, metrics.failed),
                    _make(args, leading, locks, lease.identity, of_reconciling),
                )

            await lead(lease, work, stop)
        beating.cancel()
    LOG.info("stopped")


async def _make(
    args: argparse.Namespace,
    api: Api,
    locks: list[Layer],
    identity: str,
    metrics: ReconcileMetrics,
) -> None:
    """Distribute the settings, and make what servers need by those that are in force."""
    release, scope = installation(args).namespace, args.namespace
    # The resource belongs to the cluster, not to some namespaces of it.
    followed = Following(api, release, lambda of, _: metrics.restarted(of), resource=not scope)
    in_force = InForce()
    distributor = Distributor(api, installation(args), followed, locks, in_force)
    distributor.states = lambda: metrics.states

    async def reconcile(settings: Settings) -> None:
        controller = Controller(api, settings, release, scope, metrics)
        await controller.run(identity, args.workers)

    await until_one_ends(
        distributor.run(partial(metrics.failed, SETTINGS)), work_by(in_force, reconcile)
    )


def _lease(api: Api, args: argparse.Namespace, metrics: ReconcileMetrics) -> Lease:
    folder = namespaced("coordination.k8s.io/v1", "leases", installation(args).namespace)
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    return Lease(api, folder, args.lease, identity, metrics.leads)
