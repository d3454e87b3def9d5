"""The options of every command that calls the API server, and the connection they describe."""

import argparse
from pathlib import Path
from typing import TypeVar

from webhook.cli.options import service_name
from webhook.controller.installation import (
    NAMESPACE,
    SERVICE,
    WEBHOOK_CONFIGURATION,
    Installation,
)
from webhook.kube.access.client_config import Overrides
from webhook.kube.api import Api


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the connection, and the Service of the installation."""
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
    way.add_argument(
        "--as",
        dest="as_user",
        default="",
        metavar="USER",
        help="act as this user, such as alice or system:serviceaccount:NAMESPACE:NAME",
    )
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


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the connection, and the names of the installation."""
    add_connection_options(parser)
    parser.add_argument(
        "--configuration",
        default=WEBHOOK_CONFIGURATION,
        metavar="NAME",
        help="the name of both webhook configurations (default: %(default)s)",
    )


def release_namespace(args: argparse.Namespace) -> str:
    """The namespace of the installation."""
    return str(args.service.partition(".")[2])


def installation(args: argparse.Namespace) -> Installation:
    """The installation that these options name."""
    service, _, namespace = args.service.partition(".")
    return Installation(service, namespace, args.configuration)


Kind = TypeVar("Kind", bound=Api)


def connection_overrides(args: argparse.Namespace) -> Overrides:
    """What the options say about the connection beside the kubeconfig."""
    return Overrides(args.context, args.as_user, args.as_uid, tuple(args.as_group))


async def connect_to_cluster(kind: type[Kind], args: argparse.Namespace) -> Kind:
    """A connection of this kind by the options; raises ConfigurationError."""
    return await kind.connect(args.kubeconfig, connection_overrides(args))
