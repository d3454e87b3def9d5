"""`mcp-admission certs control`: the process that keeps the certificates of a cluster."""

import argparse
from dataclasses import replace

from webhook.cli import cluster_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option
from webhook.controller.certificates.certificates_control import (
    CertificatesOptions,
    run_certificates,
)
from webhook.controller.installation import CERTIFICATE_MODES, CERTIFICATES_LEASE
from webhook.observe import logs

DESCRIPTION = """\
Issues the webhook's certificate, writes caBundle into the webhook configurations, and renews both
before they end. Several of these may run: one of them leads, by a Lease. It needs rights on the two
Secrets and the two webhook configurations alone, and looks at no other object of the cluster. With
--console-name it keeps two Secrets of the console, too.
"""
EPILOG = """\
examples:
  mcp-admission certs control
  mcp-admission certs control --kubeconfig ~/.kube/config --service webhook.platform --days 30
  mcp-admission certs control --mode cert-manager
  mcp-admission certs control --console-name localhost --console-name console.example

modes:
  own              an authority of its own in the Secret mcp-admission-ca, a certificate in
                   mcp-admission-tls, both renewed at two thirds of their life
  cert-manager     looks whether what cert-manager writes is what API servers need
  bring-your-own   looks whether what you write is what API servers need

ports:
  --metrics-listen answers /healthz, /readyz and /metrics, without TLS

signals:
  SIGTERM, SIGINT  finish the step that has begun, let another one lead, and end
"""


def add_parser(actions: Subparsers) -> None:
    """Add the options of `certs control`."""
    parser = add_command(
        actions,
        "control",
        short="keep the certificates of a cluster valid",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    parser.add_argument(
        "--mode",
        choices=CERTIFICATE_MODES,
        default="own",
        help="who issues them, and writes caBundle (default: %(default)s)",
    )
    cluster_options.add_certificate_options(parser)
    parser.add_argument(
        "--console-name",
        type=cluster_options.dns_name,
        action="append",
        default=[],
        metavar="NAME",
        help="issue a certificate for the console, too, by an authority that is kept to its names: "
        "a name that browsers know it by; may be repeated (default: there is no console)",
    )
    cluster_options.add_process_options(parser, CERTIFICATES_LEASE)
    add_log_option(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Work until a signal; 2 when the way to a cluster or the port is no good."""
    plan = cluster_options.certificate_plan(args)
    options = CertificatesOptions(
        kubeconfig=args.kubeconfig,
        overrides=cluster_options.connection_overrides(args),
        installation=cluster_options.installation(args),
        mode=args.mode,
        plan=plan,
        console=replace(plan, names=tuple(args.console_name)) if args.console_name else None,
        lease=args.lease,
        metrics_listen=args.metrics_listen,
        log_level=logs.LEVELS[args.log_level],
    )
    return ExitCode(run_certificates(options))
