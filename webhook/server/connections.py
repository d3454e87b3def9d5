"""The connections of a port: how many there are, of whom, and for how long they may wait for us.

A connection costs memory and a handshake costs time. So the number of those that have begun is
bounded, in all and for each peer. What is accepted beyond that costs a socket, and waits: an API
server that sends many reviews at once has them answered, by the connections that it has.

A full port refuses nobody for long. What is slow or idle is closed, and a peer with less than its
share takes the place of one with more. So API servers come in while somebody else opens connections
without end.
"""

import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from webhook.observe.metrics import Metrics


class ConnectionState(Enum):
    """What a connection does, and why it is closed if it does that for too long."""

    ACCEPTED = "not_begun"
    PENDING = "slow_client"
    HANDSHAKE = "slow_handshake"
    IDLE = "idle"
    BUSY = "slow_answer"


SLOW = (ConnectionState.PENDING, ConnectionState.HANDSHAKE)
# ACCEPTED: the client has to begin its handshake, or we do, when there is room.
# PENDING: the client has to send a request's head or take an answer.
PENDING_SECONDS = 10.0
# The API server keeps an idle connection for 90 seconds: ours must not end before.
IDLE_SECONDS = 300.0
# Longer than the longest timeout of a review.
BUSY_SECONDS = 40.0
# What has been pending or idle for longer than this makes room. A client may be about to use what
# has been idle for a shorter time, and does not send a review twice.
SLOW_SECONDS = 1.0
TOO_MANY, PEER_HAS_TOO_MANY = "too_many", "peer_has_too_many"
REASONS = (*(state.value for state in ConnectionState), TOO_MANY, PEER_HAS_TOO_MANY)


class Bounds(NamedTuple):
    """How many connections there may be: of all, of each peer, in their handshake, before it.

    `busy` are the seconds that an answer may take.
    """

    connections: int
    each: int
    handshakes: int = 128
    accepted: int = 2048
    busy: float = BUSY_SECONDS

    def longest(self, state: ConnectionState) -> float:
        """The seconds that a connection may be in a state."""
        if state is ConnectionState.IDLE:
            return IDLE_SECONDS
        return self.busy if state is ConnectionState.BUSY else PENDING_SECONDS


class Connection:
    """One connection from its acceptance to its end; `close` ends it at once."""

    __slots__ = ("close", "closed", "peer", "since", "state")

    def __init__(self, peer: str, close: Callable[[], object]) -> None:
        self.peer = peer
        self.close = close
        self.closed = False
        self.state = ConnectionState.ACCEPTED
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

    @property
    def begun(self) -> int:
        """How many cost more than a socket."""
        return len(self) - len(self.by_state[ConnectionState.ACCEPTED])

    def spare(
        self, before: float, states: Iterable[ConnectionState] = (*SLOW, ConnectionState.IDLE)
    ) -> Connection | None:
        """One that has made us wait, or was not used, since before that time."""
        oldest = filter(None, map(self.oldest, states))
        return next((each for each in oldest if each.since < before), None)

    def least(self, before: float) -> Connection | None:
        """The one that has begun and is needed least."""
        states = (ConnectionState.IDLE, *SLOW, ConnectionState.BUSY)
        return self.spare(before) or next(filter(None, map(self.oldest, states)), None)


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
        self._count = dict.fromkeys(ConnectionState, 0)
        self._closed = {
            reason: metrics.closed_connections.labels(port, reason) for reason in REASONS
        }
        metrics.open_connections.labels(port).set_function(lambda: sum(self._count.values()))

    @property
    def _begun(self) -> int:
        return sum(self._count.values()) - self._count[ConnectionState.ACCEPTED]

    def add(self, connection: Connection) -> None:
        """Count a connection that is accepted; close another one if too many wait to begin."""
        if self._count[ConnectionState.ACCEPTED] >= self._bounds.accepted:
            self._close(self._oldest_accepted(), TOO_MANY)
        connection.since = self._clock()
        self._count[connection.state] += 1
        peer = self._peers.setdefault(connection.peer, Peer())
        peer.by_state[connection.state][connection] = None

    def move(self, connection: Connection, state: ConnectionState) -> None:
        """Say what a connection does now."""
        if connection.closed:
            return
        by_state = self._peers[connection.peer].by_state
        del by_state[connection.state][connection]
        self._count[connection.state] -= 1
        self._count[state] += 1
        connection.state = state
        connection.since = self._clock()
        by_state[state][connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if connection.closed:
            return
        connection.closed = True
        self._count[connection.state] -= 1
        peer = self._peers[connection.peer]
        del peer.by_state[connection.state][connection]
        if not peer:
            del self._peers[connection.peer]

    def make_room_to_begin(self) -> bool:
        """Whether any connection may begin now; what is slow or not used makes room."""
        before = self._clock() - SLOW_SECONDS
        if self._begun >= self._bounds.connections:
            self._close(self._gives_way(before).spare(before), TOO_MANY)
        return self._count[ConnectionState.HANDSHAKE] < self._bounds.handshakes or self._close(
            self._slowest_handshake(before), ConnectionState.HANDSHAKE.value
        )

    def may_begin(self, connection: Connection) -> bool:
        """Whether this one may: its peer has room, or can make some, and so has the port."""
        peer = self._peers[connection.peer]
        if peer.begun >= self._bounds.each:
            return peer.spare(self._clock() - SLOW_SECONDS) is not None
        share = self._bounds.connections // len(self._peers)
        return self._begun < self._bounds.connections or peer.begun < max(1, share)

    def begin(self, connection: Connection, state: ConnectionState) -> None:
        """Let one begin that may, in the place of another one where there is no room."""
        before = self._clock() - SLOW_SECONDS
        peer = self._peers[connection.peer]
        if peer.begun >= self._bounds.each:
            self._close(peer.spare(before), PEER_HAS_TOO_MANY)
        elif self._begun >= self._bounds.connections:
            self._close(self._gives_way(before).least(before), TOO_MANY)
        self.move(connection, state)

    def close_overdue(self) -> None:
        """Close each connection that has been in its state for too long."""
        now = self._clock()
        for peer in list(self._peers.values()):
            for state in ConnectionState:
                longest = self._bounds.longest(state)
                while (oldest := peer.oldest(state)) and now - oldest.since >= longest:
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
        before = self._clock() - SLOW_SECONDS
        self._close(self._oldest_accepted() or self._gives_way(before).least(before), TOO_MANY)

    def _oldest_accepted(self) -> Connection | None:
        """The one that has waited to begin for the longest, of the peer with the most of them."""
        accepted = ConnectionState.ACCEPTED
        most = max(
            self._peers.values(), key=lambda peer: len(peer.by_state[accepted]), default=Peer()
        )
        return most.oldest(accepted)

    def _slowest_handshake(self, before: float) -> Connection | None:
        shaking = ConnectionState.HANDSHAKE
        oldest = filter(None, (peer.oldest(shaking) for peer in self._peers.values()))
        slow = [each for each in oldest if each.since < before]
        return max(
            slow, key=lambda each: len(self._peers[each.peer].by_state[shaking]), default=None
        )

    def _gives_way(self, before: float) -> Peer:
        """The peer that loses a connection: one that makes us wait, else the one with the most."""
        peers = self._peers.values()
        slow = [peer for peer in peers if peer.spare(before, SLOW)]
        return max(slow or peers, key=lambda peer: peer.begun, default=Peer())

    def _close(self, connection: Connection | None, reason: str) -> bool:
        """Close a connection, if there is one; whether there is."""
        if connection is None:
            return False
        self.remove(connection)
        self._closed[reason].inc()
        connection.close()
        return True
