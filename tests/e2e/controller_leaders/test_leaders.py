"""Two controllers, one of them stopped past its Lease: no two ever act, by the audit trail."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import CONFIG, NAME, made, secret, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

LEASE = "two-leaders"
OTHER = "the-other-controller"


def actors(cluster: ControlPlane, users: set[str]) -> list[str]:
    """Who wrote, in the order in which the API server took it; Leases are not in the audit log."""
    found: list[Any] = [
        event
        for event in cluster.audit_events()
        if event["stage"] == "ResponseComplete"
        and event["user"]["username"] in users
        and event["verb"] in ("create", "update", "patch", "delete")
    ]
    found.sort(key=lambda each: str(each["requestReceivedTimestamp"]))
    return [str(event["user"]["username"]) for event in found]


@contextlib.contextmanager
def restless(namespace: Namespace) -> Iterator[None]:
    """Within the block, somebody deletes what is made as soon as it is made again."""
    over = threading.Event()

    def delete() -> None:
        while not over.wait(0.05):
            namespace.raw("DELETE", f"services/{NAME}")

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_leader_that_was_stopped_past_its_lease_writes_nothing_when_it_goes_on(
    product: Product, namespace: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    cluster.kubectl(
        *("create", "role", LEASE, "-n", "mcp-admission-system", "--resource=leases"),
        "--verb=get,update",
    )
    rights = ("--role", LEASE, "--serviceaccount=mcp-admission-system:mcp-admission")
    cluster.kubectl("create", "rolebinding", LEASE, "-n", "mcp-admission-system", *rights)
    second = cluster.user(OTHER, "system:masters")
    users = {product.controller.name, OTHER}
    before = len(actors(cluster, users))
    options = ("--lease", LEASE, "--namespace", namespace.name)
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(server())
    with Control(product, *options, name="first") as one:
        cluster.wait_for("leader", one.leads)
        with Control(product, *options, name="second", kubeconfig=second.kubeconfig) as other:
            with restless(namespace):
                cluster.wait_for("Service", lambda: NAME in made(namespace, "services"))
                assert one.process.pid is not None
                os.kill(one.process.pid, signal.SIGSTOP)
                cluster.wait_for("another leader", other.leads, 60)
                cluster.wait_for("Service", lambda: NAME in made(namespace, "services"))
                os.kill(one.process.pid, signal.SIGCONT)
                cluster.wait_for("one that follows", lambda: one.metric("leader") == 0)
                cluster.wait_for("Service", lambda: NAME in made(namespace, "services"))
            assert other.metric("leader") == 1
            written = actors(cluster, users)[before:]

    first, then = [user for user, _ in groupby(written)]
    assert (first, then) == (product.controller.name, OTHER)
