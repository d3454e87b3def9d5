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
        connection = self.accept(name)
        if self.table.make_room_to_begin() and self.table.may_begin(connection):
            self.table.begin(connection, state)
        return connection

    def accept(self, name: str) -> Connection:
        connection = Connection(name[0], lambda: self.closed.append(name))
        self.table.add(connection)
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


def test_a_peer_with_too_many_loses_what_is_slow_or_not_used() -> None:
    world = World(Bounds(connections=100, each=4))
    world.add("a busy", ConnectionState.BUSY)
    world.add("a new")
    world.add("a idle", ConnectionState.IDLE)
    world.add("a shaking", ConnectionState.HANDSHAKE)
    world.now = 2
    for _ in range(3):
        world.add("a last", ConnectionState.BUSY)
    assert world.closed == ["a new", "a shaking", "a idle"]
    assert (world.count("peer_has_too_many"), world.open) == (3, 4)


def test_a_peer_with_too_many_waits_while_its_own_are_used() -> None:
    """A burst of one API server: nothing of it is closed, and nothing of others."""
    world = World(Bounds(connections=100, each=2))
    busy = [world.add("a busy", ConnectionState.BUSY) for _ in range(2)]
    waiting = [world.add("a waits", ConnectionState.BUSY) for _ in range(50)]
    assert {each.state for each in waiting} == {ConnectionState.ACCEPTED}
    world.table.move(busy[0], ConnectionState.IDLE)
    assert not world.table.may_begin(waiting[0])
    world.table.remove(busy[0])
    assert world.table.may_begin(waiting[0])
    assert world.add("b", ConnectionState.BUSY).state is ConnectionState.BUSY
    assert world.closed == []


def test_so_many_wait_and_then_the_peer_with_the_most_of_them_loses_one() -> None:
    world = World(Bounds(connections=1, each=1, accepted=3))
    world.add("s0", ConnectionState.BUSY)
    world.accept("s1")
    for number in range(4):
        world.accept(f"a{number}")
    assert world.closed == ["a0", "a1"]
    assert (world.count("too_many"), world.open) == (2, 4)


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


def test_the_peer_with_the_most_gives_way_to_one_with_less_than_its_share() -> None:
    world = World(Bounds(connections=4, each=4))
    for number in range(3):
        world.add(f"a{number}", ConnectionState.BUSY)
    world.add("b1", ConnectionState.BUSY)
    assert world.add("c1", ConnectionState.BUSY).state is ConnectionState.BUSY
    assert world.closed == ["a0"]
    assert world.add("a3", ConnectionState.BUSY).state is ConnectionState.ACCEPTED
    assert world.add("b2", ConnectionState.BUSY).state is ConnectionState.ACCEPTED
    assert world.closed == ["a0"]
    assert world.count("too_many") == 1


def test_without_files_what_waits_makes_room_first() -> None:
    world = World(Bounds(connections=4, each=4))
    world.add("b1", ConnectionState.BUSY)
    world.accept("a1")
    world.table.make_room()
    world.table.make_room()
    assert world.closed == ["a1", "b1"]
    world.table.make_room()
    assert world.count("too_many") == 2


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (ConnectionState.ACCEPTED, PENDING_SECONDS),
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


def test_a_port_may_give_its_answers_more_time() -> None:
    world = World(Bounds(connections=10, each=8, busy=90.0))
    world.add("a1", ConnectionState.BUSY)
    world.now = 89
    world.table.close_overdue()
    assert world.closed == []
    world.now = 90
    world.table.close_overdue()
    assert world.closed == ["a1"]


def test_handshakes_are_bounded_and_slow_ones_make_room() -> None:
    world = World(Bounds(connections=10, each=8, handshakes=2))
    first = world.add("a1", ConnectionState.HANDSHAKE)
    assert world.table.make_room_to_begin()
    world.add("a2", ConnectionState.HANDSHAKE)
    assert not world.table.make_room_to_begin()
    world.table.move(first, ConnectionState.PENDING)
    assert world.table.make_room_to_begin()
    world.table.move(first, ConnectionState.HANDSHAKE)
    world.now = 2
    assert world.table.make_room_to_begin()
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
