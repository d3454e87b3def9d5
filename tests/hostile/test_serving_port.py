"""Somebody on the network who calls the serving port without a credential, as a pod could.

Where the cluster enforces network policies only API servers reach it. Where it does not, these are
bounded by the time to the first request, by connections for each peer, by deadlines, by large
reviews running one at a time, and by the memory limit of the chart.
"""

import contextlib
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile import attacks
from tests.hostile.attacks import JSON, Hammer, straight_to
from tests.hostile.guard import MIB, Guard, careless
from tests.hostile.tenants import Tenant
from tests.hostile.victim import Look, assert_not_silenced, look

pytestmark = pytest.mark.control_plane

REVIEW = "/mutate?timeout=5s"
CONNECTIONS, SILENT, BABBLING = 16, 200, 3
# Ten from the handshake on, and the time that it takes to shake so many hands.
SECONDS_TO_THE_FIRST_REQUEST, SECONDS_OF_SLACK = 10, 20
LARGEST_BODY = 7 * MIB
# Beyond the timeout of one second: what a machine takes that shakes all these hands meanwhile.
LATEST = 4.0


def test_reviews_straight_to_the_port_do_not_silence_a_tenant(
    guard: Guard, victim: Tenant, before: Look
) -> None:
    """Dear reviews from many connections at once, and the probes are answered all the same."""
    tls = careless()
    connect = [lambda to=address: straight_to(to, tls) for address in guard.addresses()]
    requests = [("POST", REVIEW, attacks.review(attacks.many_volumes()), JSON)]

    hammering = Hammer(connect, requests, connections=CONNECTIONS)
    with guard.unharmed(), look(victim, "attack on the port") as looking, hammering as hammer:
        looking.go_on(creates=25, gates=4, seconds=15)

    print(f"the attacker got {dict(hammer.statuses)}")
    assert hammer.statuses.total() > CONNECTIONS
    assert_not_silenced(looking, before)


def test_a_review_is_answered_by_the_timeout_that_it_asks_for(guard: Guard) -> None:
    """What comes or waits beyond its `timeout` is answered 408 or 503 unread."""
    address, tls = guard.addresses()[0], careless()
    body = attacks.review(attacks.many_volumes())

    def asked(_: int) -> tuple[float, int]:
        connection = straight_to(address, tls)
        started = time.monotonic()
        try:
            # The second counts from the request on. The handshake comes before it.
            connection.connect()
            started = time.monotonic()
            connection.request("POST", "/mutate?timeout=1s", body, {"Content-Type": JSON})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = 0
        connection.close()
        return time.monotonic() - started, status

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(asked, range(2 * CONNECTIONS)))

    slowest = max(seconds for seconds, _ in answers)
    print(f"slowest answer {slowest:.1f} s, {sorted({status for _, status in answers})}")
    assert {status for _, status in answers} <= {0, 200, 408, 429, 503}
    assert slowest <= LATEST


def test_connections_that_never_ask_are_closed(guard: Guard, victim: Tenant, before: Look) -> None:
    """A connection has ten seconds to its first request, and there is room for others meanwhile."""
    tls = careless()

    with guard.unharmed(), look(victim, "silent connections") as looking:
        tried = [attacks.silent(to, tls) for to in guard.addresses() for _ in range(SILENT)]
        connections = [each for each in tried if each]
        began = time.monotonic()
        still = connections
        try:
            looking.go_on(creates=5, gates=2, seconds=10)
            guard.release.wait_for(
                "end of the silent connections",
                lambda: not any(attacks.is_open(each) for each in connections),
                SECONDS_TO_THE_FIRST_REQUEST + SECONDS_OF_SLACK,
            )
        finally:
            still = [each for each in connections if attacks.is_open(each)]
            print(
                f"{len(connections)} of {len(tried)} taken, {len(still)} open after "
                f"{time.monotonic() - began:.0f} s"
            )
            for each in connections:
                each.close()

    assert_not_silenced(looking, before)


def test_connections_that_speak_no_http_stay_within_the_memory_limit_of_the_chart(
    guard: Guard, victim: Tenant, before: Look
) -> None:
    """One after the other from a few threads: what has ended leaves nothing behind."""
    tls = careless()
    guard.no_peak()

    with (
        guard.unharmed(),
        look(victim, "no HTTP") as looking,
        contextlib.ExitStack() as attack,
    ):
        babbling = [
            attack.enter_context(attacks.Babble(guard.addresses(), tls)) for _ in range(BABBLING)
        ]
        looking.go_on(creates=25, gates=4, seconds=15)

    taken = sum(each.taken for each in babbling)
    print(f"peak {guard.peak('serve') >> 20} MiB after {taken} connections")
    assert taken > BABBLING
    # With what is held only; garbage takes several times as much on any machine.
    assert guard.peak("serve") < guard.limit("serve") // 3
    assert_not_silenced(looking, before)


def test_the_largest_bodies_stay_within_the_memory_limit_of_the_chart(
    guard: Guard, victim: Tenant, before: Look
) -> None:
    """Bodies that take many times their size once they are decoded, many at the same time."""
    tls = careless()
    connect = [lambda to=address: straight_to(to, tls) for address in guard.addresses()]
    bodies = [("POST", REVIEW, attacks.brackets(LARGEST_BODY), JSON)]
    guard.no_peak()

    hammering = Hammer(connect, bodies, connections=8, seconds_between=0.5)
    with guard.unharmed(), look(victim, "largest bodies") as looking, hammering as hammer:
        looking.go_on(creates=15, gates=2, seconds=10)

    print(f"peak {guard.peak('serve') >> 20} MiB; the attacker got {dict(hammer.statuses)}")
    assert guard.peak("serve") < guard.limit("serve")
    assert_not_silenced(looking, before)
