"""A probe, asked as often as it says, with a mind that changes after as many answers as it says."""

import http.client
import time
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
