"""Objects whose review costs too much: they are refused unread, and others do not wait for them.

Bounded by the budget of each review, and by large reviews waiting for small ones.
"""

import json
import time
from collections.abc import Iterator

import pytest
from pydantic_core import from_json

from tests import builders
from tests.hostile import attacks
from tests.hostile.attacks import JSON, MERGE, Hammer, Request
from tests.hostile.guard import Guard
from tests.hostile.tenants import Tenant
from tests.hostile.victim import Look, assert_not_silenced, look

pytestmark = pytest.mark.control_plane

# More than decoding the body twice. An API server sends up to two and a half times as many bytes:
# defaults, managed fields, the old object. What takes less than the seconds is no attack.
TIMES, SECONDS = 8, 0.05
# The quickest review is held against the quickest decoding: what else runs only adds to both.
ROUNDS = 12
# What API servers themselves are quick with; the rest would silence them without any webhook.
ATTACKS = {
    16: ["capabilities", "ephemeral containers with capabilities"],
    4: ["sysctls", "tolerations"],
}
DRY_RUN = "?dryRun=All"
SERVER, POD = "target", "debugged"


@pytest.fixture(scope="module")
def debugger(guard: Guard) -> Tenant:
    """An attacker with a server and a pod, which its requests change."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("debugger"))
    tenant.create("deployments", builders.server(SERVER, replicas=0))
    tenant.create("pods", builders.bare_pod(POD))
    return tenant


def requests(tenant: Tenant) -> Iterator[tuple[str, Request]]:
    """Everything that is dear to review, by what makes it so; nothing is stored."""
    for name, pod in attacks.pods().items():
        yield name, ("POST", tenant.path(f"pods{DRY_RUN}"), json.dumps(pod).encode(), JSON)
    path = tenant.path(f"pods/{POD}/ephemeralcontainers{DRY_RUN}")
    capabilities = {"securityContext": {"capabilities": {"add": attacks.bad_capabilities()}}}
    patch = attacks.ephemeral(499, **capabilities)
    yield "ephemeral containers with capabilities", ("PATCH", path, patch, MERGE)
    patch = attacks.ephemeral(200, ports=attacks.host_ports())
    yield "ephemeral containers with host ports", ("PATCH", path, patch, MERGE)
    path = tenant.path(f"deployments/{SERVER}{DRY_RUN}")
    yield "forged memory", ("PATCH", path, attacks.forged_memory(), MERGE)


KINDS = [
    *attacks.pods(),
    "ephemeral containers with capabilities",
    "ephemeral containers with host ports",
    "forged memory",
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_dearest_object_costs_little_more_than_its_decoding(
    guard: Guard, debugger: Tenant, kind: str
) -> None:
    """An object may be as large as the API server lets through: its review reads a part of it."""
    method, path, body, content_type = dict(requests(debugger))[kind]

    took, decoding = float("inf"), float("inf")
    for _ in range(ROUNDS):
        before = seconds_of_reviews(guard)
        connection = debugger.connect()
        connection.request(method, path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        after = seconds_of_reviews(guard)
        assert b"too large to review" in said or answer.status in {200, 201, 403, 422}, said[:500]
        took = min(took, max(new - old for new, old in zip(after, before, strict=True)))
        decoding = min(decoding, _decoding(body))
        if took <= max(TIMES * decoding, SECONDS):
            break

    print(f"{kind}: {len(body)} bytes, {decoding:.3f} s to decode, reviewed in {took:.3f} s")
    assert 0 < took <= max(TIMES * decoding, SECONDS)


@pytest.mark.parametrize("connections", ATTACKS)
def test_reviews_of_dear_objects_do_not_silence_another_tenant(
    guard: Guard, debugger: Tenant, victim: Tenant, before: Look, connections: int
) -> None:
    """Connections that send one request a second each: many small ones, or a few large ones."""
    found = dict(requests(debugger))
    attack = [found[kind] for kind in ATTACKS[connections]]

    hammering = Hammer([debugger.connect], attack, connections=connections)
    with guard.unharmed(), look(victim, f"{connections} connections") as looking, hammering:
        looking.go_on(creates=25, gates=4, seconds=15)

    print(f"{connections} connections: the attacker got {dict(hammering.statuses)}")
    assert hammering.statuses.total() > connections
    assert_not_silenced(looking, before)


def seconds_of_reviews(guard: Guard) -> list[float]:
    """How long each hook of each serving process has reviewed so far."""
    return [
        guard.metric("serve", "review_duration_seconds_sum", hook=hook)
        for hook in ("mutate", "validate")
    ]


def _decoding(body: bytes) -> float:
    """How long a decoder takes for the body twice."""
    review = b"[" + body + b"," + body + b"]"
    started = time.perf_counter()
    from_json(review)
    return time.perf_counter() - started
