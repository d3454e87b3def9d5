"""Rotations in a row under a steady load, and not one admission that fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from tests.cluster.control_plane import ControlPlane
from tests.controller.certificates.cluster import plan
from tests.controller.certificates.controller import Controller
from tests.controller.certificates.serving import Service

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


def api_server_complaints(log: str, host: str) -> list[str]:
    """What the API server says of the webhook, or of TLS on the way to it."""
    return [line for line in log.splitlines() if host in line or "failed calling webhook" in line]


def test_no_admission_fails_while_certificates_rotate(
    control_plane: ControlPlane, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    service = Service(control_plane, namespace)
    installed = service.installed
    log = control_plane.folder / "kube-apiserver.log"
    controller = Controller(
        control_plane.kubeconfig,
        installed.places,
        plan(installed.places, settle=SETTLE),
        service.replicas,
    )
    with controller, service.running() as load:
        said = len(log.read_bytes())
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
    complaints = api_server_complaints(log.read_bytes()[said:].decode(), installed.places.host)
    assert complaints == []
    for pod in service.pods:
        assert '"level": "error"' not in pod.log()
    assert load.answered >= FEWEST_REQUESTS
    figures = {"requests": load.answered, "handshakes": load.handshakes, "slowest": load.slowest}
    for name, value in {**figures, **rotating.seconds}.items():
        record_property(name, value)
