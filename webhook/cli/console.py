"""`mcp-admission console`: the fleet, its settings and its rolls as pages in a browser."""

import argparse
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from webhook.cli import cluster_options, output
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option, listen_address, seconds
from webhook.console import cluster_process
from webhook.console.console_process import ConsoleError, LaptopOptions, run_on_laptop
from webhook.observe.logs import LEVELS
from webhook.server.listener import Address

DESCRIPTION = """\
Shows the cluster of your kubeconfig as pages in your browser. It listens on 127.0.0.1 alone, and
does everything with your own rights: the API server decides each time.

The address that it prints lets one browser in, once. After that, another address is printed.

With --in-cluster it serves a team, from a pod: people sign in with bearer tokens of their own. It
reads no kubeconfig and no ServiceAccount, and has no rights itself.
"""
EPILOG = """\
examples:
  mcp-admission console
  mcp-admission console --context staging --port 8600
  mcp-admission console --no-browser        print the address, and open nothing
  mcp-admission console --as alice          see what somebody else would see
  mcp-admission console --in-cluster --api-server-ca ca.crt --host console.example

exit codes:
  0  ended by Ctrl-C or SIGTERM
  2  the cluster cannot be reached, or a file or an address cannot be used
"""
_HOST = re.compile(r"[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?|(?=.*:.*:)[0-9A-Fa-f:]+")
_HEADER = re.compile(r"[A-Za-z][-A-Za-z0-9]*")
_NOT_TOKENS = {"cookie", "host", "origin", "content-type", "content-length"}
ON_LAPTOP = ("kubeconfig", "context", "as_user", "as_group", "as_uid", "port", "no_browser")
IN_CLUSTER = (
    "listen", "metrics_listen", "host", "tls_cert", "tls_key", "token_header", "api_server",
    "api_server_ca", "drain_seconds",
)  # fmt: skip


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `console`."""
    parser = add_command(
        subparsers,
        "console",
        short="show the fleet as pages in a browser, and change it there",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    parser.add_argument(
        "--port",
        type=port_number,
        default=0,
        metavar="PORT",
        help="the port on 127.0.0.1 (default: a free one)",
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="open no browser; other users of this machine see which address is opened",
    )
    add_log_option(parser)
    _add_cluster_mode(parser)


def _add_cluster_mode(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("in a cluster")
    group.add_argument(
        "--in-cluster",
        action="store_true",
        help="serve people who sign in with bearer tokens, with no credentials of our own",
    )
    group.add_argument(
        "--listen",
        type=listen_address,
        metavar="HOST:PORT",
        help="the address for browsers (default: 0.0.0.0:8443)",
    )
    group.add_argument(
        "--metrics-listen",
        type=listen_address,
        metavar="HOST:PORT",
        help="where probes and metrics are answered (default: 0.0.0.0:8080)",
    )
    group.add_argument(
        "--host",
        type=host_name,
        action="append",
        metavar="NAME",
        help="a host name that browsers know the console by, beside localhost; any other is "
        "refused; may be repeated",
    )
    group.add_argument(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="the certificate and its issuers, in PEM; read again when it changes (default: no "
        "TLS, which an Ingress has to end: cookies are for TLS alone)",
    )
    group.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key, in PEM")
    group.add_argument(
        "--token-header",
        type=header_name,
        metavar="NAME",
        help="take tokens from this header, which a proxy in front sets, such as Authorization "
        "(default: people type them)",
    )
    group.add_argument(
        "--api-server",
        type=https_url,
        metavar="URL",
        help="the API server (default: that of the pod's environment)",
    )
    group.add_argument(
        "--api-server-ca",
        type=Path,
        metavar="FILE",
        help="its authority, in PEM, as in the ConfigMap kube-root-ca.crt of each namespace; "
        "needed with --in-cluster",
    )
    group.add_argument(
        "--drain-seconds",
        type=seconds,
        metavar="SECONDS",
        help="how long to answer after SIGTERM, while others stop using this address (default: 5)",
    )


def port_number(text: str) -> int:
    """Read a port, 0 for a free one; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def host_name(text: str) -> str:
    """Read the name of a host, without a port; raises ArgumentTypeError."""
    if not _HOST.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no host name, such as console.example")
    return text.lower()


def header_name(text: str) -> str:
    """Read the name of a header that can hold a token; raises ArgumentTypeError."""
    if not _HEADER.fullmatch(text) or text.lower() in _NOT_TOKENS:
        raise argparse.ArgumentTypeError(f"{text!r} is no header for tokens: try Authorization")
    return text


def https_url(text: str) -> str:
    """Read the URL of a server with TLS; raises ArgumentTypeError."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme == "https" and parts.hostname and (parts.port or True)
    except ValueError:
        fine = False
    if not fine or "@" in parts.netloc or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL such as https://10.96.0.1:443")
    return text.rstrip("/")


def run(args: argparse.Namespace) -> ExitCode:
    """Answer until a signal."""
    try:
        _check_together(args)
        if args.in_cluster:
            cluster_process.run_in_cluster(_cluster_options(args))
        else:
            run_on_laptop(_laptop_options(args), _say)
    except ConsoleError as error:
        output.write_error(args, error)
        return ExitCode.ERROR
    return ExitCode.OK


def _check_together(args: argparse.Namespace) -> None:
    """Raise ConsoleError for options that cannot be meant together."""
    wrong = [name for name in (ON_LAPTOP if args.in_cluster else IN_CLUSTER) if vars(args)[name]]
    if wrong:
        option = f"--{wrong[0].removesuffix('_user').replace('_', '-')}"
        if args.in_cluster:
            raise ConsoleError(f"{option} is for your own machine: leave it out, or --in-cluster")
        raise ConsoleError(f"{option} is for a cluster: add --in-cluster, or leave it out")
    if args.in_cluster and not args.api_server_ca:
        raise ConsoleError("--in-cluster needs --api-server-ca FILE, the API server's authority")
    if bool(args.tls_cert) != bool(args.tls_key):
        raise ConsoleError("--tls-cert and --tls-key belong together: add the other one")


def _laptop_options(args: argparse.Namespace) -> LaptopOptions:
    return LaptopOptions(
        kubeconfig=args.kubeconfig,
        overrides=cluster_options.connection_overrides(args),
        installation=cluster_options.installation(args),
        port=args.port,
        open_browser=not args.no_browser,
        log_level=LEVELS[args.log_level],
    )


def _cluster_options(args: argparse.Namespace) -> cluster_process.ClusterOptions:
    server = args.api_server or cluster_process.server_of_environment(os.environ)
    if not server:
        raise ConsoleError("this is no pod, which would know the API server: add --api-server URL")
    everywhere = "0.0.0.0"  # noqa: S104 - a pod's own network
    return cluster_process.ClusterOptions(
        listen=args.listen or Address(everywhere, 8443),
        metrics_listen=args.metrics_listen or Address(everywhere, 8080),
        hosts=tuple(args.host or ()),
        tls_cert=args.tls_cert,
        tls_key=args.tls_key,
        token_header=args.token_header or "",
        api_server=server,
        api_server_ca=args.api_server_ca,
        installation=cluster_options.installation(args),
        drain_seconds=5.0 if args.drain_seconds is None else args.drain_seconds,
        log_level=LEVELS[args.log_level],
    )


def _say(text: str) -> None:
    print(text, flush=True)
