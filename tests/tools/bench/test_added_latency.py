"""What an admission adds is the difference of percentiles of rounds that took turns."""

import pytest

from tools.bench.added_latency import HALF, NEARLY_ALL, Samples, added, figures, percentile
from tools.bench.admissions import ADMISSIONS, BESIDE, FLOOR, IN_TREE, NONE, ONCE, OURS
from tools.bench.results import Figure

MILLISECONDS = {NONE: 2.0, BESIDE: 2.5, OURS: 5.0, FLOOR: 4.0, IN_TREE: 8.0, ONCE: 6.0}


def samples(containers: int = 1, at_once: int = 1, **changed: float) -> Samples:
    """Two blocks, the second on a machine that is twice as slow."""
    found = Samples(containers, at_once)
    for each in ADMISSIONS:
        seconds = {**MILLISECONDS, **changed}[each] / 1000
        found.seconds[each] = [[seconds] * 3, [2 * seconds] * 3]
        found.cpu[each] = 6 * seconds
    return found


def by_id(found: Samples) -> dict[str, Figure]:
    return {figure.id: figure for figure in figures(found)}


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [
        ([3.0], HALF, 3.0),
        ([1.0, 2.0], HALF, 1.0),
        ([3.0, 1.0, 2.0], HALF, 2.0),
        ([float(number) for number in range(1, 101)], NEARLY_ALL, 99.0),
        ([float(number) for number in range(1, 51)], NEARLY_ALL, 50.0),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], part: float, expected: float
) -> None:
    assert percentile(values, part) == expected


def test_what_is_added_is_the_difference_to_no_admission() -> None:
    assert added(samples().seconds, OURS, HALF) == pytest.approx(0.003)


def test_a_ratio_is_of_what_is_added_and_has_one_of_each_block() -> None:
    found = by_id(samples())

    assert found["through/1/1/added-p50-vs-floor"].value == pytest.approx(1.5)
    assert found["through/1/1/added-p50-vs-in-tree"].value == pytest.approx(0.5)
    assert found["through/1/1/added-p50-vs-in-tree"].rounds == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    ("containers", "peer", "goal"),
    [
        (1, FLOOR, "<= 1.2"),
        (1, IN_TREE, "<= 0.7"),
        (1, ONCE, "None"),
        (30, FLOOR, "None"),
        (30, IN_TREE, "<= 0.4"),
    ],
)
def test_goals_stand_beside_the_ratios(containers: int, peer: str, goal: str) -> None:
    figure = by_id(samples(containers))[f"through/{containers}/1/added-p50-vs-{peer}"]

    assert str(figure.goal) == goal


def test_a_ratio_to_what_does_not_stand_out_of_the_noise_is_in_doubt() -> None:
    found = by_id(samples(floor=1.0))

    assert found["through/1/1/floor/added-p50"].value < 0
    assert found["through/1/1/added-p50-vs-floor"].met is None
    assert "noise" in found["through/1/1/added-p50-vs-floor"].doubt


def test_a_ratio_is_in_doubt_where_one_round_is_noise() -> None:
    noisy = samples()
    noisy.seconds[FLOOR][0] = [0.001] * 3

    found = by_id(noisy)["through/1/1/added-p50-vs-floor"]

    assert (len(found.rounds), found.met) == (1, None)


def test_processor_time_is_counted_for_each_create() -> None:
    found = by_id(samples(at_once=16))

    assert found["through/1/16/in-tree/added-cpu"].value == pytest.approx(6.0)
    assert "through/1/1/in-tree/added-cpu" not in by_id(samples())


def test_every_admission_has_its_figures() -> None:
    found = by_id(samples(at_once=16))

    for admission in (BESIDE, OURS, FLOOR, IN_TREE, ONCE):
        for figure in ("added-p50", "added-p99", "added-cpu"):
            assert f"through/1/16/{admission}/{figure}" in found
    assert found["through/1/16/none/p50"].value == pytest.approx(2.0)
