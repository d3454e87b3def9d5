"""The product under attack: what its processes show of themselves, and who leads."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tools.chart.helm import NAMESPACE
from tools.cluster.kubelet.running import RunningContainer
from tools.cluster.ports import LOOPBACK
from tools.demo.serving import ask
from tools.release.release import Release
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION

Json = dict[str, Any]

METRICS, REVIEWS = 8080, 8443
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/mcp-admission-control"
SETTINGS = f"/apis/{GROUP}/{VERSION}/{PLURAL}"
MIB = 1 << 20
UNITS = {"Ki": 1 << 10, "Mi": MIB, "Gi": 1 << 30}
# Written to clear_refs, this lets VmHWM begin again at what is used now.
FORGET_PEAK = "5"


class Guard:
    """The release of the folder."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster = release, release.cluster

    def containers(self, component: str) -> list[RunningContainer]:
        """Of `serve` or `control`: one process each."""
        pods = self.release.component(component)
        return [each for pod in pods for each in self.release.kubelet.containers(pod)]

    def metric(self, component: str, name: str, **labels: str) -> float:
        """The sum over all processes of a component."""
        return sum(self.values(component, name, **labels))

    def values(self, component: str, name: str, **labels: str) -> list[float]:
        """The value in each sample of each process."""
        return [
            value
            for container in self.containers(component)
            for found, labelled, value in _samples(container)
            if found == name and labels.items() <= labelled.items()
        ]

    def addresses(self) -> list[tuple[str, int]]:
        """Where each serving process takes reviews."""
        return [(LOOPBACK, each.ports[REVIEWS]) for each in self.containers("serve")]

    def limit(self, component: str) -> int:
        """The least memory limit of a component's containers in the chart, in bytes."""
        limits = [
            container.get("resources", {}).get("limits", {}).get("memory")
            for pod in self.release.component(component)
            for container in pod["spec"]["containers"]
        ]
        assert limits
        assert all(limits), f"a container of {component} has no memory limit"
        return min(int(each[:-2]) * UNITS[each[-2:]] for each in limits)

    def peak(self, component: str) -> int:
        """The most memory that a process of a component has had since `no_peak`, in bytes."""
        return max(_peak(each) for each in self.containers(component))

    def no_peak(self) -> None:
        """Begin again with what is used now."""
        for component in ("serve", "control"):
            for each in self.containers(component):
                Path(f"/proc/{each.pid}/clear_refs").write_text(FORGET_PEAK, encoding="utf-8")

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Within the block no process of ours is restarted, and every pod stays as it is ready."""
        before = self.release.restarts()
        yield
        assert self.release.restarts() == before
        self.release.rolled_out()

    def changes_of_leader(self) -> int:
        """How often another one has taken the Lease."""
        return int(self.cluster.get(LEASE)["spec"]["leaseTransitions"])

    def leader(self) -> Json | None:
        """The pod that leads and says so, if one does."""
        for pod in self.release.component("control"):
            for container in self.release.kubelet.containers(pod):
                if ("leader", 1) in [(name, value) for name, _, value in _samples(container)]:
                    return pod
        return None

    def end_leader(self) -> None:
        """Delete the pod that leads, and wait until another one does."""
        pod = self.release.wait_for("leader", self.leader)
        assert pod
        name, before = pod["metadata"]["name"], self.changes_of_leader()
        self.cluster.kubectl("--namespace", NAMESPACE, "delete", "pod", name, "--wait=false")
        self.release.wait_for("next leader", lambda: self.changes_of_leader() > before)

    def change_settings(self, **spec: Any) -> None:
        """Let the settings resource say this, as an administrator."""
        metadata = {"name": NAME}
        found = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": metadata}
        self.cluster.kubectl("apply", "--filename", "-", sent={**found, "spec": spec})


def careless() -> ssl.SSLContext:
    """TLS of somebody who does not mind whom he talks to, and says nothing of himself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _samples(container: RunningContainer) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, labels and value of each sample; none of a process that does not answer yet."""
    try:
        text = ask(f"{LOOPBACK}:{container.ports[METRICS]}", "/metrics")
    except OSError:
        return
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name.removeprefix("mcp_admission_"), sample.labels, sample.value


def _peak(container: RunningContainer) -> int:
    text = Path(f"/proc/{container.pid}/status").read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
