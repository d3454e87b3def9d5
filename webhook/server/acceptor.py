"""Accepts connections, and begins their TLS handshakes one peer after the other.

asyncio's own server begins the handshake of every connection at once, and knows no peer. Here a
handshake begins when the client has sent something and there is room, and so many at a time that
the event loop still has its turn. A client that sends nothing, or waits for room, costs a socket.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from webhook.server.connections import Connection, Connections, ConnectionState
from webhook.server.turns import FairQueue

HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 1.0
BACKLOG = 1024
# The system holds so much of a connection for us, and we read so much of it at once.
RECEIVE_BYTES = 64 * 1024
# Before its handshake: a client's first message has less than two thousand bytes.
FIRST_BYTES = 8 * 1024
# So many at a time, then the event loop has its turn.
ACCEPTED_AT_ONCE = 64
BEGUN_AT_ONCE = 8
# After so long, look again whether a handshake may begin, or whether there are files again.
AGAIN_SECONDS = 0.1
NO_MORE_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

NewProtocol = Callable[[Connection], asyncio.Protocol]


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of the host, an empty one is every address; raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, *_, address in found))
    listening: list[socket.socket] = []
    try:
        for family, address in addresses:
            listening.append(socket.create_server(address, family=family, backlog=BACKLOG))
            listening[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            listening[-1].setblocking(False)  # noqa: FBT003 - it takes no keyword
    except OSError as error:
        if error.errno != errno.EAFNOSUPPORT or not listening:
            for opened in listening:
                opened.close()
            raise
    return listening


class Acceptor:
    """The listening sockets of one port, and what is not a connection of HTTP yet."""

    def __init__(
        self,
        listening: list[socket.socket],
        connections: Connections,
        new_protocol: NewProtocol,
        context: ssl.SSLContext | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._connections = connections
        self._new_protocol = new_protocol
        self._context = context
        self._ready: FairQueue[tuple[Connection, socket.socket]] = FairQueue()
        self._begin_next: asyncio.Handle | None = None
        self._beginning: set[asyncio.Task[None]] = set()
        self._listen()

    def _listen(self) -> None:
        for listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Accept nothing more; what is accepted stays."""
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        self._listening = []

    async def end(self) -> None:
        """Accept nothing more, and end every handshake."""
        self.close()
        for task in self._beginning:
            task.cancel()
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in NO_MORE_FILES:
                    self._rest()
                    return
                continue  # The client has left again.
            self._take(accepted, address[0])

    def _rest(self) -> None:
        """The system gives no more sockets: close a connection, and accept again a little later."""
        for listening in self._listening:
            self._loop.remove_reader(listening)
        self._connections.make_room()
        self._loop.call_later(AGAIN_SECONDS, self._listen)

    def _take(self, accepted: socket.socket, peer: str) -> None:
        accepted.setblocking(False)  # noqa: FBT003
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FIRST_BYTES)

        def close() -> None:
            self._loop.remove_reader(accepted)
            accepted.close()

        connection = Connection(peer, close)
        self._connections.add(connection)
        if self._context:
            self._loop.add_reader(accepted, self._has_sent, connection, accepted)
        else:
            self._wait(connection, accepted)

    def _has_sent(self, connection: Connection, accepted: socket.socket) -> None:
        self._loop.remove_reader(accepted)
        self._wait(connection, accepted)

    def _wait(self, connection: Connection, accepted: socket.socket) -> None:
        self._ready.add(connection.peer, (connection, accepted))
        self._begin_soon()

    def _begin_soon(self, seconds: float = 0) -> None:
        if self._begin_next is None:
            self._begin_next = self._loop.call_later(seconds, self._begin_some)

    def _begin_some(self) -> None:
        """Begin some connections, one peer after the other, while there is room."""
        self._begin_next = None
        for _ in range(BEGUN_AT_ONCE):
            ready = self._ready.pop(self._fits) if self._connections.make_room_to_begin() else None
            if ready is None:
                break
            if not ready[0].closed:
                self._begin(*ready)
        if self._ready:
            self._begin_soon(AGAIN_SECONDS if ready is None else 0)

    def _fits(self, ready: tuple[Connection, socket.socket]) -> bool:
        return ready[0].closed or self._connections.may_begin(ready[0])

    def _begin(self, connection: Connection, accepted: socket.socket) -> None:
        first = ConnectionState.HANDSHAKE if self._context else ConnectionState.PENDING
        self._connections.begin(connection, first)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        task = self._loop.create_task(self._connect(connection, accepted))
        connection.close = task.cancel
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _connect(self, connection: Connection, accepted: socket.socket) -> None:
        seconds = (HANDSHAKE_SECONDS, SHUTDOWN_SECONDS) if self._context else (None, None)
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._new_protocol(connection),
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=seconds[0],
                ssl_shutdown_timeout=seconds[1],
            )
        except BaseException as error:
            self._connections.remove(connection)
            accepted.close()
            if not isinstance(error, OSError):
                raise
