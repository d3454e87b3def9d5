"""The options of commands that call the API server: its connection, installation, certificates.

Those of the processes that work while they lead are here, too.
"""

import argparse
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from certs.authority import service_names
from certs.rotation import RotationPlan
from webhook.cli.options import listen_address, service_name
from webhook.controller.installation import (
    NAMESPACE,
    SERVICE,
    WEBHOOK_CONFIGURATION,
    Installation,
)
from webhook.kube import Api
from webhook.kube.access.client_config import Overrides
from webhook.server.listener import Address

ASKED_MODES = ("enforce", "warn")
"""The modes that `audit` can judge by; below them, nothing becomes of a server."""
_USER = "user:"
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9:]([-.:A-Za-z0-9]*[A-Za-z0-9:])?")


class UserOrMode(argparse.Action):
    """Takes a mode as `as_mode`, and any other value as a user; `user:MODE` is one, too."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option: str | None = None,
    ) -> None:
        """Keep the value as what it is."""
        if values in ASKED_MODES:
            namespace.as_mode = values
        else:
            name = values.removeprefix(_USER)
            namespace.as_user = name if name in ASKED_MODES else values


def add_access_options(parser: argparse.ArgumentParser, *, modes: bool = False) -> None:
    """Add the options for the connection, and the Service of the installation.

    With `modes`, `--as` takes a mode, too.
    """
    way = parser.add_argument_group("connection to the cluster, as kubectl reads it")
    way.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="a kubeconfig (default: $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount)",
    )
    way.add_argument(
        "--context",
        default="",
        metavar="NAME",
        help="a context of the kubeconfig (default: its current-context)",
    )
    user = "act as this user, such as alice or system:serviceaccount:NAMESPACE:NAME"
    also = (
        "; the words enforce and warn are no users here, but the mode to judge by: --as may be "
        "given for both, and users of these names are written user:enforce and user:warn"
    )
    way.add_argument(
        "--as",
        dest="as_user",
        default="",
        action=UserOrMode if modes else "store",
        metavar="USER|enforce|warn" if modes else "USER",
        help=f"{user}{also}" if modes else user,
    )
    parser.set_defaults(as_mode="")
    way.add_argument(
        "--as-group",
        action="append",
        default=[],
        metavar="GROUP",
        help="act as a member of this group, with --as; may be repeated",
    )
    way.add_argument(
        "--as-uid", default="", metavar="UID", help="act as the user of this uid, with --as"
    )
    parser.add_argument(
        "--service",
        type=service_name,
        default=f"{SERVICE}.{NAMESPACE}",
        metavar="NAME.NAMESPACE",
        help="the Service that API servers call, in the namespace of the installation "
        "(default: %(default)s)",
    )


def add_cluster_options(parser: argparse.ArgumentParser, *, modes: bool = False) -> None:
    """Add the options for the connection, and the names of the installation."""
    add_access_options(parser, modes=modes)
    parser.add_argument(
        "--configuration",
        default=WEBHOOK_CONFIGURATION,
        metavar="NAME",
        help="the name of both webhook configurations (default: %(default)s)",
    )


def add_process_options(parser: argparse.ArgumentParser, lease: str) -> None:
    """Add the Lease of a process that works while it leads, and the port of its probes."""
    parser.add_argument(
        "--lease",
        default=lease,
        metavar="NAME",
        help="the Lease, beside the Service, whose holder leads (default: %(default)s)",
    )
    parser.add_argument(
        "--metrics-listen",
        type=listen_address,
        default=Address("0.0.0.0", 8080),  # noqa: S104 - a pod's own network
        metavar="HOST:PORT",
        help="where probes and metrics are answered (default: %(default)s)",
    )


def release_namespace(args: argparse.Namespace) -> str:
    """The namespace of the installation."""
    return str(args.service.partition(".")[2])


def installation(args: argparse.Namespace) -> Installation:
    """The installation that these options name; `--configuration` where the command has it."""
    service, _, namespace = args.service.partition(".")
    return Installation(service, namespace, getattr(args, "configuration", WEBHOOK_CONFIGURATION))


def connection_overrides(args: argparse.Namespace) -> Overrides:
    """What the options say about the connection beside the kubeconfig."""
    return Overrides(args.context, args.as_user, args.as_uid, tuple(args.as_group))


async def connect_to_cluster(args: argparse.Namespace) -> Api:
    """A connection by the options; raises ConfigurationError."""
    return await Api.connect(args.kubeconfig, connection_overrides(args))


def add_certificate_options(parser: argparse.ArgumentParser) -> None:
    """Add further names, and the lifetimes of certificate and authority."""
    parser.add_argument(
        "--name",
        type=dns_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a further DNS name or address, such as localhost; may be repeated",
    )
    for option, default, what in (
        ("--days", RotationPlan.leaf_lifetime, "certificate"),
        ("--ca-days", RotationPlan.authority_lifetime, "authority"),
    ):
        parser.add_argument(
            option,
            type=_days,
            default=default,
            metavar="DAYS",
            help=f"how long the {what} is valid (default: {default.days})",
        )


def certificate_plan(args: argparse.Namespace) -> RotationPlan:
    """The plan by these options and `--service`."""
    service, _, namespace = args.service.partition(".")
    return RotationPlan(
        names=service_names(service, namespace, args.name),
        authority_lifetime=args.ca_days,
        leaf_lifetime=args.days,
    )


def dns_name(text: str) -> str:
    """Read a DNS name or an address; raises ArgumentTypeError."""
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ASCII DNS name and no address, such as localhost or 127.0.0.1"
        )
    return text


def _days(text: str) -> timedelta:
    """Read a whole number of days from 1 to 36500; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 36500")
    return timedelta(days=int(text))
