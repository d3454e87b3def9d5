"""What is not a connection of HTTP yet."""

import asyncio
import errno
import socket

import pytest

from tests.server.serving import serving
from webhook.observe.metrics import Metrics
from webhook.server.acceptor import Acceptor, listening_sockets
from webhook.server.connections import Bounds, Connection, Connections


def test_no_host_is_every_address() -> None:
    listening = listening_sockets("", 0)
    try:
        assert {found.family for found in listening} >= {socket.AF_INET}
        assert not any(found.getblocking() for found in listening)
    finally:
        for found in listening:
            found.close()


def test_a_taken_address_is_an_error() -> None:
    (taken,) = listening_sockets("127.0.0.1", 0)
    with taken, pytest.raises(OSError, match="in use"):
        listening_sockets("127.0.0.1", taken.getsockname()[1])


async def test_without_files_a_connection_makes_room() -> None:
    """And it accepts again when there are some."""
    async with serving() as server:
        _, first = await asyncio.open_connection("127.0.0.1", server.port)
        while server.sample("open_connections", port="reviews") != 1:  # noqa: ASYNC110
            await asyncio.sleep(0)
        acceptor = server.listener._acceptor

        class Exhausted:
            def accept(self) -> None:
                raise OSError(errno.EMFILE, "")

        acceptor._accept(Exhausted())  # type: ignore[arg-type]
        labels = {"port": "reviews", "reason": "too_many"}
        assert server.sample("closed_connections_total", **labels) == 1
        answer, _ = await server.post()
        assert answer.status == 200
        first.close()


async def test_a_client_that_has_left_is_passed_over() -> None:
    (listening,) = listening_sockets("127.0.0.1", 0)
    connections = Connections("reviews", Bounds(8, 8), Metrics())

    def new(_: Connection) -> asyncio.Protocol:
        raise AssertionError

    acceptor = Acceptor([listening], connections, new, None)

    class Left:
        calls = 0

        def accept(self) -> None:
            self.calls += 1
            raise BlockingIOError if self.calls > 1 else ConnectionAbortedError

    left = Left()
    acceptor._accept(left)  # type: ignore[arg-type]
    assert left.calls == 2
    await acceptor.end()
