"""Servers that are called like something that others rely on.

Bounded by names of our objects that end with `-mcp`, and by a list of Services that are never made.
"""

import pytest

from tests import builders
from tests.hostile.guard import Guard
from tests.hostile.tenants import Tenant

pytestmark = pytest.mark.control_plane

PORTS = [{"name": "mcp", "containerPort": 8099}]


@pytest.mark.parametrize("name", ["kubernetes", "kube-dns"])
def test_no_service_of_a_name_that_clusters_use_is_made(
    guard: Guard, attacker: Tenant, name: str
) -> None:
    """A Service `kubernetes` in a namespace would answer its pods in the API server's stead."""
    attacker.create("deployments", builders.server(name, replicas=1, container={"ports": PORTS}))
    attacker.create("deployments", builders.server("next", replicas=1, container={"ports": PORTS}))

    def services() -> set[str]:
        found = attacker.raw("GET", "services").json()["items"]
        return {each["metadata"]["name"] for each in found}

    guard.release.wait_for("Service of the next server", lambda: "next-mcp" in services())
    guard.release.wait_for(
        "gate of the server", lambda: len(guard.release.pods(attacker.namespace, app=name)) == 1
    )
    assert name not in services()
