"""What an operator can graph and alert on: the metrics of `serve`, and those of `control`.

No label takes a value that a client chooses freely: an unknown kind or operation counts as
`other`, so that no client can fill the memory of the process with new time series.
"""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from webhook.observe.instruments import (
    KINDS,
    NAMESPACE,
    OPERATIONS,
    OTHER,
    Children,
    LeaderGauge,
    show_build,
)

BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Review(NamedTuple):
    """What is counted of one review."""

    hook: str
    scope: str
    operation: str
    kind: str
    decision: str
    dry_run: bool


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace=NAMESPACE, registry=self.registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self.registry)
        show_build(gauge)
        reviews = counter("reviews_total", "Reviews answered.", Review._fields)
        self._reviews = Children(
            lambda *values: reviews.labels(*values[:-1], "true" if values[-1] else "false")
        )
        self._seconds = Children(
            Histogram(
                "review_duration_seconds",
                "Time from the head of a review's request to its answer.",
                ["hook"],
                namespace=NAMESPACE,
                registry=self.registry,
                buckets=BUCKETS,
            ).labels
        )
        # All labels below are ours, not the client's.
        self.findings = Children(
            counter("findings_total", "Findings of the rules.", ["rule", "severity"]).labels
        )
        self.internal_errors = counter("internal_errors_total", "Reviews that failed themselves.")
        found = counter(
            "memo_lookups_total", "New pods whose answer was looked for in the memo.", ["result"]
        )
        self.memo_hits, self.memo_misses = found.labels("hit"), found.labels("miss")
        self.memo_bytes = gauge("memo_bytes", "Bytes that the answers in the memo take.")
        self.rejected_requests = counter(
            "rejected_requests_total", "HTTP requests that were no reviews.", ["status"]
        )
        self.failed_handshakes = counter(
            "failed_handshakes_total", "TLS handshakes of clients that failed.", ["cause"]
        )
        self._reloads = counter(
            "file_reloads_total", "Changed files that were read again.", ["file", "result"]
        )
        self._refused = gauge(
            "file_refused",
            "1 while a file on disk is unusable and its previous content in force.",
            ["file"],
        )
        self.certificate_expiry = gauge(
            "certificate_expiry_timestamp_seconds",
            "When the certificate that clients are shown ends, in seconds since 1970.",
        )
        self._settings = gauge("settings_info", "The digest of the settings in force.", ["digest"])
        self.in_flight = gauge("in_flight_requests", "Requests that wait for their answer.")
        self.waiting_reviews = gauge("waiting_reviews", "Reviews that wait for their turn, unread.")
        self.open_connections = gauge("open_connections", "Connections, by port.", ["port"])
        self.closed_connections = counter(
            "closed_connections_total",
            "Connections that this side closed, by port and reason.",
            ["port", "reason"],
        )

    def reviewed(self, review: Review, seconds: float) -> None:
        """Count one answered review."""
        if review.operation not in OPERATIONS:
            review = review._replace(operation=OTHER)
        if review.kind not in KINDS:
            review = review._replace(kind=OTHER)
        self._reviews[review].inc()
        self._seconds[review.hook,].observe(seconds)

    def expect(self, review: Review) -> None:
        """Show the counter of such reviews from the start, at zero."""
        self._reviews[review].inc(0)

    def expect_failed_handshakes(self, causes: Iterable[str]) -> None:
        """Show the counters of these causes from the start, at zero."""
        for cause in causes:
            self.failed_handshakes.labels(cause)

    def reloaded(self, file: str, *, taken: bool) -> None:
        """Count a changed file, and say whether the one on disk is the one in force."""
        self._reloads.labels(file, "success" if taken else "failure").inc()
        self._refused.labels(file).set(0 if taken else 1)

    def watched(self, files: list[str]) -> None:
        """Show the counters of these files from the start, at zero."""
        for file in files:
            self._refused.labels(file).set(0)
            for result in ("success", "failure"):
                self._reloads.labels(file, result)

    def settings_are(self, digest: str) -> None:
        """Say which settings are in force: one digest at a time."""
        self._settings.clear()
        self._settings.labels(digest).set(1)

    def render(self) -> bytes:
        """All metrics in the text format; takes milliseconds, so not on the event loop's thread."""
        return generate_latest(self.registry)


RECONCILERS = (
    "server",
    "namespace",
    "pod",
    "state",
    "report",
    "settings",
    "status",
    "certificates",
    "console-certificate",
    "events",
    "probe",
)
RECONCILE_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class ControllerMetrics:
    """The metrics of one controller process, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace=NAMESPACE, registry=self.registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self.registry)
        self._of_leader: list[LeaderGauge] = []

        def known(name: str, text: str, labels: Iterable[str] = ()) -> LeaderGauge:
            made = LeaderGauge(name, text, labels, namespace=NAMESPACE, registry=self.registry)
            self._of_leader.append(made)
            return made

        show_build(gauge)
        self.leader = gauge("leader", "1 while this process leads, else 0.")
        self.queue_depth = known("queue_depth", "Keys that wait for a worker.", ["reconciler"])
        self.reconcile_seconds = Histogram(
            "reconcile_duration_seconds",
            "Time to look at a key and write what differs.",
            ["reconciler"],
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=RECONCILE_BUCKETS,
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
        self.longest_turn = gauge(
            "event_loop_longest_turn_seconds",
            "The longest that anything kept the event loop for itself, since the process began.",
        )
        self.servers = known("servers", "MCP servers, by state.", ["state"])
        self.exceptions = known("exceptions", "Exceptions that were granted, by state.", ["state"])
        self.settings = known(
            "settings_resources",
            "Settings resources of which everything is in force, or something is not.",
            ["kind", "state"],
        )
        self.enforcing = known("enforcing", "1 while pods are filled in and refused.", ["scope"])
        self.enforcing_info = known(
            "enforcing_info", "1 for the reason that the probe gave last.", ["scope", "reason"]
        )
        self.enforcing_at = known("enforcing_timestamp_seconds", "When that was last asked.")
        self.gated_pods = known("gated_pods", "Pods that wait at the isolation gate.")
        self.oldest_gated = known(
            "oldest_gated_pod_timestamp_seconds",
            "When the oldest pod at the gate was made, in seconds since 1970; 0 without one.",
        )
        self.rotation_steps = counter("rotation_steps_total", "Steps of rotations taken.", ["step"])
        self.certificate_faults = known(
            "certificate_faults",
            "What keeps API servers from calling the webhook, or will: each is in the log.",
        )
        self.certificate_expiry = known(
            "stored_certificate_expiry_timestamp_seconds",
            "When a stored certificate ends, in seconds since 1970.",
            ["certificate"],
        )
        for reconciler in RECONCILERS:
            self.reconcile_seconds.labels(reconciler)
            self.reconcile_errors.labels(reconciler)

    def leads(self, leads: bool) -> None:  # noqa: FBT001 - it is all that is told
        """Say whether this process leads; one that does not any more knows nothing."""
        self.leader.set(leads)
        if not leads:
            for each in self._of_leader:
                each.clear()

    def request_sent(self, verb: str, resource: str) -> None:
        """Count one request to the API server."""
        self.api_requests.labels(verb, resource).inc()

    def watch_restarted(self, resource: str, _reason: str) -> None:
        """Count one watch that was started again."""
        self.watch_restarts.labels(resource).inc()
