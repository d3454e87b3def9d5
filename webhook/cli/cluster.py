"""Options of the commands that call the API server, the same for each."""

from __future__ import annotations

import argparse
from pathlib import Path

from webhook.cli.service_name import service_name
from webhook.controller.certificates.places import Places

SERVICE = "mcp-admission.mcp-admission-system"


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Add the way to the cluster, and where the installation is there."""
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="the way to the cluster (default: $KUBECONFIG, the pod's ServiceAccount, or "
        "~/.kube/config)",
    )
    parser.add_argument(
        "--service",
        type=service_name,
        default=SERVICE,
        metavar="NAME.NAMESPACE",
        help="the Service that API servers call; the Secrets are beside it (default: %(default)s)",
    )


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the way to the cluster, and what names the installation there."""
    add_connection_options(parser)
    parser.add_argument(
        "--configuration",
        default="mcp-admission",
        metavar="NAME",
        help="the name of both webhook configurations (default: %(default)s)",
    )


def release_namespace(args: argparse.Namespace) -> str:
    """The namespace of the installation."""
    return str(args.service.partition(".")[2])


def places(args: argparse.Namespace) -> Places:
    """The installation that these options name."""
    service, _, namespace = args.service.partition(".")
    return Places(service, namespace, args.configuration)
