"""A run's figures keep their goals and spreads through bench.json."""

import platform
from dataclasses import replace

import pytest

from tools.bench.results import Figure, Goal, Line, Part, Plot, Run, machine

FAST = Figure(
    "direct/validate/8/vs-floor",
    "validate an admitted pod",
    1.25,
    "x",
    Goal("at least", 1.0),
    "reviews/s of ours, divided by those of the Go floor",
    (1.2, 1.3),
)
SLOW = Figure("start/seconds", "start to first answer", 0.7, "s", Goal("at most", 0.5))
BARE = Figure("memory/idle", "memory, idle", 48.0, "MiB")
ON = {"cores": "2"}
PLOT = Plot("open/latency", "latency", "load", "ms", (Line("ours", ((0.25, 1.0), (0.5, 2.0))),))


def run() -> Run:
    part = Part([FAST, SLOW], [PLOT], {"Go": "1.26"})
    return Run.of([part, Part([BARE])], on=ON, quick=True, seconds=1.234)


def test_the_machine_is_described_without_its_name() -> None:
    described = machine()

    assert described.keys() == {"processor", "cores", "memory", "system", "load"}
    assert platform.node() not in " ".join(described.values()).split()


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal("at least", 1.0), 1.0, True),
        (Goal("at least", 1.0), 0.99, False),
        (Goal("at most", 0.5), 0.5, True),
        (Goal("at most", 0.5), 0.51, False),
    ],
)
def test_a_goal_is_met_at_its_bound(goal: Goal, value: float, *, met: bool) -> None:
    assert Figure("a/b", "title", value, goal=goal).met is met


def test_a_figure_without_a_goal_is_neither_met_nor_not() -> None:
    assert BARE.met is None


def test_a_figure_in_doubt_is_neither_met_nor_missed() -> None:
    assert replace(FAST, doubt="but a core was shared").met is None


def test_a_spread_needs_two_rounds() -> None:
    assert FAST.spread == (1.2, 1.3)
    assert SLOW.spread == (0.7, 0.7)


def test_parts_are_joined_in_their_order() -> None:
    joined = run()

    assert [each.id for each in joined.figures] == [FAST.id, SLOW.id, BARE.id]
    assert joined.versions["Go"] == "1.26"
    assert joined.figure("memory/idle") == BARE
    assert joined.figure("memory/none") is None


def test_two_figures_with_one_id_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two figures have one id: memory/idle"):
        Run.of([Part([BARE]), Part([BARE])], on=ON, quick=True, seconds=0)


def test_a_run_survives_its_file() -> None:
    before = run()

    assert Run.from_json(before.to_json()) == before


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        Run.from_json("{}")
