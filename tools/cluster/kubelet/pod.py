"""One pod of our image, from its volumes to its last container, on a thread of its own."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.cluster.background import Background
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.container import Surroundings
from tools.cluster.kubelet.running import RunningContainer
from tools.cluster.kubelet.status import of_pod
from tools.cluster.kubelet.volumes import NotYetError, Volumes

Json = dict[str, Any]

TICK = 0.1
# How often a kubelet looks at a pod that nobody changes, and how soon again after a failed mount.
SECONDS_BETWEEN_SYNCS = 60.0
FIRST_RETRY, LAST_RETRY = 0.5, 122.0
# What an API server answers about a pod that has gone or changed, or while it starts or is busy.
TRY_AGAIN = {404, 409, 429, 500, 503, 504}


class PodWorker(Background):
    """A pod that runs while it is entered, until it is over; `tell` it of every change."""

    def __init__(
        self,
        cluster: ControlPlane,
        pod: Json,
        folder: Path,
        services: Path,
        address: str,
        *,
        ahead: float,
    ) -> None:
        super().__init__(f"pod {pod['metadata']['name']}")
        folder.mkdir(parents=True)
        self.address = address
        self.containers: list[RunningContainer] = []
        self._cluster, self._pod = cluster, pod
        self._volumes = Volumes(cluster, pod, folder / "volumes")
        self._around = Surroundings(cluster, pod, folder, self._volumes, services, ahead)
        self._phase = "Pending"
        self._retry = FIRST_RETRY
        self._due = 0.0
        self._written: Json = {}

    def tell(self, pod: Json) -> None:
        """The pod as it is now: a change of labels or annotations lets the volumes be synced."""
        before, self._pod = self._pod["metadata"], pod
        kept = ("labels", "annotations")
        if [before.get(key) for key in kept] != [pod["metadata"].get(key) for key in kept]:
            self._due = 0.0

    def run(self) -> None:
        """See to it until it is over, or nobody wants it any more."""
        try:
            while not self.over.wait(TICK):
                # Whatever the API server says while it goes or comes is asked for again.
                with suppress(OSError):
                    if self._step():
                        return
        finally:
            for container in self.containers:
                container.kill()

    def _step(self) -> bool:
        """Do what is due; whether the pod is over and gone."""
        if "deletionTimestamp" in self._pod["metadata"]:
            self._end()
            self._write_status()
            return self._delete()
        self._sync()
        for container in self.containers:
            container.look()
        self._phase = self._next_phase()
        self._write_status()
        return False

    def _sync(self) -> None:
        if time.monotonic() < self._due or self._phase in {"Succeeded", "Failed"}:
            return
        try:
            self._volumes.sync()
            if not self.containers:
                self._start()
        except NotYetError:
            self._due = time.monotonic() + self._retry
            self._retry = min(self._retry * 2, LAST_RETRY)
            return
        self._due = time.monotonic() + SECONDS_BETWEEN_SYNCS

    def _start(self) -> None:
        spec = self._pod["spec"]
        if spec.get("initContainers"):
            raise NotImplementedError("init containers")
        restarts = spec.get("restartPolicy", "Always") != "Never"
        for container in spec["containers"]:
            started = RunningContainer(container, self._around, restarts=restarts)
            self.containers.append(started)

    def _next_phase(self) -> str:
        if not self.containers:
            return "Pending"
        never = self._pod["spec"].get("restartPolicy") == "Never"
        if never and not any(each.runs for each in self.containers):
            failed = any(each.status for each in self.containers)
            return "Failed" if failed else "Succeeded"
        return "Running"

    def _end(self) -> None:
        """SIGTERM, the grace period with its probes still asked, SIGKILL."""
        seconds = self._pod["metadata"].get("deletionGracePeriodSeconds") or 0
        deadline = time.monotonic() + seconds
        for container in self.containers:
            container.ask_to_end()
        while any(each.runs for each in self.containers):
            for container in self.containers:
                container.wait()
            self._write_status()
            if self.over.wait(TICK) or time.monotonic() > deadline:
                break
        for container in self.containers:
            container.kill()

    def _write_status(self) -> None:
        described = [each.described() for each in self.containers]
        signs = {
            "phase": self._phase,
            "containers": [
                (each["ready"], each["restartCount"], each["started"]) for each in described
            ],
        }
        if signs == self._written:
            return
        status = of_pod(self._pod, self.address, self._phase, described)
        answer = self._cluster.raw(
            "PATCH", f"{self._path}/status", {"status": status}, "application/merge-patch+json"
        )
        if answer.status == 200:
            self._pod = answer.json()
            self._written = signs
        elif answer.status not in TRY_AGAIN:
            raise RuntimeError(f"status of {self._path}: {answer.body.decode()}")

    def _delete(self) -> bool:
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": self._pod["metadata"]["uid"]}}
        return self._cluster.raw("DELETE", self._path, body).status in {200, 404, 409}

    @property
    def _path(self) -> str:
        metadata = self._pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
