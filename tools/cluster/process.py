"""One component as a local process: started, asked whether it is ready, killed, its log quoted."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LINES_QUOTED = 20
SECONDS_BETWEEN_QUESTIONS = 0.05


class ComponentError(Exception):
    """A component did not become ready, or died; the message ends with its last log lines."""


def finished_lines(log: Path) -> list[str]:
    """The lines of a file that somebody still writes, without one that is not whole yet."""
    return log.read_bytes().rpartition(b"\n")[0].decode().splitlines()


class Watchdog:
    """The other end of `watchdog.py`."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", Path(__file__).with_name("watchdog.py"), folder],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def guard(self, pid: int) -> None:
        """Kill this process group when we are gone."""
        self._say(f"+{pid}")

    def let_go(self, pid: int) -> None:
        """It has ended: its number may soon be another's."""
        self._say(f"-{pid}")

    def close(self) -> None:
        """Let it finish: what is still guarded ends, and the folder goes."""
        self._process.communicate()

    def _say(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the watchdog has no standard input")
        pipe.write(f"{line}\n")
        pipe.flush()


class Component:
    """A process that runs until it is killed, and can be started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        watchdog: Watchdog,
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self._environment = environment
        self._watchdog = watchdog
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, while it is meant to run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, in a session of its own: Ctrl-C is for us, not for it."""
        if self._process is not None:
            raise RuntimeError(f"{self.name} was started twice")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self._watchdog.guard(self._process.pid)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when `ready()` is true; raises `ComponentError` when it ends or time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ComponentError(self._report(f"was not ready after {seconds:.0f} s"))
            time.sleep(SECONDS_BETWEEN_QUESTIONS)

    def check(self) -> None:
        """Raises `ComponentError` when the process has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise ComponentError(self._report(f"ended with status {self._process.returncode}"))

    @property
    def ended(self) -> int | None:
        """The exit status, once it has ended by itself or because it was asked to."""
        return self._process.poll() if self._process else None

    def lines(self) -> list[str]:
        """What it has written so far, oldest first."""
        return finished_lines(self.log)

    def kill(self) -> None:
        """End it at once: its state is thrown away, or survives in etcd. May be called twice."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._watchdog.let_go(self._process.pid)
        self._process = None

    def terminate(self, seconds: float = 30) -> int:
        """Ask it to end, as a kubelet does, and return its exit status."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        self._process.terminate()
        status = self._process.wait(seconds)
        self._watchdog.let_go(self._process.pid)
        self._process = None
        return status

    def _report(self, what: str) -> str:
        with self.log.open(encoding="utf-8", errors="replace") as log:
            lines = deque(log, maxlen=LINES_QUOTED)
        return f"{self.name} {what}; its log ends with:\n" + "".join(f"  {line}" for line in lines)
