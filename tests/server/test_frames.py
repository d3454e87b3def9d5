"""A connection that has ended leaves nothing behind, whatever was sent on it.

Without that, one peer without a credential fills three GiB in half a minute: what is garbage waits
for a collection, and one comes after many thousands of objects, of whatever size.
"""

import contextlib
import socket
from collections.abc import Iterator

import pytest
import trustme

from tests.server.certificates import HOST, Volume
from tests.server.process import LOOPBACK, Server, command
from tools.cluster.waiting import wait_for

# A read of TLS is as much at a time.
LONG = b"a" * 256 * 1024
HEAD = b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CHUNKED, LATER = b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 999999\r\n\r\n"
SENT = {
    "a long line": b"GET /" + LONG,
    "no method": b"\x01" + LONG,
    "no header": b"GET / HTTP/1.1\r\nHost: a\r\n:" + LONG,
    "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 40_000,
    "no chunk": HEAD + CHUNKED + b"zz\r\n" + LONG,
    "no chunk later": HEAD + CHUNKED + b"20000\r\n" + LONG,
    "half a body": HEAD + LATER + LONG,
    "no JSON": HEAD + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG,
    "nowhere": b"POST /x HTTP/1.1\r\nHost: a\r\n" + LATER + LONG,
    "no media type": b"POST /mutate HTTP/1.1\r\nHost: a\r\n" + LATER + LONG,
    "another protocol": b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n"
    + LONG,
    "a pipeline": b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 10 + LONG,
}
WARM, CONNECTIONS = 10, 150
# Half of what they have sent: with one ring of objects all of it stays, and more.
MOST_KIB = CONNECTIONS * len(LONG) // 2 // 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    volume = Volume(tmp_path_factory.mktemp("server") / "tls")
    volume.write_pair(authority.issue_cert(HOST))
    with Server(authority, command(volume)) as running:
        yield running


def leave(server: Server, sent: bytes) -> None:
    """Send this on a connection of its own, hear a word or none, and hang up."""
    plain = socket.create_connection((LOOPBACK, server.review_port), timeout=30)
    with server.context.wrap_socket(plain, server_hostname=HOST) as connection:
        connection.settimeout(0.02)
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            connection.recv(1)


@pytest.mark.parametrize("what", SENT)
def test_a_connection_that_has_ended_leaves_nothing_behind(server: Server, what: str) -> None:
    for _ in range(WARM):
        leave(server, SENT[what])
    before = server.memory()["VmRSS"]

    for _ in range(CONNECTIONS):
        leave(server, SENT[what])

    wait_for("end of all", lambda: server.sample('open_connections{port="reviews"}') == 0)
    wait_for("memory", lambda: server.memory()["VmRSS"] - before < MOST_KIB)
    assert server.probe("/readyz") == (200, "ok\n")
