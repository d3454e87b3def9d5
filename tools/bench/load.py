"""Starts the load generator on the core that is not the server's, and reads what it found."""

import json
import subprocess
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tools.bench.bodies import Case
from tools.bench.contestants import Arena, Running
from tools.bench.cores import generator_core, on_core
from tools.bench.results import WrongAnswerError

# Reviews of one run that no other run repeats.
NUMBERS = count(1_000_000, 1_000_000)
WRONG = "wrong answer"
SECONDS_TO_FINISH = 300


@dataclass(frozen=True)
class Load:
    """What to send: `rate` arrivals a second, or as fast as answers come; `count` reviews, or for
    `seconds`."""

    case: Case
    fresh: bool = True
    connections: int = 8
    rate: float = 0.0
    seconds: float = 1.0
    count: int = 0
    reconnect: bool = False


@dataclass(frozen=True)
class Found:
    """What the generator measured; latencies in milliseconds, by `p50`, `p99` and so on."""

    reviews: int
    seconds: float
    per_second: float
    server_cpu_seconds: float
    generator_cpu_seconds: float
    latency_ms: dict[str, float] = field(default_factory=dict)
    late_ms: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_microseconds(self) -> float:
        """CPU time of the server for each review."""
        return self.server_cpu_seconds / self.reviews * 1e6

    @property
    def server_busy(self) -> float:
        """The part of the time in which the server's core ran it."""
        return self.server_cpu_seconds / self.seconds

    @property
    def generator_busy(self) -> float:
        """The part of the time in which the other core ran the generator."""
        return self.generator_cpu_seconds / self.seconds


def send(arena: Arena, server: Running, load: Load) -> Found:
    """Send it and check every answer. Raises `WrongAnswerError` when one is wrong."""
    with on_core(generator_core()):
        done = subprocess.run(
            _words(arena, server, load),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_TO_FINISH,
        )
    if done.returncode != 0:
        sentence = f"{server.contestant.title}, {load.case.title}: {done.stderr.strip()}"
        raise WrongAnswerError(sentence) if WRONG in done.stderr else RuntimeError(sentence)
    return Found(**json.loads(done.stdout))


def _words(arena: Arena, server: Running, load: Load) -> list[str | Path]:
    words: list[str | Path] = [arena.peers.load, "-address", f"127.0.0.1:{server.port}"]
    words += ["-ca", arena.authority, "-path", f"{load.case.path}?timeout=10s"]
    words += ["-bodies", _bodies(arena, server.contestant.word, load)]
    words += ["-connections", str(load.connections), "-rate", f"{load.rate:.3f}"]
    words += ["-for", f"{load.seconds}s", "-count", str(load.count), "-pid", str(server.pid)]
    words += ["-first", str(next(NUMBERS))]
    return [*words, "-reconnect"] if load.reconnect else words


def _bodies(arena: Arena, word: str, load: Load) -> Path:
    """The file of what is posted and what must come back: of ours every byte."""
    kind = "fresh" if load.fresh else "seen"
    file = arena.folder / f"{word}-{load.case.word}-{kind}.json"
    if not file.exists():
        ours = word == "ours"
        answer = load.case.answer(fresh=load.fresh) if ours else load.case.allowed()
        body: dict[str, Any] = {
            "body": load.case.body(fresh=load.fresh).as_json(),
            "answer": answer.as_json(),
            "within": not ours,
        }
        file.write_text(json.dumps([body]), encoding="utf-8")
    return file
