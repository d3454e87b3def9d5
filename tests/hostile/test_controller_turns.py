"""Deployments made to keep the controller busy: it leads on, and gates of others open as ever.

Bounded by gates that come before everything else, turns by namespace, backoff of a namespace that
refuses, judging outside of the watch, and the budget of each review.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.hostile import attacks
from tests.hostile.guard import MIB, Guard
from tests.hostile.tenants import MERGE, Tenant, administrate
from tests.hostile.victim import Look, assert_not_silenced, look

pytestmark = pytest.mark.control_plane

# All of them are there before their namespace is managed, as in one that comes under management.
LARGE, REFUSED, SHARING, ASKING = 32, 400, 100, 300
SECRET, SECRET_BYTES = "shared", 600_000
LONGEST_TURN, MEMORY = 1.0, 192 * MIB
# Of all servers of the namespace together, once it is known that it refuses.
REQUESTS_A_SECOND = 5
MANAGED = {"mcp-admission.dev/managed": "true"}
SECONDS = 40


@pytest.fixture(scope="module")
def change_of_leader(guard: Guard, victim: Tenant, before: Look) -> Look:
    """What the victim feels when another one leads, before the first attack."""
    with look(victim, "change of leader") as looking:
        for _ in range(2):
            guard.end_leader()
            looking.go_on(gates=2, seconds=SECONDS)
    return looking


@pytest.fixture(scope="module")
def large(guard: Guard) -> Iterator[Tenant]:
    """Paused Deployments of 1.3 MB, which were there before their namespace was managed."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("large"))
    tenant.create_all("deployments", map(attacks.large_deployment, range(LARGE)))
    administrate(guard.cluster, tenant.namespace, MANAGED)
    yield tenant
    end(tenant)


@pytest.fixture(scope="module")
def full(guard: Guard) -> Iterator[Tenant]:
    """A namespace whose quota refuses Services, with 400 servers that get none."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("full"))
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"count/services": "0"}}}
    guard.cluster.create(tenant.path("resourcequotas"), quota)
    path = tenant.path("resourcequotas/none")
    guard.cluster.wait_for("quota", lambda: guard.cluster.get(path)["status"].get("hard"))
    tenant.create_all("deployments", map(attacks.small_deployment, range(REFUSED)))
    administrate(guard.cluster, tenant.namespace, MANAGED)
    yield tenant
    end(tenant)


@pytest.fixture(scope="module")
def sharing(guard: Guard) -> Iterator[Tenant]:
    """100 servers that take their configuration from one large Secret."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("sharing"))
    tenant.create("secrets", {"metadata": {"name": SECRET}, "data": {"KEY": _content("a")}})
    named = {"config-from": SECRET}
    servers = [attacks.small_deployment(number, **named) for number in range(SHARING)]
    tenant.create_all("deployments", servers)
    administrate(guard.cluster, tenant.namespace, MANAGED)
    yield tenant
    end(tenant)


