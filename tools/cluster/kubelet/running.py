"""One container of our image: its process, restarted and probed as its pod says."""

import contextlib
import os
import signal
import time
from datetime import UTC, datetime
from typing import Any

from tools.cluster.kubelet.container import Surroundings, command, environment, local_ports
from tools.cluster.kubelet.probe import Probes
from tools.cluster.process import Component

Json = dict[str, Any]

# A kubelet begins with ten seconds and doubles them; who crashes here is seen by the count.
SECONDS_TO_RESTART = 2.0


class RunningContainer:
    """A container from its start on; `look` does what is due."""

    def __init__(self, container: Json, around: Surroundings, *, restarts: bool) -> None:
        self._container, self._around = container, around
        self._restarts = restarts
        self.ports = local_ports(container)
        self.name: str = container["name"]
        self.count = 0
        self.status: int | None = None
        self._process = self._component()
        self._again = 0.0
        self._start()

    @property
    def log(self) -> str:
        """What it has said."""
        return self._process.log.read_text(encoding="utf-8", errors="replace")

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process.pid is not None and self.status is None

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """Whether it runs, and its probe says it is ready."""
        return self.runs and self._probes.ready

    def look(self) -> None:
        """See whether it runs, ask its probes, start it again if it should run."""
        if self.runs and self._process.ended is not None:
            self.status = self._process.ended
            self._process.kill()
            self._again = time.monotonic() + SECONDS_TO_RESTART
        elif self.runs:
            if not self._probes.ask():
                self.ask_to_end()
        elif self._restarts and time.monotonic() > self._again:
            self.count += 1
            self._start()

    def ask_to_end(self) -> None:
        """SIGTERM."""
        if self.runs and self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def wait(self) -> bool:
        """Whether it has ended, by itself; it is not started again."""
        self._restarts = False
        self.look()
        return not self.runs

    def kill(self) -> None:
        """End it at once."""
        self._restarts = False
        self._process.kill()

    def described(self) -> Json:
        """Its `containerStatuses` entry."""
        if self.runs:
            state: Json = {"running": {"startedAt": self._started}}
        else:
            state = {"terminated": self._terminated()}
        image = self._container["image"]
        return {
            "name": self.name,
            "image": image,
            "imageID": image,
            "containerID": f"process://{self._process.log.stem}-{self.count}",
            "ready": self.ready,
            "started": self.runs and self._probes.started,
            "restartCount": self.count,
            "state": state,
        }

    def _terminated(self) -> Json:
        return {
            "exitCode": self.status or 0,
            "reason": "Error" if self.status else "Completed",
            "startedAt": self._started,
            "finishedAt": now(),
        }

    def _start(self) -> None:
        self.status = None
        self._probes = Probes(self._container, self._local)
        self._started = now()
        self._process.start()

    def _local(self, port: int | str) -> int:
        named = {each["name"]: each["containerPort"] for each in self._container["ports"]}
        return self.ports[named[port] if isinstance(port, str) else port]

    def _component(self) -> Component:
        around = self._around
        return around.cluster.components.apart(
            command(self._container, self.ports, around),
            around.folder / f"{self.name}.log",
            environment(self._container, around),
        )


def now() -> str:
    """The time as objects have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
