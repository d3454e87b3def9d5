"""A probe, asked as often as it says, with a mind that changes after as many answers as it says.

While a container starts, it is asked by its startup probe alone; afterwards that one is not used.
"""

import http.client
import time
from collections.abc import Callable
from typing import Any

from tools.cluster.ports import LOOPBACK

Json = dict[str, Any]


class Probe:
    """An `httpGet` probe of a container that has just been started."""

    def __init__(self, spec: Json, port: int, *, passes: bool) -> None:
        self._spec, self._port = spec, port
        self._due = time.monotonic() + spec.get("initialDelaySeconds", 0)
        self._streak = 0
        self.passes = passes

    @property
    def patience(self) -> float:
        """Within how many seconds it has to pass at first."""
        return float(self._spec.get("periodSeconds", 10) * self._failures())

    def ask(self) -> bool:
        """Ask if it is time to; whether it passes, as far as is known."""
        now = time.monotonic()
        if now < self._due:
            return self.passes
        self._due = now + self._spec.get("periodSeconds", 10)
        answer = self._answer()
        self._streak = 0 if answer == self.passes else self._streak + 1
        needed = self._spec.get("successThreshold", 1) if answer else self._failures()
        if self._streak >= needed:
            self.passes, self._streak = answer, 0
        return self.passes

    def _failures(self) -> int:
        return int(self._spec.get("failureThreshold", 3))

    def _answer(self) -> bool:
        path, seconds = self._spec["httpGet"]["path"], self._spec.get("timeoutSeconds", 1)
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=seconds)
        try:
            connection.request("GET", path)
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Probes:
    """The probes of a container that has just been started; `local` finds a local port."""

    def __init__(self, container: Json, local: Callable[[int | str], int]) -> None:
        def probe(which: str, *, passes: bool) -> Probe | None:
            spec = container.get(which)
            return Probe(spec, local(spec["httpGet"]["port"]), passes=passes) if spec else None

        self._startup = probe("startupProbe", passes=False)
        self._readiness = probe("readinessProbe", passes=False)
        self._liveness = probe("livenessProbe", passes=True)
        patience = self._startup.patience if self._startup else 0.0
        self._started_by = time.monotonic() + patience

    @property
    def started(self) -> bool:
        """Whether the startup probe has passed, or there is none."""
        return self._startup is None or self._startup.passes

    @property
    def ready(self) -> bool:
        """Whether the readiness probe passes, or there is none."""
        return self.started and (self._readiness is None or self._readiness.passes)

    def ask(self) -> bool:
        """Ask what is due; whether the container may go on."""
        if self._startup and not self._startup.passes:
            return self._startup.ask() or time.monotonic() <= self._started_by
        if self._readiness:
            self._readiness.ask()
        return self._liveness is None or self._liveness.ask()
