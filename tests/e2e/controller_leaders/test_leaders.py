"""Two controllers, one stopped past its Lease: no two ever act, by the audit trail."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import SERVICE, service_of
from tests.e2e.controller_leaders.conftest import LEASE
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.kube.faults import Call, Proxy
from tools.cluster.control_plane import ControlPlane

OTHER = "the-other-controller"
# Five seconds, more or less; after ten it would give up by itself.
FAILED_RENEWALS = 6


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
            namespace.raw("DELETE", f"services/{SERVICE}")

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def proxy(product: Product) -> Iterator[Proxy]:
    """A proxy that does nothing yet."""
    cluster = product.cluster
    with Proxy(cluster.url, cluster.components.places.authority.certificate) as running:
        yield running


def go_on(control: Control) -> None:
    """Let a process that was stopped go on, and wait until it follows."""
    assert control.process.pid is not None
    os.kill(control.process.pid, signal.SIGCONT)
    control.process.wait_until(lambda: control.metric("leader") == 0, 30)


def test_a_leader_that_was_stopped_past_its_lease_writes_nothing_when_it_goes_on(
    product: Product, namespace: Namespace, options: tuple[str, ...]
) -> None:
    cluster = product.cluster
    second = cluster.user(OTHER, "system:masters")
    users = {product.controller.name, OTHER}
    before = len(actors(cluster, users))
    with Control(product, *options, name="first") as one:
        cluster.wait_for("leader", one.leads)
        with Control(product, *options, name="second", kubeconfig=second.kubeconfig) as other:
            with restless(namespace):
                service_of(namespace)
                assert one.process.pid is not None
                os.kill(one.process.pid, signal.SIGSTOP)
                cluster.wait_for("another leader", other.leads, 60)
                service_of(namespace)
                go_on(one)
                service_of(namespace)
            assert other.metric("leader") == 1
            written = actors(cluster, users)[before:]

    assert [user for user, _ in groupby(written)] == [product.controller.name, OTHER]


def test_a_write_that_was_decided_on_is_not_sent_once_another_leads(
    product: Product, namespace: Namespace, options: tuple[str, ...], proxy: Proxy
) -> None:
    """It cannot renew for some seconds, and is then stopped for so short a time that its
    connections are still good: nothing but the fence keeps the write back.
    """
    cluster = product.cluster
    second = cluster.user(OTHER, "system:masters")
    users = {product.controller.name, OTHER}
    before = len(actors(cluster, users))
    kubeconfig = proxy.kubeconfig(product.controller.kubeconfig, cluster.folder / "paused")
    pause = cluster.folder / "pause"
    program = ("tests.e2e.controller_leaders.pausing", pause)
    with Control(product, *options, name="pausing", kubeconfig=kubeconfig, program=program) as one:
        cluster.wait_for("leader", one.leads)
        first = service_of(namespace)
        with Control(product, *options, name="next", kubeconfig=second.kubeconfig) as other:
            renewals = proxy.refuse(renews, 503, "", times=1000)
            cluster.wait_for("failed renewals", lambda: renewals.met >= FAILED_RENEWALS)
            pause.touch()
            namespace.raw("DELETE", f"services/{SERVICE}")
            cluster.wait_for("a leader that has stopped", lambda: not pause.exists())
            cluster.wait_for("another leader", other.leads, 60)
            assert service_of(namespace) != first
            go_on(one)
            written = actors(cluster, users)[before:]
            said = [line.get("reason", "") for line in one.logged()]

    assert [user for user, _ in groupby(written)] == [product.controller.name, OTHER]
    assert any("services: not sent, another controller may lead by now" in each for each in said)


def renews(call: Call) -> bool:
    """Whether it is the renewal of a Lease."""
    return call.method == "PUT" and call.path.endswith(f"/leases/{LEASE}")
