"""What is not a connection of HTTP yet."""

import asyncio
import errno
import socket

import pytest

from tests.server.serving import JSON, serving
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


async def test_reviews_beyond_the_bound_wait_for_those_before_them() -> None:
    """None of a burst is closed: each is answered when one before it has ended."""
    begun = b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    async with serving(bounds=Bounds(connections=8, each=2)) as server, asyncio.timeout(10):
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        for _, writer in opened:
            writer.write(begun + b"Content-Length: 9\r\n\r\n")
        while server.sample("in_flight_requests") != 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        headers = {**JSON, "Connection": "close"}
        posts = [asyncio.ensure_future(server.post(headers=headers)) for _ in range(5)]
        while server.sample("open_connections", port="reviews") != 7:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert not any(each.done() for each in posts)
        for _, writer in opened:
            writer.close()
        assert {(await each)[0].status for each in posts} == {200}


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
