"""What the loops measure: every goal is about something that is measured."""

from tools.bench import closed_loop, open_loop
from tools.bench.load import Found
from tools.bench.results import Run
from tools.bench.table import goals

ROUND = Found(
    1000, 1.0, 1000.0, 1.0, 0.1, {"p50": 1.0, "p99": 2.0, "p99.9": 3.0}, {"p50": 0.1, "p99": 0.2}
)


def test_every_goal_of_the_closed_loop_is_measured() -> None:
    turns = list(closed_loop.planned(quick=False))
    rounds = {turn.key: [ROUND, ROUND] for turn in turns}

    found = [ratio for turn in turns for ratio in closed_loop.ratios(turn, rounds)]

    with_goals = {each.id.removeprefix("direct/") for each in found if each.goal}
    assert with_goals == closed_loop.GOALS.keys()
    assert len({each.id for each in found}) == len(found)
    assert all(each.title for each in found)


def test_a_server_has_one_load_of_a_kind() -> None:
    for quick in (True, False):
        keys = [turn.key for turn in closed_loop.planned(quick=quick)]

        assert len(set(keys)) == len(keys)


def test_a_quick_run_measures_goals_too() -> None:
    turns = list(closed_loop.planned(quick=True))
    rounds = {turn.key: [ROUND, ROUND] for turn in turns}

    found = [ratio for turn in turns for ratio in closed_loop.ratios(turn, rounds) if ratio.goal]

    assert len(found) == 5


def test_saturation_is_of_the_number_of_connections_that_suits_a_server() -> None:
    turns = list(closed_loop.planned(quick=False))
    speeds = {1: 4000.0, 8: 1000.0, 32: 2000.0}
    rounds = {turn.key: [Found(1, 1.0, speeds[turn.load.connections], 1.0, 0.1)] for turn in turns}

    best = closed_loop.saturation(turns, rounds)

    assert best["validate/ours"] == 2000.0
    assert best["validate-30/ours"] == 1000.0


def test_each_server_gets_a_part_of_its_own_saturation() -> None:
    best = closed_loop.saturation(
        turns := list(closed_loop.planned(quick=False)), {turn.key: [ROUND] for turn in turns}
    )
    best["validate/floor"] = 4000.0

    rates = {turn.key: turn.load.rate for turn in open_loop.planned(best, quick=False)}

    assert rates["open/validate/50/floor"] == 2000.0
    assert rates["open/validate/50/ours"] == 500.0
    assert rates["open/bare/75/ours"] == 750.0


def test_one_goal_for_each_kind_of_review_in_the_open_loop() -> None:
    best = closed_loop.saturation(
        loads := list(closed_loop.planned(quick=True)), {turn.key: [ROUND] for turn in loads}
    )
    turns = list(open_loop.planned(best, quick=True))
    rounds = {turn.key: [ROUND] for turn in turns}

    found = tuple(open_loop.ratios(turns, rounds))

    assert [each.id for each in found if each.goal] == [
        f"open/{word}/50/p99-ours-vs-floor" for word in ("validate", "template", "bare")
    ]
    run = Run("now", quick=True, seconds=1.0, machine={}, versions={}, figures=found)
    assert all("| yes |" in line for line in goals(run)[2:])


def test_a_plot_shows_each_server_by_its_arrival_rate() -> None:
    turns = list(closed_loop.planned(quick=False))
    best = closed_loop.saturation(turns, {turn.key: [ROUND] for turn in turns})
    opened = list(open_loop.planned(best, quick=False))

    plots = list(open_loop.plots(opened, {turn.key: [ROUND] for turn in opened}))

    assert len(plots) == 6
    assert plots[0].lines[0].name == "ours"
    assert plots[0].lines[0].points == ((250.0, 1.0), (500.0, 1.0), (750.0, 1.0))
