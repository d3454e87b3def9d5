"""The connections of a port: how many there are, of whom, and for how long they may wait for us.

A connection costs memory and a handshake costs time. So their number is bounded, in all and for
each peer. A full port refuses nobody: it closes a connection that is needed least, so that API
servers come in while somebody else opens connections without end.
"""

import time
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from webhook.observe.metrics import Metrics


class ConnectionState(Enum):
    """What a connection does, and why it is closed if it does that for too long."""

    PENDING = "slow_client"
    HANDSHAKE = "slow_handshake"
    IDLE = "idle"
    BUSY = "slow_answer"


# PENDING: the client has to begin its handshake, send a request's head or take an answer.
PENDING_SECONDS = 10.0
# The API server keeps an idle connection for 90 seconds: ours must not end before.
IDLE_SECONDS = 300.0
# Longer than the longest timeout of a review.
BUSY_SECONDS = 40.0
# What has been pending for longer than this is closed before what is idle.
SLOW_SECONDS = 1.0
TOO_MANY, PEER_HAS_TOO_MANY = "too_many", "peer_has_too_many"
REASONS = (*(state.value for state in ConnectionState), TOO_MANY, PEER_HAS_TOO_MANY)


class Bounds(NamedTuple):
    """How many connections there may be: of all, of each peer, and in their handshake."""

    connections: int
    each: int
    handshakes: int = 0


def longest(state: ConnectionState) -> float:
    """The seconds that a connection may be in a state."""
    if state is ConnectionState.IDLE:
        return IDLE_SECONDS
    return BUSY_SECONDS if state is ConnectionState.BUSY else PENDING_SECONDS


class Connection:
    """One connection from its acceptance to its end; `close` ends it at once."""

    __slots__ = ("close", "closed", "peer", "since", "state")

    def __init__(self, peer: str, close: Callable[[], object]) -> None:
        self.peer = peer
        self.close = close
        self.closed = False
        self.state = ConnectionState.PENDING
        self.since = 0.0


class Peer:
    """The connections of one peer by what they do, each since the longest first."""

    def __init__(self) -> None:
        self.by_state: dict[ConnectionState, dict[Connection, None]] = {
            state: {} for state in ConnectionState
        }

    def __len__(self) -> int:
        return sum(map(len, self.by_state.values()))

    def oldest(self, state: ConnectionState) -> Connection | None:
        """The one that has been in this state for the longest."""
        return next(iter(self.by_state[state]), None)

    def slowest(self, before: float) -> Connection | None:
        """One that makes us wait since before that time."""
        for state in (ConnectionState.PENDING, ConnectionState.HANDSHAKE):
            oldest = self.oldest(state)
            if oldest and oldest.since < before:
                return oldest
        return None

    def least(self, before: float) -> Connection | None:
        """The one that is needed least."""
        slow = self.slowest(before)
        states = (
            ConnectionState.IDLE,
            ConnectionState.PENDING,
            ConnectionState.HANDSHAKE,
            ConnectionState.BUSY,
        )
        return slow or next((oldest for state in states if (oldest := self.oldest(state))), None)


class Connections:
    """All open connections of one port."""

    def __init__(
        self,
        port: str,
        bounds: Bounds,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bounds = bounds
        self._clock = clock
        self._peers: dict[str, Peer] = {}
        self._open = 0
        self._handshakes = 0
        self._closed = {
            reason: metrics.closed_connections.labels(port, reason) for reason in REASONS
        }
        metrics.open_connections.labels(port).set_function(lambda: self._open)

    def add(self, connection: Connection) -> None:
        """Count a new connection; close another one if there are too many."""
        before = self._clock() - SLOW_SECONDS
        peer = self._peers.get(connection.peer)
        if peer and len(peer) >= self._bounds.each:
            self._close(peer.least(before), PEER_HAS_TOO_MANY)
        elif self._open >= self._bounds.connections:
            self._close(self._least(before), TOO_MANY)
        self._open += 1
        connection.since = self._clock()
        self._peers.setdefault(connection.peer, Peer()).by_state[connection.state][connection] = (
            None
        )

    def move(self, connection: Connection, state: ConnectionState) -> None:
        """Say what a connection does now."""
        if connection.closed:
            return
        by_state = self._peers[connection.peer].by_state
        del by_state[connection.state][connection]
        self._handshakes += (state is ConnectionState.HANDSHAKE) - (
            connection.state is ConnectionState.HANDSHAKE
        )
        connection.state = state
        connection.since = self._clock()
        by_state[state][connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if connection.closed:
            return
        connection.closed = True
        self._open -= 1
        self._handshakes -= connection.state is ConnectionState.HANDSHAKE
        peer = self._peers[connection.peer]
        del peer.by_state[connection.state][connection]
        if not peer:
            del self._peers[connection.peer]

    def room_for_handshake(self) -> bool:
        """Whether one more may begin; a slow one makes room for it."""
        if self._handshakes < self._bounds.handshakes:
            return True
        before = self._clock() - SLOW_SECONDS
        peers = sorted(
            self._peers.values(), key=lambda peer: -len(peer.by_state[ConnectionState.HANDSHAKE])
        )
        for peer in peers:
            oldest = peer.oldest(ConnectionState.HANDSHAKE)
            if oldest and oldest.since < before:
                self._close(oldest, ConnectionState.HANDSHAKE.value)
                return True
        return False

    def close_overdue(self) -> None:
        """Close each connection that has been in its state for too long."""
        now = self._clock()
        for peer in list(self._peers.values()):
            for state in ConnectionState:
                while (oldest := peer.oldest(state)) and now - oldest.since >= longest(state):
                    self._close(oldest, state.value)

    def close_all(self) -> None:
        """Close what is still open: the process ends."""
        for peer in list(self._peers.values()):
            for connections in peer.by_state.values():
                for connection in list(connections):
                    self.remove(connection)
                    connection.close()

    def make_room(self) -> None:
        """Close the connection that is needed least."""
        self._close(self._least(self._clock() - SLOW_SECONDS), TOO_MANY)

    def _least(self, before: float) -> Connection | None:
        peers = self._peers.values()
        slow = [peer for peer in peers if peer.slowest(before)]
        if slow:
            most = max(slow, key=lambda peer: len(peer.by_state[ConnectionState.PENDING]))
        else:
            most = max(peers, key=len, default=Peer())
        return most.least(before)

    def _close(self, connection: Connection | None, reason: str) -> None:
        if connection:
            self.remove(connection)
            self._closed[reason].inc()
            connection.close()
