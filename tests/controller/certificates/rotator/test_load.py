"""Rotations in a row under a steady load, and not one admission that fails."""

import time
from collections.abc import Callable
from datetime import timedelta

from tests import builders
from tests.controller.certificates.cluster import Installed, plan
from tests.controller.certificates.controller import Controller
from tests.controller.certificates.serving import Service
from tools.cluster.control_plane import ControlPlane

SETTLE = timedelta(seconds=1)
LEAF_ROTATIONS, AUTHORITY_ROTATIONS = 10, 3
FEWEST_REQUESTS = 5_000


class Rotating:
    """Rotations by `certs rotate`, and how long each took."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.seconds: dict[str, list[float]] = {"leaf": [], "authority": []}

    def leaf(self) -> None:
        before = self._service.installed.leaf().certificate
        self._rotate("leaf", lambda: self._service.installed.leaf().certificate != before)

    def authority(self) -> None:
        before = self._service.installed.authority().certificate
        self._rotate(
            "authority", lambda: self._service.installed.authority().certificate != before, "--ca"
        )

    def _rotate(self, what: str, is_new: Callable[[], bool], *options: str) -> None:
        installed = self._service.installed
        started = time.monotonic()
        installed.rotate(*options)
        installed.cluster.wait_for(f"new {what}", is_new)
        installed.cluster.wait_for(f"new {what} everywhere", self._service.is_settled)
        self.seconds[what].append(time.monotonic() - started)


class Complaints:
    """What the API server says in its log of the webhook, or of TLS on the way to it."""

    def __init__(self, installed: Installed) -> None:
        self._log = installed.cluster.folder / "kube-apiserver.log"
        self._host = installed.places.host
        self._read = 0

    def new(self) -> list[str]:
        """The lines since the last time."""
        before, said = self._read, self._log.read_bytes()
        self._read = len(said)
        return [line for line in said[before:].decode().splitlines() if self._host in line]


def nobody_is_admitted(installed: Installed) -> bool:
    """Whether the API server calls, and trusts nobody yet."""
    path = f"/api/v1/namespaces/{installed.namespace}/pods?dryRun=All"
    return installed.cluster.raw("POST", path, builders.bare_pod()).status == 500


def test_no_admission_fails_while_certificates_rotate(
    control_plane: ControlPlane, namespace: str
) -> None:
    service = Service(control_plane, namespace)
    installed = service.installed
    complaints = Complaints(installed)
    control_plane.wait_for("refusal", lambda: nobody_is_admitted(installed))
    control_plane.wait_for("complaint", complaints.new)
    controller = Controller(
        control_plane.kubeconfig,
        installed.places,
        plan(installed.places, settle=SETTLE),
        service.replicas,
    )
    with controller, service.running() as load:
        complaints.new()
        rotating = Rotating(service)
        for number in range(1, LEAF_ROTATIONS + 1):
            rotating.leaf()
            if number % 3 == 0:
                rotating.authority()
            if number in {4, 8}:
                assert service.restart(service.pods[number // 4 - 1]) == 0
        control_plane.wait_for(
            f"{FEWEST_REQUESTS} requests", lambda: load.answered >= FEWEST_REQUESTS, 300
        )

    assert load.failures == []
    assert controller.errors == []
    assert {what: len(times) for what, times in rotating.seconds.items()} == {
        "leaf": LEAF_ROTATIONS,
        "authority": AUTHORITY_ROTATIONS,
    }
    assert complaints.new() == []
    for pod in service.pods:
        assert '"level": "error"' not in pod.log()
    assert load.answered >= FEWEST_REQUESTS
    print(f"{load.answered} requests (slowest {load.slowest:.2f} s), {load.handshakes} handshakes")
    for what, seconds in rotating.seconds.items():
        print(f"{what}: {min(seconds):.1f} to {max(seconds):.1f} s")
