"""Ends the components and removes their folder when the process that started them is gone.

A killed test run cannot clean up after itself. This runs as a process of its own and reads process
ids from a pipe; the kernel closes the pipe whatever the starter died of. (Linux's "parent death
signal" is not used: it fires when the starting *thread* ends, and macOS has none.)

    python watchdog.py FOLDER    lines on stdin: "+PID" to guard, "-PID" to let go
"""

import os
import shutil
import signal
import sys
import time

# A process that still writes would put files into the folder while it is removed.
SECONDS_TO_END = 5


def main(folder: str) -> None:
    """Guard until the pipe closes, then kill what is left and remove the folder."""
    guarded: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line.startswith("+"):
            guarded.add(pid)
        else:
            guarded.discard(pid)
    for pid in guarded:
        _signal(pid, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS_TO_END
    while any(_signal(pid, 0) for pid in guarded) and time.monotonic() < deadline:
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _signal(pid: int, number: int) -> bool:
    """Signal a process group; whether it is there."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
