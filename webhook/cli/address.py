"""An address to listen on, as it is written on a command line."""

import argparse

from webhook.server.listener import Address


def address(text: str) -> Address:
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
