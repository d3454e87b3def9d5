"""Options that several commands share, and the types of their values."""

import argparse
import re

from webhook import names
from webhook.observe.logs import LEVELS
from webhook.server.listener import Address

_SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def listen_address(text: str) -> Address:
    """Read HOST:PORT; raises ArgumentTypeError."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    if (
        not colon
        or bracketed != (":" in host)
        or not (port.isascii() and port.isdecimal() and int(port) < 65_536)
    ):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no HOST:PORT, such as 0.0.0.0:8443 or [::]:8443"
        )
    return Address(host, int(port))


def service_name(text: str) -> str:
    """Read NAME.NAMESPACE, also with `.svc` behind it; raises ArgumentTypeError."""
    short = text.removesuffix(".svc")
    if not _SERVICE.fullmatch(short):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no NAME.NAMESPACE, such as {names.PRODUCT}.{names.RELEASE_NAMESPACE}"
        )
    return short


def seconds(text: str) -> float:
    """Read a number of seconds that is not negative; raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, such as 5 or 0.5")
    return number


def add_log_option(parser: argparse.ArgumentParser) -> None:
    """Add the level below which nothing is logged."""
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        default="info",
        help="the lowest level to log, as JSON lines on standard error (default: %(default)s)",
    )
