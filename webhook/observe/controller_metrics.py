"""What an operator can graph and alert on about the controller.

Every label has few values, and none is a user's.
"""

from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from webhook.observe.metrics import NAMESPACE

RECONCILERS = ("server", "namespace", "pod", "settings", "certificates", "events")
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class ControllerMetrics:
    """The metrics of one controller process, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace=NAMESPACE, registry=self.registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self.registry)
        self.leader = gauge("leader", "1 while this process leads, else 0.")
        self.queue_depth = gauge("queue_depth", "Keys that wait for a worker.", ["reconciler"])
        self.reconcile_seconds = Histogram(
            "reconcile_duration_seconds",
            "Time to look at a key and write what differs.",
            ["reconciler"],
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.reconcile_errors = counter(
            "reconcile_errors_total", "Reconciles that failed and are repeated.", ["reconciler"]
        )
        self.watch_restarts = counter(
            "watch_restarts_total", "Watches that did not run their time.", ["resource"]
        )
        self.api_requests = counter(
            "api_requests_total", "Requests to the API server.", ["verb", "resource"]
        )
        self.servers = gauge("servers", "MCP servers, by state.", ["state"])
        self.rotation_steps = counter("rotation_steps_total", "Steps of rotations taken.", ["step"])
        self.certificate_faults = gauge(
            "certificate_faults",
            "What keeps API servers from calling the webhook, or will: each is in the log.",
        )
        self.certificate_expiry = gauge(
            "stored_certificate_expiry_timestamp_seconds",
            "When a stored certificate ends, in seconds since 1970.",
            ["certificate"],
        )

        for reconciler in RECONCILERS:
            self.reconcile_seconds.labels(reconciler)
            self.reconcile_errors.labels(reconciler)

    def request_sent(self, verb: str, resource: str) -> None:
        """Count one request to the API server."""
        self.api_requests.labels(verb, resource).inc()

    def watch_restarted(self, resource: str, _reason: str) -> None:
        """Count one watch that was started again."""
        self.watch_restarts.labels(resource).inc()
