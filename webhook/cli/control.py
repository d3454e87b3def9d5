"""`mcp-admission control`: keep in the cluster what the webhook needs there."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from functools import partial

from prometheus_client import start_http_server

from webhook.cli.address import address
from webhook.cli.certificate_plan import add_certificate_options, plan
from webhook.cli.cluster import add_cluster_options, places
from webhook.cli.command import Subparsers, add_command
from webhook.controller.api import Api
from webhook.controller.certificates.driver import STEPS
from webhook.controller.certificates.modes import MODES
from webhook.controller.certificates.served import endpoints
from webhook.controller.errors import ConfigurationError
from webhook.controller.loop import repeat
from webhook.observe import logs
from webhook.observe.control_metrics import ControlMetrics
from webhook.server.listener import Address

DESCRIPTION = """\
Issues the webhook's certificate, writes caBundle and renews both before they end, each step only
when all replicas and API servers can follow. Metrics are answered on a port without TLS.
"""
EPILOG = """\
examples:
  mcp-admission control
  mcp-admission control --kubeconfig ~/.kube/config --service webhook.platform --days 30
  mcp-admission control --certificates cert-manager

certificates:
  own              an authority of its own in the Secret mcp-admission-ca, a certificate in
                   mcp-admission-tls, both renewed at two thirds of their life
  cert-manager     looks whether what cert-manager writes is what API servers need
  bring-your-own   looks whether what you write is what API servers need

signals:
  SIGTERM, SIGINT  finish the step that has begun, and end
"""

LOG = logging.getLogger(__name__)


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `control`."""
    parser = add_command(
        subparsers,
        "control",
        short="keep in the cluster what the webhook needs there",
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
    parser.add_argument(
        "--metrics-listen",
        type=address,
        default=Address("0.0.0.0", 8080),  # noqa: S104 - a pod's own network
        metavar="HOST:PORT",
        help="where metrics are answered (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Work until a signal; 2 when there is no way to a cluster or no port for the metrics."""
    logs.configure()
    metrics = ControlMetrics()
    metrics.steps(STEPS)
    try:
        asyncio.run(_control(args, metrics))
    except ConfigurationError as error:
        sys.stderr.write(f"mcp-admission control: {error}\n")
        return 2
    return 0


async def _control(args: argparse.Namespace, metrics: ControlMetrics) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _answer_metrics(args.metrics_listen, metrics)
    async with await Api.connect(args.kubeconfig) as api:
        where = places(args)
        find_replicas = partial(endpoints, api, where)
        turn = MODES[args.certificates](api, where, plan(args), find_replicas, metrics)
        LOG.info("controlling", extra={"fields": {"certificates": args.certificates}})
        await repeat(turn, stop, metrics)
    LOG.info("stopped")


def _answer_metrics(listen: Address, metrics: ControlMetrics) -> None:
    try:
        start_http_server(listen.port, listen.host, metrics.registry)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {listen} ({error.strerror or error}): choose another "
            "--metrics-listen"
        ) from None
