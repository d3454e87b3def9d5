"""The commands that leave a control plane running, as make runs them."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started(module: str) -> Iterator[subprocess.Popen[str]]:
    """The command within the block."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def printed(process: subprocess.Popen[str]) -> list[str]:
    """The lines up to the one that says that it runs."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("running"):
            return lines
    raise AssertionError(f"it ended after: {lines}")
