"""What an operator can graph and alert on about what the controller makes."""

from collections.abc import Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from webhook.observe.metrics import NAMESPACE

CONCERNS = ("namespace", "server", "pod")
SETTINGS = "settings"
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class ReconcileMetrics:
    """The metrics of reconciling; every label has few values, and none is a user's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, namespace=NAMESPACE, registry=registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=registry)
        self._leader = gauge("leader", "1 while this process leads, else 0.")
        self._depth = gauge("queue_depth", "Keys that wait for a worker.")
        self._seconds = Histogram(
            "reconcile_duration_seconds",
            "Time to look at a key and write what differs.",
            ["concern"],
            namespace=NAMESPACE,
            registry=registry,
            buckets=BUCKETS,
        )
        self._errors = counter(
            "reconcile_errors_total", "Looks that failed and are tried again.", ["concern"]
        )
        self._restarts = counter(
            "watch_restarts_total", "Watches that did not run their time.", ["resource"]
        )
        self._requests = counter(
            "api_requests_total", "Requests to the API server.", ["verb", "resource"]
        )
        self._servers = gauge("servers", "MCP servers, by state.", ["state"])
        self.states: Mapping[str, int] = {}
        for concern in CONCERNS:
            self._seconds.labels(concern)
            self._errors.labels(concern)
        self._errors.labels(SETTINGS)

    def leads(self, leading: bool) -> None:  # noqa: FBT001 - it is the one thing to tell
        """Say whether this process leads."""
        self._leader.set(leading)

    def waiting(self, keys: int) -> None:
        """Say how many keys wait."""
        self._depth.set(keys)

    def looked(self, concern: str, seconds: float) -> None:
        """Count one look."""
        self._seconds.labels(concern).observe(seconds)

    def failed(self, concern: str) -> None:
        """Count one failure."""
        self._errors.labels(concern).inc()

    def restarted(self, resource: str) -> None:
        """Count one watch that was started again."""
        self._restarts.labels(resource).inc()

    def sent(self, verb: str, resource: str) -> None:
        """Count one request to the API server."""
        self._requests.labels(verb, resource).inc()

    def servers(self, states: Mapping[str, int]) -> None:
        """Say how many servers there are of each state."""
        self.states = dict(states)
        for state, count in states.items():
            self._servers.labels(state).set(count)
