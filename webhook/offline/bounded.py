"""A program that is run with bounded time and output, and without a shell."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

_PART = 1 << 16


class Ended(NamedTuple):
    """How a program ended: what it wrote, and its exit code, None where it was stopped."""

    out: bytes
    err: bytes
    code: int | None
    late: bool


def run(
    command: Sequence[str], environment: Mapping[str, str], *, seconds: float, most: int
) -> Ended:
    """Run a program; it is stopped after so many seconds, or when it writes more bytes than that.

    Raises OSError where it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603 - no shell; callers name the program by its path
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = bytearray(), bytearray()
        until = time.monotonic() + seconds
        streams = {process.stdout.fileno(): out, process.stderr.fileno(): err}
        late = not _read(streams, until, most)
        stopped = late or len(out) > most or len(err) > most
        if stopped:
            # What it has started itself must not outlive it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return Ended(bytes(out), bytes(err), None if stopped else code, late)


def _read(streams: Mapping[int, bytearray], until: float, most: int) -> bool:
    """Read until all end or one is too long; false where the time is over before."""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                part = os.read(key.fd, _PART)
                streams[key.fd].extend(part)
                if not part:
                    selector.unregister(key.fd)
                if len(streams[key.fd]) > most:
                    return True
    return True
