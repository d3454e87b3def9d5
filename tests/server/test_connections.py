"""Which connection is closed for another, and which for its time."""

import pytest

from webhook.observe.metrics import Metrics
from webhook.server.connections import (
    BUSY_SECONDS,
    IDLE_SECONDS,
    PENDING_SECONDS,
    REASONS,
    Bounds,
    Connection,
    Connections,
    ConnectionState,
)


class World:
    """A port with a clock of its own, and the names of the connections that it closed."""

    def __init__(self, bounds: Bounds) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.closed: list[str] = []
        self.table = Connections("reviews", bounds, self.metrics, lambda: self.now)

    def add(self, name: str, state: ConnectionState = ConnectionState.PENDING) -> Connection:
        connection = Connection(name[0], lambda: self.closed.append(name))
        self.table.add(connection)
        self.table.move(connection, state)
        return connection

    def count(self, reason: str) -> float:
        labels = {"port": "reviews", "reason": reason}
        value = self.metrics.registry.get_sample_value(
            "mcp_admission_closed_connections_total", labels
        )
        assert value is not None
        return value

    @property
    def open(self) -> float | None:
        return self.metrics.registry.get_sample_value(
            "mcp_admission_open_connections", {"port": "reviews"}
        )


def test_a_peer_with_too_many_loses_the_one_that_is_needed_least() -> None:
    world = World(Bounds(connections=100, each=4))
    world.add("a busy", ConnectionState.BUSY)
    world.add("a new")
    world.add("a idle", ConnectionState.IDLE)
    world.add("a shaking", ConnectionState.HANDSHAKE)
    for _ in range(3):
        world.add("a last", ConnectionState.BUSY)
    assert world.closed == ["a idle", "a new", "a shaking"]
    world.add("a last", ConnectionState.BUSY)
    assert world.closed[-1] == "a busy"
    assert (world.count("peer_has_too_many"), world.open) == (4, 4)


def test_a_full_port_lets_newcomers_in() -> None:
    """An API server has idle connections; somebody else opens one after the other."""
    world = World(Bounds(connections=10, each=8))
    for number in range(3):
        world.add(f"s{number}", ConnectionState.IDLE)
    for number in range(7):
        world.add(f"a{number}")
    world.now = 5
    world.add("s3")
    assert world.closed == ["a0"]
    for number in range(7, 27):
        world.now += 2
        world.add(f"a{number}")
    assert not [name for name in world.closed if name[0] == "s" and name != "s3"]
    assert world.open == 10


def test_with_nobody_slow_the_peer_with_the_most_gives_way() -> None:
    world = World(Bounds(connections=4, each=4))
    world.add("b1", ConnectionState.IDLE)
    for number in range(3):
        world.add(f"a{number}", ConnectionState.BUSY)
    world.add("c1", ConnectionState.BUSY)
    world.table.make_room()
    assert world.closed[0] == "a0"
    assert world.count("too_many") == 2
    World(Bounds(1, 1)).table.make_room()


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (ConnectionState.PENDING, PENDING_SECONDS),
        (ConnectionState.HANDSHAKE, PENDING_SECONDS),
        (ConnectionState.IDLE, IDLE_SECONDS),
        (ConnectionState.BUSY, BUSY_SECONDS),
    ],
)
def test_a_state_ends_after_its_time(state: ConnectionState, seconds: float) -> None:
    world = World(Bounds(connections=10, each=8))
    world.add("a1", state)
    world.now = seconds - 1
    world.add("b1", state)
    world.table.close_overdue()
    assert world.closed == []
    world.now = seconds
    world.table.close_overdue()
    assert world.closed == ["a1"]
    assert world.count(state.value) == 1


def test_handshakes_are_bounded_and_slow_ones_make_room() -> None:
    world = World(Bounds(connections=10, each=8, handshakes=2))
    first = world.add("a1", ConnectionState.HANDSHAKE)
    assert world.table.room_for_handshake()
    world.add("a2", ConnectionState.HANDSHAKE)
    assert not world.table.room_for_handshake()
    world.table.move(first, ConnectionState.PENDING)
    assert world.table.room_for_handshake()
    world.table.move(first, ConnectionState.HANDSHAKE)
    world.now = 2
    assert world.table.room_for_handshake()
    assert world.closed == ["a2"]


def test_an_ended_connection_is_forgotten_once() -> None:
    world = World(Bounds(connections=10, each=8))
    connection = world.add("a1")
    world.table.remove(connection)
    world.table.remove(connection)
    world.table.move(connection, ConnectionState.IDLE)
    world.table.close_overdue()
    assert (world.open, world.closed) == (0, [])
    assert [world.count(reason) for reason in REASONS] == [0] * len(REASONS)


def test_api_servers_keep_idle_connections_for_90_seconds() -> None:
    assert IDLE_SECONDS > 90
    assert PENDING_SECONDS == 10
