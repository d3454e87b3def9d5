"""Ports that stay free: below the range that systems hand out to outgoing connections.

A port taken by binding to port 0 can become some connection's own end before the server that it
was meant for listens on it, or while that server is restarted. And two test runs that start at the
same time must not find the same port free: whoever takes a TCP port holds the UDP port of the same
number for as long as it lives, as a sign for the others.
"""

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"
RANGE = range(20000, 30000)


def free_ports(count: int) -> list[int]:
    """Different ports on the loopback address, on which nothing listens and nobody else will."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(RANGE, len(RANGE)):
        if _hold(port):
            ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError(f"{count} free ports between {RANGE.start} and {RANGE.stop} cannot be found")


def _hold(port: int) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.socket() as listener,
        socket.socket(type=socket.SOCK_DGRAM) as sign,
    ):
        sign.bind((LOOPBACK, port))
        listener.bind((LOOPBACK, port))
        sign.detach()
        return True
    return False
