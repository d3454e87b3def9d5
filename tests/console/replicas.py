"""Replicas whose metrics are read through an API server, and a clock."""

from collections.abc import Callable
from typing import Any

from prometheus_client import generate_latest

from webhook.controller.installation import Installation
from webhook.kube.errors import ApiError
from webhook.observe.metrics import ControllerMetrics, Metrics, Review

Json = dict[str, Any]
PLACES = Installation()
PODS = "/api/v1/namespaces/mcp-admission-system/pods"
CREATE = ("opted-in", "CREATE", "Pod")


def replica(name: str, component: str = "serve", **status: Any) -> Json:
    ports = [{"name": "https", "containerPort": 8443}, {"name": "metrics", "containerPort": 8080}]
    return {
        "metadata": {"name": name, "namespace": PLACES.namespace, "labels": {"of": component}},
        "spec": {"containers": [{"name": component, "ports": ports}]},
        "status": {"phase": "Running", **status},
    }


class Replicas:
    """Pods by component, and what each answers: metrics, a text or an error."""

    def __init__(self) -> None:
        self.pods: dict[str, list[Json]] = {"serve": [], "control": []}
        self.answers: dict[str, Metrics | ControllerMetrics | str | ApiError] = {}
        self.lists: list[ApiError] = []
        self.asked: list[str] = []
        self.now = 1_000_000.0

    def add(self, name: str, component: str = "serve") -> Metrics:
        found = Metrics()
        self.pods[component].append(replica(name, component))
        self.answers[name] = found
        return found

    async def list_each(self, path: str, take: Callable[[Json], Any], label_selector: str) -> None:
        assert path == PODS
        if self.lists:
            raise self.lists[0]
        for each in self.pods[label_selector.rpartition("=")[2]]:
            take(each)

    async def get(self, path: str, **_: Any) -> Json:
        self.asked.append(path)
        name = path.removeprefix(f"{PODS}/").partition("%3A")[0]
        found = self.answers[name]
        if isinstance(found, ApiError):
            raise found
        if isinstance(found, str):
            return {"text": found}
        return {"text": generate_latest(found.registry).decode()}


def reviewed(metrics: Metrics, decision: str = "allowed", times: int = 1, **given: Any) -> None:
    """Count reviews that took this long."""
    review = Review("mutate", *CREATE, decision, given.get("dry_run", False))
    for _ in range(times):
        metrics.reviewed(review, given.get("seconds", 0.0004))
