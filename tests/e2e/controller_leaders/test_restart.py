"""A controller that starts again finds everything as it should be, and writes nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cluster.control_plane import ControlPlane
from tests.e2e import manifests
from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import PORTS, made
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

SERVERS = 40
PROFILE = {
    "mcpNamespace": {
        "networkPolicy": {
            "egressCeilings": ["10.20.0.0/16"],
            # Without the protocol, which the API server fills in.
            "egressProfiles": {"queue": {"to": [{"podSelector": {}}], "ports": [{"port": 5672}]}},
        }
    }
}


def memory(pid: int) -> float:
    """The most that the process ever held, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found
    return int(found[1]) / 1024


def writes(cluster: ControlPlane, user: str) -> int:
    return sum(event["user"]["username"] == user for event in cluster.audit_events())


def deploy(managed: Namespace) -> None:
    for number in range(SERVERS):
        source = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s{number}"}}
        managed.create({**source, "stringData": {"KEY": f"value {number}", "file": "x"}})
        asked = {
            "mcp-admission.dev/config-from": f"s{number}",
            "mcp-admission.dev/file-keys": "file",
            "mcp-admission.dev/egress": "10.20.1.0/24:5432, queue",
        }
        containers = [manifests.container(ports=PORTS)]
        managed.create(
            manifests.server(f"m{number}", annotations=asked, replicas=0, containers=containers)
        )


def test_a_restart_writes_nothing(product: Product, managed: Namespace) -> None:
    grant(product.cluster)
    with product.settings(PROFILE):
        deploy(managed)
        restart(product, managed)


def restart(product: Product, managed: Namespace) -> None:
    cluster, user = product.cluster, product.controller.name
    options = ("--namespace", managed.name)
    before = writes(cluster, user)
    with Control(product, *options, name="before-restart", settings=PROFILE) as control:
        wanted = 2 * SERVERS
        cluster.wait_for("all Secrets", lambda: len(made(managed, "secrets")) == wanted, 60)
        cluster.wait_for("all Services", lambda: len(made(managed, "services")) == SERVERS)

        def settled() -> bool:
            looks = control.metric("reconcile_duration_seconds_count")
            found = managed.get("deployments")["items"]
            rolled = all(
                "mcp-admission.dev/revision" in each["spec"]["template"]["metadata"]["annotations"]
                for each in found
            )
            return (
                rolled
                and control.metric("queue_depth") == 0
                and looks == control.metric("reconcile_duration_seconds_count")
            )

        cluster.wait_for("rest", settled, 60)
        assert control.process.pid is not None
        print(f"peak memory with {SERVERS} servers: {memory(control.process.pid):.0f} MiB")
    objects = 4 * SERVERS + 1
    first = writes(cluster, user) - before
    print(f"{first} writes for {objects} objects and {SERVERS} revisions")
    assert objects <= first <= objects + SERVERS + 2

    with Control(product, *options, name="after-restart", settings=PROFILE) as control:
        cluster.wait_for("leader", control.leads)
        looked = SERVERS + 1
        cluster.wait_for(
            "a look at each",
            lambda: control.metric("reconcile_duration_seconds_count") >= looked,
        )
        assert control.metric("reconcile_errors_total") == 0
    assert writes(cluster, user) - before == first
