"""What an operator can graph and alert on about the controller."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
)

from webhook.observe.metrics import NAMESPACE


class CertificateMetrics:
    """The metrics of one controller process, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace=NAMESPACE, registry=self.registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self.registry)
        self._steps = counter("rotation_steps_total", "Steps of rotations taken.", ["step"])
        self._failures = counter("rotation_failures_total", "Looks or steps that failed.")
        self._faults = gauge(
            "certificate_faults",
            "What keeps API servers from calling the webhook, or will: each is in the log.",
        )
        self._expiry = gauge(
            "stored_certificate_expiry_timestamp_seconds",
            "When a stored certificate ends, in seconds since 1970.",
            ["certificate"],
        )

    def steps(self, names: Iterable[str]) -> None:
        """Show the counters of these steps from the start, at zero."""
        for name in names:
            self._steps.labels(name)

    def took(self, step: str) -> None:
        """Count one step that has been taken."""
        self._steps.labels(step).inc()

    def failed(self) -> None:
        """Count one look or step that ended with an error."""
        self._failures.inc()

    def found(self, faults: int) -> None:
        """Tell how many faults there are now."""
        self._faults.set(faults)

    def stored(self, ends: Mapping[str, datetime]) -> None:
        """Tell when what is stored ends."""
        for certificate, end in ends.items():
            self._expiry.labels(certificate).set(end.timestamp())
