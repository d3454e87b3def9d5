"""Traces: whether this process records any. A review or a reconcile becomes a span where it does.

Like the log, they belong to the process, and are used from wherever something is to be said. They
are off unless the environment names a collector. While they are off, nothing of OpenTelemetry is
imported, and a review asks one attribute.
"""

import importlib
import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

from prometheus_client import CollectorRegistry

TRACEPARENT = "traceparent"
ENDPOINTS = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOLS = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
EXPORTER, DISABLED = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"
PROTOCOL = "http/protobuf"

LOG = logging.getLogger(__name__)

Attributes = Mapping[str, Any]


class Spans(Protocol):
    """What records spans, and sends them; its methods are those of `Traces`."""

    def review(self, parent: str, attributes: Attributes, seconds: float, *, failed: bool) -> str:
        """Record a review."""

    def reconcile(self, name: str, attributes: Attributes) -> AbstractContextManager[None]:
        """Record a reconcile."""

    def call(self, name: str, attributes: Attributes) -> AbstractContextManager[str]:
        """Record a call."""

    def close(self, seconds: float) -> None:
        """Send what is recorded."""


class Traces:
    """The traces of one process; `on` says whether there are any."""

    def __init__(self) -> None:
        self.on = False
        self._spans: Spans | None = None

    def start(
        self,
        service: str,
        registry: CollectorRegistry,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Record from now on, as this service, where the environment names a collector.

        The log says so, and says why not where it names one that cannot be used: no trace is worth
        a process that does not start.
        """
        named = _first(environment, ENDPOINTS)
        disabled = environment.get(DISABLED, "").strip().lower() == "true"
        if not named or disabled or environment.get(EXPORTER, "").strip() == "none":
            return
        try:
            where = _checked(named, environment)
            otlp = importlib.import_module("webhook.observe.otlp")
            self._spans = otlp.OtlpSpans(service, registry)
        except ImportError as error:
            reason = f"{error.name or error} is not installed: install mcp-admission[traces]"
            LOG.warning("traces off", extra={"fields": {"reason": reason}})
        except (ValueError, OSError, RuntimeError) as error:
            LOG.warning("traces off", extra={"fields": {"reason": str(error)}})
        else:
            self.on = True
            fields = {"service": service, "collector": f"{where.scheme}://{where.hostname}"}
            LOG.info("traces on", extra={"fields": fields})

    def stop(self, seconds: float) -> None:
        """Record nothing more; what was recorded is sent within so many seconds, or lost."""
        spans, self._spans, self.on = self._spans, None, False
        if spans is not None:
            spans.close(seconds)

    def review(
        self, parent: str, attributes: Attributes, seconds: float, *, failed: bool = False
    ) -> str:
        """Record a review that took so long until now; returns its trace id.

        `parent` is the `traceparent` of its request. Anything else than the W3C's format begins a
        trace of its own. Empty where traces are off, or the sampler left it out.
        """
        if self._spans is None:
            return ""
        return self._spans.review(parent, attributes, seconds, failed=failed)

    def reconcile(self, name: str, attributes: Attributes) -> AbstractContextManager[None]:
        """Record what happens within: one look at one thing."""
        if self._spans is None:
            return nullcontext()
        return self._spans.reconcile(name, attributes)

    def call(self, name: str, attributes: Attributes) -> AbstractContextManager[str]:
        """Record a call within a reconcile; gives the `traceparent` to send with it, or nothing."""
        if self._spans is None:
            return nullcontext("")
        return self._spans.call(name, attributes)


TRACES = Traces()


def _first(environment: Mapping[str, str], variables: tuple[str, ...]) -> str:
    """The value of the first of these variables that says something."""
    return next((found for each in variables if (found := environment.get(each, "").strip())), "")


def _checked(endpoint: str, environment: Mapping[str, str]) -> SplitResult:
    """The address of the collector; raises ValueError for what could never be sent."""
    found = urlsplit(endpoint)
    if found.scheme not in {"http", "https"} or not found.hostname:
        raise ValueError(
            f"{' or '.join(ENDPOINTS)} is no URL: write one such as http://collector:4318"
        )
    protocol = _first(environment, PROTOCOLS)
    if protocol not in {"", PROTOCOL}:
        raise ValueError(f"{PROTOCOLS[1]} is {protocol}: traces are sent by {PROTOCOL} alone")
    exporter = environment.get(EXPORTER, "").strip()
    if exporter not in {"", "otlp"}:
        raise ValueError(f"{EXPORTER} is {exporter}: traces are sent by otlp alone")
    return found
