"""The nodes: they say that they are there, and see to the pods that the scheduler puts on them."""

import itertools
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tools.cluster import objects
from tools.cluster.background import Background
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.pod import PodWorker
from tools.cluster.kubelet.running import RunningContainer, now
from tools.cluster.kubelet.services import Services
from tools.cluster.kubelet.status import of_others

Json = dict[str, Any]

NAME = "node-1"
OURS = re.compile(r"(^|/)mcp-admission[:@]")
COMPONENT = "app.kubernetes.io/component"
TICK = 0.2
SECONDS_BETWEEN_HEARTBEATS = 10.0
LINES, WIDEST, REVIEW = 6, 300, '"message": "review"'
CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}
MERGE = "application/merge-patch+json"


class Kubelet(Background):
    """While it is entered, there are nodes. Pods of a component in `held` are not started.

    Pods that start on a node in `ahead` see a clock that is so many seconds ahead, or behind.
    """

    def __init__(self, cluster: ControlPlane, nodes: Sequence[str] = (NAME,)) -> None:
        super().__init__("kubelet")
        self._cluster = cluster
        self._nodes = nodes
        self._folder = cluster.folder / "pods"
        self._folder.mkdir()
        self._workers: dict[str, PodWorker] = {}
        self._namespaces: set[str] = set()
        self._numbers = itertools.count(2)
        self._beat = 0.0
        self.held: frozenset[str] = frozenset()
        self.ahead: dict[str, float] = {}
        self.services = Services(cluster, cluster.folder / "services.json")

    def __enter__(self) -> Self:
        for name in self._nodes:
            self._join(name)
        super().__enter__()
        self._cluster.wait_for("Ready nodes", self._take_pods)
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as everything:
            everything.callback(self.services.close)
            self.over.set()
            for worker in self._workers.values():
                everything.push(worker.__exit__)
            everything.push(super().__exit__)

    def containers(self, pod: Json) -> list[RunningContainer]:
        """The containers of a pod that runs here; none before they are started."""
        worker = self._workers.get(pod["metadata"]["uid"])
        return worker.containers if worker else []

    def last_words(self) -> str:
        """How the log of each pod ends, without reviews, also after it has gone."""
        folders = sorted(each for each in self._folder.iterdir() if each.is_dir())
        return "\n".join(f"--- {each.name}\n{_end(each)}" for each in folders)

    def run(self) -> None:
        """Look again and again; the API server may be away for a while."""
        while not self.over.wait(TICK):
            with suppress(ConnectionError, TimeoutError, AssertionError):
                self._heartbeat()
                self._look()

    def _take_pods(self) -> bool:
        found = [self._cluster.get(f"/api/v1/nodes/{name}") for name in self._nodes]
        return all(objects.takes_pods(each) for each in found)

    def _join(self, name: str) -> None:
        self._cluster.create("/api/v1/nodes", objects.node(name, {}, ()))
        status = {
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "lastHeartbeatTime": now(),
                    "lastTransitionTime": now(),
                }
            ],
        }
        path = f"/api/v1/nodes/{name}/status"
        assert self._cluster.raw("PATCH", path, {"status": status}, MERGE).status == 200
        lease = {"metadata": {"name": name}, "spec": self._lease(name)}
        path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        self._cluster.wait_for(
            "Lease of the node", lambda: self._cluster.raw("POST", path, lease).status in {201, 409}
        )

    def _lease(self, name: str) -> Json:
        time_now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": time_now}

    def _heartbeat(self) -> None:
        if time.monotonic() < self._beat:
            return
        self._beat = time.monotonic() + SECONDS_BETWEEN_HEARTBEATS
        folder = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        for name in self._nodes:
            self._cluster.raw("PATCH", f"{folder}/{name}", {"spec": self._lease(name)}, MERGE)

    def _look(self) -> None:
        found = self._cluster.get("/api/v1/pods?fieldSelector=spec.nodeName%21%3D")["items"]
        pods = [pod for pod in found if pod["spec"]["nodeName"] in self._nodes]
        ours = [pod for pod in pods if is_ours(pod)]
        for pod in pods:
            if is_ours(pod):
                self._see(pod)
            else:
                self._play(pod)
        self._bury({pod["metadata"]["uid"] for pod in ours})
        for namespace in self._namespaces:
            here = [pod for pod in ours if pod["metadata"]["namespace"] == namespace]
            self.services.look(namespace, here, self._ports(here))

    def _see(self, pod: Json) -> None:
        metadata = pod["metadata"]
        uid = metadata["uid"]
        if uid in self._workers:
            self._workers[uid].tell(pod)
            return
        held = (metadata.get("labels") or {}).get(COMPONENT) in self.held
        if held and "deletionTimestamp" not in metadata:
            return
        self._namespaces.add(metadata["namespace"])
        folder = self._folder / f"{metadata['name']}-{uid[:8]}"
        ahead = self.ahead.get(pod["spec"]["nodeName"], 0.0)
        given = (folder, self.services.file, self._address())
        worker = PodWorker(self._cluster, pod, *given, ahead=ahead)
        self._workers[uid] = worker.__enter__()

    def _bury(self, there: set[str]) -> None:
        for uid in [uid for uid in self._workers if uid not in there]:
            self._workers.pop(uid).__exit__(None, None, None)

    def _ports(self, pods: list[Json]) -> dict[str, dict[int, int]]:
        found = {}
        for pod in pods:
            if containers := self.containers(pod):
                ports = [each.ports.items() for each in containers]
                found[pod["metadata"]["name"]] = dict(itertools.chain(*ports))
        return found

    def _play(self, pod: Json) -> None:
        """Say of somebody else's pod what a kubelet would say."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if "deletionTimestamp" in metadata:
            self._cluster.raw("DELETE", path, {"gracePeriodSeconds": 0})
        elif pod["status"].get("phase") == "Pending":
            status = of_others(pod, self._address())
            self._cluster.raw("PATCH", f"{path}/status", {"status": status}, MERGE)

    def _address(self) -> str:
        number = next(self._numbers)
        return f"10.244.{number >> 8 & 255}.{number & 255}"


def is_ours(pod: Json) -> bool:
    """Whether its containers are of our image."""
    return all(OURS.search(each["image"]) for each in pod["spec"]["containers"])


def _end(folder: Path) -> str:
    """What a report can hold of what the containers of a pod have said."""
    logs = [
        log.read_text(encoding="utf-8", errors="replace") for log in sorted(folder.glob("*.log"))
    ]
    lines = [line[:WIDEST] for log in logs for line in log.splitlines() if REVIEW not in line]
    return "\n".join(lines[-LINES:])
