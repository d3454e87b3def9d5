"""Reviews posted straight to the servers: closed loop, open loop, and what servers cost beside."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.bench import closed_loop, life, open_loop
from tools.bench.binaries import Say, peers
from tools.bench.contestants import Arena, Running, arena
from tools.bench.cores import generator_core, server_core
from tools.bench.results import Part


def measure(*, quick: bool, say: Say) -> Part:
    """All figures of it. Raises `WrongAnswerError` when any answer is wrong."""
    binaries = peers(say)
    if server_core() == generator_core():
        say("there is one core alone: servers share it with the load generator")
    with TemporaryDirectory() as folder, arena(binaries, Path(folder)) as made:
        with _running(made) as servers:
            closed, saturation = closed_loop.measure(made, servers, quick=quick, say=say)
            opened = open_loop.measure(made, servers, saturation, quick=quick, say=say)
            rest = life.measure(made, servers, quick=quick, say=say)
        figures = [*closed.figures, *opened.figures, *rest.figures]
        return Part(figures, opened.plots, binaries.versions)


@contextlib.contextmanager
def _running(made: Arena) -> Iterator[dict[str, Running]]:
    servers: dict[str, Running] = {}
    try:
        for word, contestant in made.contestants().items():
            servers[word] = Running(made, contestant)
        yield servers
    finally:
        for server in servers.values():
            server.stop()
