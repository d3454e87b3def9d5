"""The serving process: how soon it answers, how fast, and what it holds after many reviews."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter

import trustme

from tests.server.certificates import HOST, Volume
from tests.server.process import Server, command, post
from tools.bench.pod_review import cases

STARTS = 5
REVIEWS = 10_000
CLIENTS = 4


def measure() -> list[str]:
    """The lines to print."""
    authority = trustme.CA()
    body = cases()[0].body
    with tempfile.TemporaryDirectory() as folder:
        volume = Volume(Path(folder) / "tls")
        volume.write_pair(authority.issue_cert(HOST))
        words = command(volume)
        starts = [_start(authority, words, body) for _ in range(STARTS)]
        with Server(authority, words) as server:
            before = server.memory()["VmRSS"] / 1024
            started = perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                list(clients.map(lambda _: _ask(server, body), range(CLIENTS)))
            seconds = perf_counter() - started
            after = server.memory()["VmRSS"] / 1024
            answered = server.sample('review_duration_seconds_count{hook="mutate"}')
    assert answered == REVIEWS
    return [
        f"process start to first answer: min {min(starts):.2f} s, median {median(starts):.2f} s",
        f"resident memory: {before:.0f} MiB at the start",
        f"resident memory: {after:.0f} MiB after {REVIEWS} reviews over TLS",
        f"{REVIEWS / seconds:.0f} reviews a second, asked by {CLIENTS} threads of one process",
    ]


def _start(authority: trustme.CA, words: list[str], body: bytes) -> float:
    started = perf_counter()
    with Server(authority, words) as server:
        assert server.review(body=body)["allowed"] is True
        return perf_counter() - started


def _ask(server: Server, body: bytes) -> None:
    with server.connected() as connection:
        for _ in range(REVIEWS // CLIENTS):
            answer = post(connection, body=body)
            answer.read()
            assert answer.status == 200
