"""Two `serve` processes behind a balancer, as the pods of the product would run."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.controller.certificates.cluster import Installed
from tests.controller.certificates.load import Load
from tools.cluster.balancer import Balancer
from tools.cluster.control_plane import ControlPlane
from tools.cluster.mounted import Mount, Volume
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.process import Component
from tools.demo.serving import ask
from webhook.controller.serving_replicas import Replica

# What kube-proxy may take to hear of a pod that is to leave.
DRAIN_SECONDS = 1


class Pod:
    """A serving process with the Secret mounted, as its owner alone may read it."""

    def __init__(self, installed: Installed, number: int) -> None:
        self.port, self._probes = free_ports(2)
        self.replica = Replica(LOOPBACK, self.port)
        cluster, name = installed.cluster, f"{installed.namespace}-{number}"
        folder = cluster.folder / name
        secret = Volume("secrets", installed.namespace, "mcp-admission-tls", mode=0o600)
        self._mount = Mount(cluster, secret, folder)
        self._process = self._serve(cluster, name, folder, installed)

    def _serve(
        self, cluster: ControlPlane, name: str, folder: Path, installed: Installed
    ) -> Component:
        places = installed.places
        command: list[str | Path] = [sys.executable, "-m", "webhook", "serve"]
        command += ["--listen", f"{LOOPBACK}:{self.port}"]
        command += ["--metrics-listen", f"{LOOPBACK}:{self._probes}"]
        command += ["--tls-cert", folder / "tls.crt", "--tls-key", folder / "tls.key"]
        command += ["--ca-bundle", folder / "ca.crt"]
        command += ["--service", f"{places.service}.{places.namespace}"]
        command += ["--drain-seconds", str(DRAIN_SECONDS)]
        return cluster.components.beside(name, command)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The kubelet brings the Secret, and the process is ready."""
        with self._mount:
            try:
                self.start()
                yield
            finally:
                self._process.kill()

    def start(self) -> None:
        """Start, and return when it is ready."""
        self._process.start()
        self._process.wait_until(self._is_ready, 30)

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        return self._process.terminate()

    def log(self) -> str:
        """What it has logged."""
        return self._process.log.read_text()

    def _is_ready(self) -> bool:
        try:
            return ask(f"{LOOPBACK}:{self._probes}", "/readyz") == "ok\n"
        except OSError:
            return False


class Service:
    """Two pods behind the port that the API server calls; enter `running` with a controller."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        (port,) = free_ports(1)
        self.installed = Installed(cluster, namespace, port)
        self.pods = [Pod(self.installed, number) for number in range(2)]
        self.balancer = Balancer(port)

    @property
    def replicas(self) -> list[Replica]:
        """What the controller asks."""
        return [pod.replica for pod in self.pods]

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Both pods serve, and the API server calls them without an end."""
        with ExitStack() as stack:
            stack.enter_context(self.balancer)
            for pod in self.pods:
                stack.enter_context(pod.running())
            self.balancer.replicas = [pod.port for pod in self.pods]
            stack.callback(self.installed.uninstall)
            self.installed.cluster.wait_for("certificate everywhere", self.is_settled)
            yield stack.enter_context(Load(self.installed, lambda: self.balancer.replicas))

    def restart(self, pod: Pod) -> int:
        """As in a rollout: SIGTERM, no new connections, and a new process; its exit status."""
        self.balancer.replicas = [one.port for one in self.pods if one is not pod]
        status = pod.stop()
        pod.start()
        self.balancer.replicas = [one.port for one in self.pods]
        return status

    def is_settled(self) -> bool:
        """Whether the installation has settled, and both pods show its leaf."""
        leaf = self.installed.leaf().certificate
        shown = [self.installed.shown(pod.port) for pod in self.pods]
        return shown == [leaf, leaf] and self.installed.is_settled()
