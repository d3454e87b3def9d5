"""When a request came, and clients that never come to an end."""

import asyncio
import re

import pytest
from aiohttp import web

from tests.server.reviews import posted
from tests.server.serving import Recorder, serving
from webhook.observe.metrics import Metrics
from webhook.server import connections, listener
from webhook.server.http_connection import json_answer
from webhook.server.listener import REVIEWS, Address, Listener, ListenerPort

HEAD = b"POST /mutate%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
REVIEW = HEAD % b"" + b"Content-Length: %d\r\n\r\n" % len(posted()) + posted()


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PENDING_SECONDS", 0.3)
    monkeypatch.setattr(listener, "SWEEP_SECONDS", 0.01)


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("sent", [b"", b"P", HEAD[:40]])
async def test_a_client_that_does_not_go_on_is_cut_off(sent: bytes) -> None:
    """Before its first request, and in its head."""
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        try:
            received = await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            received = b""
        writer.close()
        labels = {"port": "reviews", "reason": "slow_client"}
        assert server.sample("closed_connections_total", **labels) == 1
    assert received == b"" or received.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.usefixtures("_soon")
async def test_an_idle_connection_is_kept() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(2):
            writer.write(REVIEW)
            assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 200")
            length = 0
            while (line := await reader.readline()) != b"\r\n":
                if line.startswith(b"Content-Length"):
                    length = int(line.split()[1])
            await reader.readexactly(length)
            other, silent = await asyncio.open_connection("127.0.0.1", server.port)
            assert await asyncio.wait_for(other.read(), 10) == b""
            silent.close()
        writer.write(b"P")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()


async def test_what_came_after_its_timeout_is_not_read() -> None:
    reviewer = Recorder()
    async with serving(reviewer) as server:
        answer, text = await server.post("/mutate?timeout=1ns")
        assert server.sample("rejected_requests_total", status="503") == 1
        again, _ = await server.post()
    assert (answer.status, again.status) == (503, 200)
    assert text.startswith(b"this review waited longer than its timeout")
    assert len(reviewer.asked) == 1


async def test_the_clock_of_each_request_starts_with_its_first_bytes() -> None:
    """Also of one whose bytes came before the answer to the former, and of none later."""
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REVIEW * 3 + REVIEW[:-1])
        for _ in range(3):
            assert await asyncio.wait_for(reader.readuntil(b"HTTP/1.1 200 OK"), 10)
        writer.write(REVIEW[-1:])
        assert await asyncio.wait_for(reader.readuntil(b"HTTP/1.1 200 OK"), 10)
        writer.close()


async def test_a_request_behind_an_upgrade_that_is_declined_is_answered() -> None:
    upgrade = b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length:"
    async with serving() as server:
        closing = REVIEW.replace(b"Content-Length:", b"Connection: close\r\nContent-Length:")
        received = await server.raw(REVIEW.replace(b"Content-Length:", upgrade) + closing)

    assert received.count(b"HTTP/1.1 200 OK") == 2


async def _answers(sent: bytes, *, ours: bool, closing: bool) -> bytes:
    """What a client reads that sends this, and then what is no HTTP."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        aiohttps = web.Response(body=b"{}", content_type="application/json")
        answer = json_answer(request, b"{}") if ours else aiohttps
        if closing:
            answer.force_close()
        return answer

    metrics = Metrics()
    opened = await Listener.open(
        web.Server(handler), Address("127.0.0.1", 0), metrics, ListenerPort("reviews", REVIEWS)
    )
    reader, writer = await asyncio.open_connection(*opened.addresses[0].split(":"))
    writer.write(sent)
    received = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n{}"), 10)
    writer.write(b"no\r\n\r\n")
    received += await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await opened.close()
    return re.sub(rb"Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \S+ GMT", b"Date: now", received)


@pytest.mark.parametrize("closing", [False, True])
@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_an_answer_is_written_as_aiohttp_writes_it(
    version: bytes, header: bytes, closing: bool
) -> None:
    """Byte for byte, and the connection is kept as long."""
    sent = b"GET / HTTP/%s\r\nHost: a\r\n%s\r\n" % (version, header)
    received = await _answers(sent, ours=True, closing=closing)

    assert received == await _answers(sent, ours=False, closing=closing)
    assert b"Date: now" in received
