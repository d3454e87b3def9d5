"""The options about names and lifetimes of certificates, for `control` and `certs`."""

import argparse
import re
from datetime import timedelta

from certs.authority import service_names
from certs.rotation import RotationPlan

_NAME = re.compile(r"(\*\.)?[A-Za-z0-9:]([-.:A-Za-z0-9]*[A-Za-z0-9:])?")


def add_certificate_options(parser: argparse.ArgumentParser) -> None:
    """Add further names, and the lifetimes of certificate and authority."""
    parser.add_argument(
        "--name",
        type=_dns_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a further DNS name or address, such as localhost; may be repeated",
    )
    for option, default, what in (("--days", 90, "certificate"), ("--ca-days", 3650, "authority")):
        parser.add_argument(
            option,
            type=_days,
            default=timedelta(days=default),
            metavar="DAYS",
            help=f"how long the {what} is valid (default: {default})",
        )


def certificate_plan(args: argparse.Namespace) -> RotationPlan:
    """The plan by these options and `--service`."""
    service, _, namespace = args.service.partition(".")
    return RotationPlan(
        names=service_names(service, namespace, args.name),
        authority_lifetime=args.ca_days,
        leaf_lifetime=args.days,
    )


def _dns_name(text: str) -> str:
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
