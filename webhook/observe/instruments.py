"""What metrics are made of: children that are found fast, and numbers that only a leader knows.

A process that does not lead knows nothing of the cluster. It shows no such number, neither zero nor
the last one of the time when it led: an alert would take the one for rest, and the other for news.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from prometheus_client import Gauge, Metric

from webhook.observe.build_info import BuildInfo, build_info

KINDS = frozenset(
    (
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "ReplicationController",
        "PodTemplate",
        "Binding",
        "Scale",
        "MCPServerSettings",
        "MCPNamespaceSettings",
        "MCPServerException",
    )
)
OPERATIONS = frozenset(("CREATE", "UPDATE", "DELETE", "CONNECT"))
OTHER = "other"
NAMESPACE = "mcp_admission"

Child = TypeVar("Child")


class Children(dict[tuple[object, ...], Child]):
    """The children of a metric by their label values, in a third of the time of `labels()`."""

    def __init__(self, labels: Callable[..., Child]) -> None:
        super().__init__()
        self._labels = labels

    def __missing__(self, values: tuple[object, ...]) -> Child:
        child = self[values] = self._labels(*values)
        return child


class LeaderGauge(Gauge):
    """A number that is shown from the first `set` until `clear`, also where it has no labels."""

    _known = False

    def set(self, value: float) -> None:
        """Show this number."""
        self._known = True
        super().set(value)

    def clear(self) -> None:
        """Show nothing, until the next `set`."""
        self._known = False
        super().clear()

    def collect(self) -> Iterable[Metric]:
        """Name and help always, samples while the number is known."""
        for found in super().collect():
            if not (self._known or self._labelnames):
                found.samples.clear()
            yield found


def show_build(gauge: Callable[..., Gauge]) -> None:
    """Show what runs here."""
    gauge("build_info", "What runs here.", BuildInfo._fields).labels(*build_info()).set(1)
