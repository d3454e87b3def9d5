"""The bounds of a fleet: each is printed, and one that does not hold is a failure."""

import re
from pathlib import Path

from tools.bench import fleet_run
from tools.bench.fleet_run import bounded, exit_code, verdicts

ROOT = Path(__file__).parents[3]
HOLDS, BROKEN = bounded("writes of a restart", 0.0, 0.0), bounded("peak", 300.0, 256.0, "MiB")


def test_each_bound_is_printed_with_what_was_found() -> None:
    assert verdicts([HOLDS, BROKEN]) == [
        "| bounds              | found       | most   | holds  |",
        "|---------------------|-------------|--------|--------|",
        "| writes of a restart | 0.000       | <= 0   | yes    |",
        "| peak                | 300.000 MiB | <= 256 | **no** |",
    ]


def test_a_bound_that_does_not_hold_is_a_failure() -> None:
    assert exit_code([HOLDS]) == 0
    assert exit_code([HOLDS, BROKEN]) == 1


def test_the_bound_of_memory_is_the_limit_of_the_chart() -> None:
    values = (ROOT / "manifests" / "chart" / "values.yaml").read_text(encoding="utf-8")
    (_, _, control) = values.partition("\ncontrol:\n")
    (limit, *_) = re.findall(r"limits:\n\s+memory: (\d+)Mi", control)

    assert float(limit) == fleet_run.MOST_MIB
