"""A `mcp-admission control` process on the control plane, under the product's ServiceAccount."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.product import Changes, Product, merged
from tests.e2e.system import NAME, NAMESPACE, SETTINGS
from tools.chart.shipped import POLICIES, RIGHTS, shipped
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.process import Component
from tools.demo.serving import ask

ROLE = "mcp-admission-control"
OWNED = "mcp-admission-owned-objects"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
ITS_LEASE = f"'Lease' ? '{ROLE}'"
SECONDS_TO_START = 60
# So many questions in a row, a twentieth of a second apart, with the same answer.
QUIET_QUESTIONS = 6


def grant(cluster: ControlPlane) -> None:
    """Give the product's ServiceAccount the rights that are shipped, within the shipped bounds.

    What tenants do to its objects is not refused, so that it is seen what becomes of them. Tests
    have Leases of their own.
    """
    found = shipped(*RIGHTS)
    for subject in [each for binding in found for each in binding.get("subjects", [])]:
        subject["name"] = NAME
    bounds = json.dumps(
        [each for each in shipped(*POLICIES) if each["metadata"]["name"] != OWNED]
    ).replace(f":{ROLE}'", f":{NAME}'")
    assert ITS_LEASE in bounds
    bounds = bounds.replace(ITS_LEASE, "'Lease' ? dyn(object).metadata.name")
    cluster.raw("DELETE", f"{BINDINGS}/{OWNED}")
    cluster.kubectl("apply", "-f", "-", sent=[*json.loads(bounds), *found])


class Control:
    """One process; a context manager that ends it, as a kubelet does."""

    def __init__(
        self,
        product: Product,
        *options: str,
        name: str = "control",
        kubeconfig: Path | None = None,
        settings: Changes | None = None,
        program: Sequence[str | Path] = ("webhook",),
    ) -> None:
        self._cluster = product.cluster
        (self._port,) = free_ports(1)
        file = product.cluster.folder / f"{name}-settings.yaml"
        file.write_text(yaml.dump(merged(SETTINGS, settings or {})), encoding="utf-8")
        command: list[str | Path] = [sys.executable, "-m", *program, "control"]
        command += ["--kubeconfig", kubeconfig or product.controller.kubeconfig]
        command += ["--service", f"{NAME}.{NAMESPACE}"]
        command += ["--metrics-listen", f"{LOOPBACK}:{self._port}", "--settings", file]
        command += options
        self.process: Component = product.cluster.components.beside(name, command)

    def __enter__(self) -> Self:
        self.process.start()
        self.process.wait_until(self.is_ready, SECONDS_TO_START)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()

    def is_ready(self) -> bool:
        """Whether it answers /readyz."""
        try:
            return ask(f"{LOOPBACK}:{self._port}", "/readyz") == "ok\n"
        except OSError:
            return False

    def leads(self) -> bool:
        """Whether it leads and knows everything."""
        return self.metric("leader") == 1 and any(
            line["message"] == "caches synced" for line in self.logged()
        )

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's values; 0 while it has none."""
        return sum(value for found, value in self.samples(name) if labels.items() <= found.items())

    def wait_for_look(self, after: float) -> None:
        """Return once it has looked at servers more often than so many times."""
        self._cluster.wait_for("another look", lambda: self._looks() > after)

    def rested_looks(self) -> float:
        """How often it has looked at a server, once it rests: what changed was looked at."""
        seen: list[float] = []

        def rests() -> bool:
            seen.append(self._looks())
            return seen[-QUIET_QUESTIONS:] == [seen[-1]] * QUIET_QUESTIONS

        self._cluster.wait_for("controller at rest", rests)
        return seen[-1]

    def samples(self, name: str) -> Iterator[tuple[dict[str, str], float]]:
        """Labels and value of each sample of a metric."""
        text = ask(f"{LOOPBACK}:{self._port}", "/metrics")
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"mcp_admission_{name}":
                    yield sample.labels, sample.value

    def _looks(self) -> float:
        return self.metric("reconcile_duration_seconds_count", reconciler="server")

    def logged(self) -> list[dict[str, Any]]:
        """What it has logged so far, oldest first."""
        return [json.loads(line) for line in self.process.lines() if line.startswith("{")]
