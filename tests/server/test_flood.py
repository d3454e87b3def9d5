"""One peer without a credential floods a replica: the others are answered, and the memory holds."""

import contextlib
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import yaml

from tests.server.certificates import HOST, Volume
from tests.server.process import LOOPBACK, Server, command, post
from tests.server.reviews import posted
from tools.cluster.waiting import wait_for
from webhook.server.intake import LARGEST_BODY, SMALL_BODY
from webhook.settings.quantity import parse_quantity

VICTIM = "127.0.0.2"
SILENT = "127.0.0.3"
HEAD, TAIL = posted(object="%", oldObject=None).split(b'"%"')


def review_of(item: bytes, size: int) -> bytes:
    """A review whose object is a list of so many items that the body is almost of this size."""
    count = (size - len(HEAD) - len(TAIL) - 8) // (len(item) + 1)
    return HEAD + b"[" + b",".join(itertools.repeat(item, count)) + b"]" + TAIL


NEST = b'{"":' * 90 + b"0" + b"}" * 90
TOLERATION = b'{"key":"a","operator":"Exists"}'
ITEMS = {
    "lists": b"[]",
    "mappings": b'{"":0}',
    "nested mappings": NEST,
    "nested lists": b"[" * 90 + b"]" * 90,
    "numbers": b"1e9",
    "tolerations": TOLERATION,
}
WORST = [review_of(item, LARGEST_BODY) for item in ITEMS.values()]
WORST_SMALL = [review_of(item, SMALL_BODY) for item in ITEMS.values()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    """A process for all of these tests: what one leaves behind is seen by the next."""
    volume = Volume(tmp_path_factory.mktemp("server") / "tls")
    volume.write_pair(authority.issue_cert(HOST))
    with Server(authority, command(volume, "--log-level", "debug")) as running:
        yield running


@pytest.fixture(scope="module")
def limit() -> float:
    """The memory that the chart gives the container, in KiB."""
    values = yaml.safe_load(Path("manifests/chart/values.yaml").read_text())
    return parse_quantity(values["serve"]["resources"]["limits"]["memory"]).nano / 1e9 / 1024


class Attacker(threading.Thread):
    """Sends bodies without pause, on a connection that it opens again when it is closed."""

    def __init__(self, server: Server, bodies: list[bytes], path: str) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.answers = 0
        self._server = server
        self._bodies = itertools.cycle(bodies)
        self._path = path

    def run(self) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(OSError, ValueError), self._server.connected() as connection:
                while not self.stop.is_set():
                    post(connection, self._path, next(self._bodies)).read()
                    self.answers += 1


@contextlib.contextmanager
def flood(server: Server, bodies: list[bytes], path: str = "/mutate") -> Iterator[None]:
    """Sixteen connections of one peer."""
    attackers = [Attacker(server, bodies[turn:] + bodies[:turn], path) for turn in range(16)]
    for attacker in attackers:
        attacker.start()
    try:
        wait_for("an answer to the flood", lambda: sum(found.answers for found in attackers) > 2)
        yield
    finally:
        for attacker in attackers:
            attacker.stop.set()
        for attacker in attackers:
            attacker.join()


def victims_are_answered(server: Server, times: int) -> None:
    """Each on a connection of its own, as after an API server's start, and within its timeout."""
    for _ in range(times):
        started = time.monotonic()
        with server.connected(source=VICTIM) as connection:
            answer = post(connection, "/mutate?timeout=10s")
            assert answer.status == 200
            assert json.loads(answer.read())["response"]["allowed"] is True
        assert time.monotonic() - started < 5
    assert server.probe("/healthz") == (200, "ok\n")
    assert server.probe("/readyz") == (200, "ok\n")


@pytest.mark.parametrize("path", ["/mutate/managed", "/validate"])
@pytest.mark.parametrize("bodies", [WORST, WORST_SMALL], ids=["large", "small"])
def test_a_flood_of_one_peer_silences_no_other(
    server: Server, bodies: list[bytes], path: str
) -> None:
    with flood(server, bodies, path):
        victims_are_answered(server, 12)


def opened(server: Server, source: str) -> ssl.SSLSocket:
    """A connection of this peer after its handshake."""
    plain = socket.create_connection(
        (LOOPBACK, server.review_port), timeout=30, source_address=(source, 0)
    )
    return server.context.wrap_socket(plain, server_hostname=HOST)


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(30)
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        return connection.recv(1) == b""
    return True


def test_connections_that_never_ask_are_closed(server: Server) -> None:
    """Four hundred after their handshake, four hundred before; others come in meanwhile."""
    closed = server.sample('closed_connections_total{port="reviews",reason="slow_client"}') or 0
    with contextlib.ExitStack() as open_:
        for _ in range(400):
            open_.enter_context(opened(server, SILENT))
            plain = socket.create_connection(
                (LOOPBACK, server.review_port), timeout=30, source_address=(SILENT, 0)
            )
            open_.enter_context(plain)
        last = open_.enter_context(opened(server, SILENT))
        started = time.monotonic()
        assert (server.sample('open_connections{port="reviews"}') or 0) <= 256 + 401
        victims_are_answered(server, 4)
        assert is_closed(last)
        assert 5 < time.monotonic() - started < 30
        wait_for("no connection", lambda: server.sample('open_connections{port="reviews"}') == 0)
    now = server.sample('closed_connections_total{port="reviews",reason="slow_client"}') or 0
    assert now - closed > 100


def test_metrics_cannot_be_asked_for_too_often(server: Server) -> None:
    """Sixteen Prometheis without pause cost no review its time."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                server.probe("/metrics")

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    try:
        victims_are_answered(server, 12)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_half_sent_bodies_have_a_bound(server: Server, limit: float) -> None:
    """Of two peers as many connections as there may be, each with a body that is almost there."""
    head = (
        b"POST /mutate?timeout=30s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n"
    )
    with contextlib.ExitStack() as open_:
        for number in range(500):
            connection = open_.enter_context(opened(server, SILENT if number % 2 else LOOPBACK))
            connection.settimeout(0.02)
            size = (SMALL_BODY, LARGEST_BODY)[number % 4 // 2]
            with contextlib.suppress(OSError):
                connection.sendall(head % size + b" " * (size - 1))
        victims_are_answered(server, 4)
        assert server.memory()["VmRSS"] < limit


@pytest.mark.parametrize("name", ITEMS)
def test_the_memory_of_the_worst_body_has_a_bound(server: Server, name: str, limit: float) -> None:
    body = review_of(ITEMS[name], LARGEST_BODY)
    response = server.review("/mutate/managed", body)
    assert response["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert server.memory()["VmHWM"] < limit


def test_old_and_new_of_three_megabytes_are_reviewed(server: Server, limit: float) -> None:
    item = b"[" + b",".join(itertools.repeat(TOLERATION, 3_000_000 // 32)) + b"]"
    body = posted(object="%", oldObject="%", operation="UPDATE").replace(b'"%"', item)
    assert server.review("/mutate/managed", body)["uid"]
    (line,) = wait_for(
        "its line in the log",
        lambda: [found for found in server.logged("review") if found["operation"] == "UPDATE"],
    )
    assert line["decision"] != "error"
    assert server.memory()["VmHWM"] < limit
