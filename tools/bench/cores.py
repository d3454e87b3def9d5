"""Which core runs what: the server has one to itself, the load generator and the bench another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def server_core() -> int:
    """The first of the cores that we may use."""
    return min(os.sched_getaffinity(0))


def generator_core() -> int:
    """The last of them; with a single core, the same."""
    return max(os.sched_getaffinity(0))


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started within the block runs on this core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
