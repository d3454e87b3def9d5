"""A fresh installation: how long it takes, and that no order of starts is a wrong one."""

import time

import pytest

from tests.builders import bare_pod
from tests.release import servers
from tools.chart.helm import NAMESPACE
from tools.release.release import PROCESSES, Release

pytestmark = [pytest.mark.control_plane, pytest.mark.usefixtures("removed")]

SECONDS = 60


def answers(release: Release, namespace: str) -> tuple[int, int]:
    """The status of the creation of a covered pod, and of another one."""
    pods = (bare_pod(), servers.uncovered())
    statuses = [servers.create(release.cluster, namespace, pod).status for pod in pods]
    return statuses[0], statuses[1]


def test_a_server_is_hardened_and_served_within_a_minute(release: Release) -> None:
    namespace = release.cluster.namespace("tools")
    started = time.monotonic()

    release.installed()
    ready = time.monotonic() - started
    servers.deploy(release.cluster, namespace)
    release.wait_for("running server", lambda: servers.runs(release, namespace))
    seconds = time.monotonic() - started

    print(f"ready after {ready:.1f} s, the first server runs after {seconds:.1f} s")
    servers.assert_served(release, namespace)
    assert release.restarts() == 0
    assert seconds < SECONDS
    release.helm("test", "--timeout", "2m")


@pytest.mark.parametrize("late", PROCESSES)
def test_pods_of_the_product_may_start_in_any_order(release: Release, late: str) -> None:
    namespace = release.cluster.namespace("tools")
    release.kubelet.held = frozenset({late})

    release.install()
    if late != "certificates":
        release.wait_for("bundle", lambda: all(release.bundles()))
        secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-admission-tls"
        release.wait_for("certificate", lambda: release.cluster.get(secret))
    if late != "serve":
        release.wait_for("serving pods that wait", lambda: len(release.component("serve")) == 2)
    release.wait_for("refusal", lambda: answers(release, namespace) == (500, 201))

    release.kubelet.held = frozenset()
    release.rolled_out()
    release.wait_for("answer", lambda: answers(release, namespace) == (201, 201))
    servers.deploy(release.cluster, namespace)
    servers.assert_served(release, namespace)
    assert release.restarts() == 0
