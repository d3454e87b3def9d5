"""`mcp-admission serve`: answer the API server's admission reviews over TLS."""

import argparse
import sys
from pathlib import Path

from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option, listen_address, seconds, service_name
from webhook.observe.logs import LEVELS
from webhook.server.lifecycle import Options, serve
from webhook.server.listener import Address
from webhook.server.settings_file import SettingsFiles

DESCRIPTION = """\
Answers admission reviews over TLS at /mutate, /validate, /mutate/managed, /validate/managed and
/validate/settings, and /healthz, /readyz and /metrics on a second port without TLS.

The files named here are read again when they change. If a changed file cannot be used, the previous
one stays in use, and a metric and the log report it. At the start, it ends the command with exit
code 2.

The log has a line for each review that rejects, changes or warns. With --log-level debug, it has a
line for every review.
"""
EPILOG = """\
examples:
  mcp-admission serve --tls-cert tls.crt --tls-key tls.key
  mcp-admission serve --tls-cert tls.crt --tls-key tls.key --settings settings.yaml
  mcp-admission serve --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt \\
      --client-name kube-apiserver --listen [::]:8443 --metrics-listen 127.0.0.1:8080

signals:
  SIGTERM, SIGINT   fail /readyz, close connections after their answers, stop after --drain-seconds
  a second one      stop at once
"""


BESIDE_SETTINGS = "accepted_settings", "namespace_settings", "locked_settings", "runtime_classes"


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `serve`."""
    parser = add_command(
        subparsers,
        "serve",
        short="answer the API server's admission reviews over TLS",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    _add_addresses(parser)
    _add_files(parser)
    parser.add_argument(
        "--drain-seconds",
        type=seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long to serve after SIGTERM, while clients stop using this address "
        "(default: %(default)g)",
    )
    add_log_option(parser)


def _add_addresses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        type=listen_address,
        default=Address("0.0.0.0", 8443),  # noqa: S104 - a pod's own network
        metavar="HOST:PORT",
        help="the address for admission reviews; IPv6 in brackets, port 0 is a free one "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--metrics-listen",
        type=listen_address,
        default=Address("0.0.0.0", 8080),  # noqa: S104
        metavar="HOST:PORT",
        help="the address for probes and metrics (default: %(default)s)",
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tls-cert",
        type=Path,
        required=True,
        metavar="FILE",
        help="the server's certificate and its issuers, in PEM",
    )
    parser.add_argument(
        "--tls-key", type=Path, required=True, metavar="FILE", help="its private key, in PEM"
    )
    _add_proofs(parser)
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings in YAML (default: all defaults)"
    )
    parser.add_argument(
        "--accepted-settings",
        type=Path,
        metavar="FILE",
        help="accept what these settings allow, too; the controller writes them while settings "
        "change, and the file may be missing or empty (needs --settings)",
    )
    parser.add_argument(
        "--namespace-settings",
        type=Path,
        metavar="FILE",
        help="settings of namespaces and exceptions, in compressed JSON; the controller writes "
        "them, and the file may be missing or empty (needs --settings)",
    )
    parser.add_argument(
        "--locked-settings",
        type=Path,
        metavar="FILE",
        help="settings that no resource can change: who applies one that tries to is warned; the "
        "controller writes them, and the file may be missing or empty (needs --settings)",
    )
    parser.add_argument(
        "--runtime-classes",
        type=Path,
        metavar="FILE",
        help="the names of the runtime classes that there are, in JSON: who applies a workload "
        "with another one is warned; the controller writes them, and the file may be missing or "
        "empty (needs --settings)",
    )


def _add_proofs(parser: argparse.ArgumentParser) -> None:
    """Add the checks of certificates, of the server's and of clients'."""
    parser.add_argument(
        "--service",
        type=service_name,
        metavar="NAME.NAMESPACE",
        help="use only certificates for this Service (default: for any name)",
    )
    parser.add_argument(
        "--ca-bundle",
        type=Path,
        metavar="FILE",
        help="use only certificates that verify against this bundle, the one in caBundle "
        "(default: against the issuers in --tls-cert)",
    )
    parser.add_argument(
        "--client-ca",
        type=Path,
        metavar="FILE",
        help="answer only clients with a certificate from this authority (default: all clients)",
    )
    parser.add_argument(
        "--client-name",
        action="append",
        default=[],
        metavar="NAME",
        help="of those, answer only clients with this common name or subjectAltName; "
        "may be repeated",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Serve until a signal."""
    for option in BESIDE_SETTINGS:
        if vars(args)[option] and not args.settings:
            name = option.replace("_", "-")
            sys.stderr.write(f"mcp-admission serve: --{name} needs --settings FILE: add it\n")
            return ExitCode.ERROR
    if args.client_name and not args.client_ca:
        sys.stderr.write("mcp-admission serve: --client-name needs --client-ca FILE: add it\n")
        return ExitCode.ERROR
    code = serve(
        Options(
            listen=args.listen,
            metrics_listen=args.metrics_listen,
            tls_cert=args.tls_cert,
            tls_key=args.tls_key,
            ca_bundle=args.ca_bundle,
            service=args.service,
            client_ca=args.client_ca,
            client_names=frozenset(args.client_name),
            settings=_settings_files(args),
            drain_seconds=args.drain_seconds,
            log_level=LEVELS[args.log_level],
        )
    )
    return ExitCode(code)


def _settings_files(args: argparse.Namespace) -> SettingsFiles | None:
    if args.settings is None:
        return None
    return SettingsFiles(args.settings, *(vars(args)[option] for option in BESIDE_SETTINGS))
