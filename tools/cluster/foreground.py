"""A control plane for people: left running, with its kubeconfig printed, stopped by Ctrl-C.

`register` is the seam for the product: a context manager that is entered when the control plane
is ready, gives the lines to print, and is left before the control plane stops.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from types import FrameType

from tools.cluster.binaries import find
from tools.cluster.control_plane import ControlPlane
from tools.cluster.process import ComponentError
from tools.cluster.release import NoControlPlaneError

Register = Callable[[ControlPlane], AbstractContextManager[Sequence[str]]]

STOPPING = (signal.SIGINT, signal.SIGTERM)
SECONDS_BETWEEN_CHECKS = 1


@contextlib.contextmanager
def nothing(_cluster: ControlPlane) -> Iterator[Sequence[str]]:
    """Register nothing: a plain cluster."""
    yield []


def run(register: Register = nothing, *, kwok: bool = True) -> None:
    """Run until Ctrl-C or SIGTERM; raises `ComponentError` when a component dies before that.

    Without kwok, whatever registers brings a node.
    """
    # Shells let what they start in the background ignore SIGINT.
    before = {number: signal.signal(number, _interrupt) for number in STOPPING}
    try:
        binaries = find(_say)
        with ControlPlane(binaries, kwok=kwok) as cluster, register(cluster) as lines:
            _say(", ".join(f"{name} {version}" for name, version in cluster.versions.items()))
            _say(f"KUBECTL={binaries['kubectl']}")
            _say(f"KUBECONFIG={cluster.kubeconfig}")
            for line in lines:
                _say(line)
            _say("running; Ctrl-C stops it")
            _wait(cluster)
    except KeyboardInterrupt:
        _say("stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(register: Register = nothing, *, kwok: bool = True) -> int:
    """Run until Ctrl-C; a control plane that cannot be had is one sentence on stderr, and 1."""
    try:
        run(register, kwok=kwok)
    except (NoControlPlaneError, ComponentError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _wait(cluster: ControlPlane) -> None:
    never = threading.Event()
    while not never.wait(SECONDS_BETWEEN_CHECKS):
        cluster.components.check()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)
