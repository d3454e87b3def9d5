"""What a release tells of itself: the conditions, metrics and Events of its controller."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tools.chart.helm import NAMESPACE
from tools.cluster.ports import LOOPBACK
from tools.demo.serving import ask
from tools.release.release import Release
from webhook.settings.load import GROUP, NAME, PLURAL, VERSION

Json = dict[str, Any]
SECONDS = 20.0
PATH = f"/apis/{GROUP}/{VERSION}/{PLURAL}/{NAME}"
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"


class Watched:
    """A release whose condition, metrics and Events are looked at."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster = release, release.cluster

    def conditions(self) -> dict[str, Json]:
        """Those of the generation that is there."""
        found = self.cluster.get(PATH)
        generation = found["metadata"]["generation"]
        told = (found.get("status") or {}).get("conditions") or []
        return {each["type"]: each for each in told if each["observedGeneration"] == generation}

    def status(self, name: str) -> str:
        return str(self.conditions().get(name, {}).get("status"))

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Those of the leading controller."""
        found: list[tuple[dict[str, str], float]] = []
        for pod in self.release.component("control"):
            for container in self.release.kubelet.containers(pod):
                text = ask(f"{LOOPBACK}:{container.ports[8080]}", "/metrics")
                for family in text_string_to_metric_families(text):
                    found += [
                        (sample.labels, sample.value)
                        for sample in family.samples
                        if sample.name == f"mcp_admission_{name}"
                    ]
        return found

    def enforcing(self) -> dict[str, float]:
        """The gauge by its scope."""
        return {labels["scope"]: value for labels, value in self.samples("enforcing")}

    def events(self) -> list[tuple[str, str]]:
        """Reason and note of what was told of the probe."""
        found = self.cluster.get(EVENTS)["items"]
        ours = [
            each for each in found if each.get("reportingController") == "mcp-admission.dev/control"
        ]
        return [(each["reason"], each["note"]) for each in ours]

    def number(self, reason: str) -> int:
        return sum(found == reason for found, _ in self.events())

    def wait_for(self, reason: str, events: int) -> Json:
        """Wait for the condition, the metric and the Event; returns the condition."""
        began = time.monotonic()
        status = "True" if reason == "Enforcing" else "False"
        value = 1.0 if reason == "Enforcing" else 0.0

        def told() -> Json:
            found = self.conditions().get("Enforcing", {})
            same = (found.get("status"), found.get("reason")) == (status, reason)
            there = same and set(self.enforcing().values()) == {value}
            return found if there and self.number(reason) == events else {}

        try:
            return self.release.wait_for(reason, told, SECONDS)
        finally:
            print(f"{reason} after {time.monotonic() - began:.1f} s")

    @contextlib.contextmanager
    def told(self, reason: str) -> Iterator[int]:
        """What the block brings about is told as this, once, and that it is over at its end.

        Yields how many Events say so once it is told.
        """
        before, right = self.number(reason), self.number("Enforcing")
        yield before + 1
        self.wait_for("Enforcing", right + 1)
        assert self.number(reason) == before + 1, self.events()
