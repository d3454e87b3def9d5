"""What is measured for docs/sizing.md: each rate once a round, as Kubernetes counts it."""

from tools.bench.page import KEPT_SIZING
from tools.bench.results import Run
from tools.bench.sizing import RATES, Taken, figures


def test_cpu_and_memory_of_a_rate_are_those_of_the_middle_round() -> None:
    cpu, memory = figures(50, [Taken(0.05, 60.0), Taken(0.07, 62.0), Taken(0.06, 61.0)])

    assert (cpu.id, cpu.title) == ("sizing/cpu/50", "50 reviews/s: CPU")
    assert (round(cpu.value, 6), cpu.unit) == (60, "m")
    assert (memory.value, memory.unit, memory.spread) == (61.0, "MiB", (60.0, 62.0))


def test_no_rate_is_rest() -> None:
    assert {each.title for each in figures(0, [Taken(0.0, 58.0)])} == {
        "at rest: CPU",
        "at rest: memory",
    }


def test_the_kept_run_has_every_rate() -> None:
    kept = Run.from_json(KEPT_SIZING.read_text(encoding="utf-8"))

    wanted = {f"sizing/{what}/{rate}" for what in ("cpu", "memory") for rate in (0, *RATES)}
    assert {each.id for each in kept.figures} == wanted
