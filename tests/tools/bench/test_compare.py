"""Two runs beside each other: a difference within the rounds is noise."""

from dataclasses import replace

import pytest

from tools.bench.compare import compared, verdict
from tools.bench.results import Figure, Run


def _figure(value: float, *rounds: float) -> Figure:
    return Figure("a/b", "title", value, rounds=rounds)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (_figure(1.0, 0.9, 1.1), _figure(1.05, 1.0, 1.2), "noise"),
        (_figure(1.0, 0.99, 1.01), _figure(1.1, 0.95, 1.2), "noise"),
        (_figure(1.0, 0.9, 1.1), _figure(1.5, 1.2, 1.6), "differs"),
        (_figure(1.0, 0.9, 1.2), _figure(1.3, 1.1, 1.4), "differs"),
        (_figure(1.0), _figure(1.5), "measured once"),
        (_figure(1.0), _figure(1.0), "same"),
        (_figure(1.0), _figure(1.5, 1.4, 1.6), "differs"),
    ],
)
def test_a_value_among_the_rounds_of_the_other_run_is_noise(
    old: Figure, new: Figure, said: str
) -> None:
    assert verdict(old, new) == said


def test_a_run_beside_itself_differs_in_nothing(run: Run) -> None:
    lines = compared(run, run)

    assert len(lines) == 2 + len(run.figures)
    assert all("same" in line for line in lines[2:])


def test_another_machine_and_missing_figures_are_told(run: Run) -> None:
    other = replace(run, machine={"cores": "8"}, figures=run.figures[1:])

    lines = compared(run, other)

    assert lines[0] == "the runs differ in cores: 2 and 8"
    assert lines[-1] == "1 figures are in one run alone"
