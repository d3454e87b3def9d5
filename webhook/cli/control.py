"""`mcp-admission control`: keep in the cluster what the webhook needs there."""

import argparse
from pathlib import Path

from webhook.cli import cluster_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option, listen_address
from webhook.controller.installation import LEASE
from webhook.controller.manager import CERTIFICATE_MODES, ControlOptions, run_controller
from webhook.observe import logs
from webhook.server.listener import Address

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


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `control`."""
    parser = add_command(
        subparsers,
        "control",
        short="make what servers need, keep certificates valid",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    parser.add_argument(
        "--certificates",
        choices=CERTIFICATE_MODES,
        default="own",
        help="who issues them, and writes caBundle (default: %(default)s)",
    )
    cluster_options.add_certificate_options(parser)
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
        default=LEASE,
        metavar="NAME",
        help="the Lease, beside the Service, whose holder leads (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=workers,
        default=4,
        metavar="COUNT",
        help="how many servers are reconciled at once, half of them of one namespace, and how "
        "many namespaces and pods beside them (default: %(default)s)",
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
    options = ControlOptions(
        kubeconfig=args.kubeconfig,
        overrides=cluster_options.connection_overrides(args),
        installation=cluster_options.installation(args),
        certificates=args.certificates,
        plan=cluster_options.certificate_plan(args),
        settings=args.settings,
        namespaces=args.namespace,
        lease=args.lease,
        workers=args.workers,
        metrics_listen=args.metrics_listen,
        log_level=logs.LEVELS[args.log_level],
    )
    return ExitCode(run_controller(options))
