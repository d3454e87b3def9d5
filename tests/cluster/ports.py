"""Ports that stay free: below the range that systems hand out to outgoing connections.

A port taken by binding to port 0 can become some connection's own end before the server that it
was meant for listens on it, or while that server is restarted.
"""

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"
RANGE = range(20000, 30000)


def free_ports(count: int) -> list[int]:
    """Different ports on which nothing listens on the loopback address."""
    ports: list[int] = []
    with contextlib.ExitStack() as held:
        for port in random.SystemRandom().sample(RANGE, len(RANGE)):
            listener = held.enter_context(socket.socket())
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError(f"{count} free ports between {RANGE.start} and {RANGE.stop} cannot be found")
