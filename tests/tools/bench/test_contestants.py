"""A server counts as started when it has allowed a pod; those in Python run here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.bench.binaries import Peers
from tools.bench.contestants import Arena, Contestant, Running, arena
from tools.bench.cores import generator_core, on_core, server_core

NONE = Peers(Path("/nowhere"), Path("/nowhere"), Path("/nowhere"), {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with arena(NONE, tmp_path_factory.mktemp("arena")) as found:
        yield found


@pytest.mark.parametrize("word", ["ours", "python-floor"])
def test_a_server_runs_on_its_core_until_it_is_stopped(made: Arena, word: str) -> None:
    server = Running(made, made.contestants()[word])
    try:
        assert server.seconds > 0
        assert server.resident_mib() > 5
        assert server.cpu_seconds() > 0
        assert os.sched_getaffinity(server.pid) == {server_core()}
    finally:
        server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_a_server_that_ends_says_why(made: Arena) -> None:
    ending = Contestant("ends", "A server", lambda _: ["sh", "-c", "echo no port; exit 3"])

    with pytest.raises(RuntimeError, match="A server does not allow a pod: no answer; no port"):
        Running(made, ending)


def test_what_is_started_within_the_block_runs_on_one_core() -> None:
    before = os.sched_getaffinity(0)

    with on_core(generator_core()):
        assert os.sched_getaffinity(0) == {generator_core()}

    assert os.sched_getaffinity(0) == before