@pytest.fixture(scope="module")
def refusing(guard: Guard) -> Iterator[Tenant]:
    """300 servers whose configuration has 20,000 keys, one of which cannot be passed on."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("refusing"))
    data = {f"K{number}": "eA==" for number in range(20_000)} | {"BAD": "AA=="}
    tenant.create("secrets", {"metadata": {"name": SECRET}, "data": data})
    named = {"config-from": SECRET}
    servers = [attacks.small_deployment(number, **named) for number in range(ASKING)]
    tenant.create_all("deployments", servers)
    administrate(guard.cluster, tenant.namespace, MANAGED)
    last = f"s{ASKING - 1}-mcp"
    guard.cluster.wait_for("last", lambda: tenant.raw("GET", f"services/{last}").status == 200, 90)
    yield tenant
    end(tenant)


def end(tenant: Tenant) -> None:
    """Let nothing of it disturb what comes later."""
    tenant.cluster.raw("DELETE", f"/api/v1/namespaces/{tenant.namespace}")


def change_secret(tenant: Tenant, first: str) -> None:
    """One byte of it."""
    body = {"data": {"KEY": _content(first)}}
    assert tenant.raw("PATCH", f"secrets/{SECRET}", body, MERGE).status == 200


@contextmanager
def looking_at(guard: Guard, victim: Tenant, before: Look, what: str) -> Iterator[Look]:
    """What is meant to hold whatever happens in the block: gates, memory, turns, one leader."""
    guard.no_peak()

    with guard.unharmed(), look(victim, what) as looking:
        yield looking

    turns = guard.values("control", "event_loop_longest_turn_seconds")
    print(f"{what}: peak {guard.peak('control') >> 20} MiB, longest turns {turns}")
    assert_not_silenced(looking, before)
    assert guard.peak("control") <= min(MEMORY, guard.limit("control"))
    assert turns
    assert max(turns) < LONGEST_TURN


def test_large_deployments_do_not_keep_the_next_leader_from_leading(
    guard: Guard, victim: Tenant, change_of_leader: Look, large: Tenant
) -> None:
    """The next leader reads and judges all of them, after each changed setting once more."""
    with looking_at(guard, victim, change_of_leader, "large Deployments") as looking:
        guard.end_leader()
        leads = guard.changes_of_leader()
        looking.go_on(gates=4, seconds=SECONDS)
        guard.change_settings(mcpServerDefaults={"resources": {"requests": {"memory": "301Mi"}}})
        looking.go_on(gates=4, seconds=SECONDS)
    assert guard.changes_of_leader() == leads
    assert guard.leader()


def test_a_changed_secret_of_many_servers_does_not_hold_up_other_gates(
    guard: Guard, sharing: Tenant, victim: Tenant, before: Look
) -> None:
    """Each change of a byte makes the controller write the whole of it for every server."""
    with looking_at(guard, victim, before, "changed Secret") as looking:
        for first in "bc":
            change_secret(sharing, first)
            looking.go_on(gates=4, seconds=SECONDS)


def test_an_edited_secret_that_many_servers_cannot_use_does_not_hold_up_other_gates(
    guard: Guard, refusing: Tenant, victim: Tenant, before: Look
) -> None:
    """An edit of an annotation makes the controller read all values for every server.

    Nothing is written then, so nothing but their turns makes room for the gates of others.
    """
    with looking_at(guard, victim, before, "edited Secret") as looking:
        for number in range(3):
            body = {"metadata": {"annotations": {"edit": str(number)}}}
            assert refusing.raw("PATCH", f"secrets/{SECRET}", body, MERGE).status == 200
            looking.go_on(gates=4, seconds=SECONDS)


def test_a_namespace_that_refuses_services_is_left_in_peace(
    guard: Guard, full: Tenant, victim: Tenant, before: Look
) -> None:
    """The namespace backs off, and not each of its servers by itself."""
    with looking_at(guard, victim, before, "full namespace") as looking:
        looking.go_on(gates=4, seconds=SECONDS)
        asked = _services_asked_for(guard)
        gates = len(looking.gates.seconds)
        looking.go_on(gates=8, seconds=SECONDS)
        seconds = sum(looking.gates.seconds[gates:])
        requests = _services_asked_for(guard) - asked
    print(f"{requests:.0f} Services asked for in {seconds:.1f} s")
    assert requests <= REQUESTS_A_SECOND * max(seconds, 2)


@pytest.mark.usefixtures("large", "full")
def test_all_at_once_another_tenants_gate_opens_within_three_times_its_quiet_time(
    guard: Guard, sharing: Tenant, victim: Tenant, before: Look
) -> None:
    """Large Deployments, a full namespace and a changed Secret, while the settings change."""
    leads = guard.changes_of_leader()
    with looking_at(guard, victim, before, "all at once") as looking:
        change_secret(sharing, "d")
        guard.change_settings(mcpServerDefaults={"resources": {"requests": {"memory": "302Mi"}}})
        looking.go_on(gates=8, seconds=SECONDS)
    assert guard.changes_of_leader() == leads


def _services_asked_for(guard: Guard) -> float:
    return guard.metric("control", "api_requests_total", verb="create", resource="services")


def _content(first: str) -> str:
    return base64.b64encode(first.encode() * SECRET_BYTES).decode()
