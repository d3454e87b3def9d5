"""What one replica of `serve` takes at a steady rate of reviews, and at rest: for docs/sizing.md.

CPU time and memory are measured, and no latency: they depend little on what else the machine does.
Half of the reviews are mutating ones of pods of a filled-in template, half validating ones of
admitted pods. Each pod comes for the first time, which costs most. They arrive at random.

python -m tools.bench.sizing [FILE.json]
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tools.bench.binaries import Peers, Say, built
from tools.bench.bodies import TEMPLATE, VALIDATE
from tools.bench.closed_loop import OURS
from tools.bench.contestants import Arena, Running, arena
from tools.bench.load import Load, send
from tools.bench.results import Figure, Part, Run, machine

RATES = (10, 50, 150)
ROUNDS, SECONDS, CONNECTIONS = 3, 20.0, 4
CASES = (TEMPLATE, VALIDATE)


class Taken(NamedTuple):
    """What the process took while it was asked so often: cores, and memory at the end."""

    cores: float
    mib: float


def measure(*, rounds: int = ROUNDS, seconds: float = SECONDS, say: Say = print) -> Part:
    """Figures of each rate. Raises `WrongAnswerError` when any answer is wrong."""
    found: dict[int, list[Taken]] = {rate: [] for rate in (0, *RATES)}
    # Nothing is measured beside the product.
    only = Peers(Path(), built("load", say), Path(), {})
    with TemporaryDirectory() as folder, arena(only, Path(folder)) as made:
        for number in range(1, rounds + 1):
            server = Running(made, made.contestants()[OURS])
            try:
                for rate, taken in found.items():
                    say(f"round {number} of {rounds}: {rate} reviews/s")
                    taken.append(_taken(made, server, rate, seconds))
            finally:
                server.stop()
    return Part([figure for rate, taken in found.items() for figure in figures(rate, taken)])


def _taken(made: Arena, server: Running, rate: int, seconds: float) -> Taken:
    before, began = server.cpu_seconds(), time.monotonic()
    if rate:
        for case in CASES:
            part = seconds / len(CASES)
            send(made, server, Load(case, connections=CONNECTIONS, rate=rate, seconds=part))
    else:
        time.sleep(seconds)
    cores = (server.cpu_seconds() - before) / (time.monotonic() - began)
    return Taken(cores, server.resident_mib())


def figures(rate: int, taken: list[Taken]) -> list[Figure]:
    """CPU and memory at a rate, as Kubernetes counts them."""
    called = f"{rate} reviews/s" if rate else "at rest"
    cores = tuple(each.cores * 1000 for each in taken)
    memory = tuple(each.mib for each in taken)
    how = "thousandths of a core, as in requests.cpu"
    return [
        Figure(f"sizing/cpu/{rate}", f"{called}: CPU", median(cores), "m", None, how, cores),
        Figure(
            f"sizing/memory/{rate}",
            f"{called}: memory",
            median(memory),
            "MiB",
            None,
            "resident memory of the process",
            memory,
        ),
    ]


def main(file: str) -> None:
    """Measure, and write the run."""
    began, on = time.monotonic(), machine()
    part = measure()
    run = Run.of([part], on=on, quick=False, seconds=time.monotonic() - began)
    Path(file).write_text(run.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "sizing.json")
