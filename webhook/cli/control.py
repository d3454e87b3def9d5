"""`mcp-admission control`: keep in the cluster what the webhook needs there."""

import argparse
from pathlib import Path

from webhook.cli import cluster_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option
from webhook.controller.installation import LEASE
from webhook.controller.manager import ControlOptions, run_controller
from webhook.observe import logs

DESCRIPTION = """\
Makes what each MCP server needs beside its pods: a Service, Secrets from its configuration and the
network policies that isolate it; takes the gate from pods once they are isolated, and puts back
what somebody changed. Several of these may run: one of them leads, by a Lease. The webhook's
certificates are kept by a process of their own, `mcp-admission certs control`.
"""
EPILOG = """\
The OBOT_SERVER_MCP... variables of the environment are read too, and win over --settings.

examples:
  mcp-admission control
  mcp-admission control --kubeconfig ~/.kube/config --service webhook.platform

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
        short="make what servers need in the cluster",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_access_options(parser)
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
        "--policy-reports",
        action="store_true",
        help="write a report on each server, where the cluster has reports of openreports.io or "
        "wgpolicyk8s.io",
    )
    cluster_options.add_process_options(parser, LEASE)
    parser.add_argument(
        "--workers",
        type=workers,
        default=4,
        metavar="COUNT",
        help="how many servers are reconciled at once, half of them of one namespace, how many "
        "namespaces beside them, and an eighth of how many gates (default: %(default)s)",
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
        settings=args.settings,
        namespaces=args.namespace,
        lease=args.lease,
        workers=args.workers,
        policy_reports=args.policy_reports,
        metrics_listen=args.metrics_listen,
        log_level=logs.LEVELS[args.log_level],
    )
    return ExitCode(run_controller(options))
