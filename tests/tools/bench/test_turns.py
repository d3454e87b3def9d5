"""What several rounds are summed up to, and when a ratio is in doubt."""

import pytest

from tools.bench.bodies import VALIDATE
from tools.bench.load import Found, Load
from tools.bench.results import Goal
from tools.bench.turns import Turn, figures, latency_ratio, speed_ratio

OURS, FLOOR = ("ours", "ours"), ("floor", "the Go floor")
GOAL = Goal("at least", 1.0)


def _found(
    per_second: float, *, busy: float = 1.0, p99: float = 1.0, late: float | None = None
) -> Found:
    """A second with so many reviews, of which the server's core was busy for a part."""
    late_ms = {} if late is None else {"p50": late, "p99": late}
    return Found(int(per_second), 1.0, per_second, busy, 0.1, {"p50": p99, "p99": p99}, late_ms)


def _rounds(ours: list[Found], floor: list[Found]) -> dict[str, list[Found]]:
    return {"direct/validate/8/ours": ours, "direct/validate/8/floor": floor}


def test_a_ratio_is_that_of_the_medians() -> None:
    rounds = _rounds([_found(each) for each in (900, 1000, 2000)], [_found(500)] * 3)

    ratio = speed_ratio(rounds, "direct/validate/8", OURS, FLOOR, GOAL)

    assert ratio.id == "direct/validate/8/ours-vs-floor"
    assert ratio.value == pytest.approx(2.0)
    assert ratio.rounds == pytest.approx((1.8, 2.0, 4.0))
    assert ratio.how == "reviews/s of ours, divided by those of the Go floor"
    assert ratio.met


def test_where_a_core_was_shared_cpu_time_is_compared() -> None:
    rounds = _rounds([_found(100, busy=0.2)] * 3, [_found(800, busy=0.8)] * 3)

    ratio = speed_ratio(rounds, "direct/validate/8", OURS, FLOOR, GOAL)

    assert ratio.value == pytest.approx(0.5)  # 1 ms for 2 ms
    assert ratio.how.endswith("a core was shared")


@pytest.mark.parametrize(
    ("busy", "late", "doubt"),
    [
        (1.0, None, ""),
        (0.5, None, "but a core was shared"),
        (0.5, 0.1, ""),
        (0.5, 2.0, "but reviews were sent late, because the machine was busy"),
    ],
    ids=["closed, busy", "closed, shared", "open", "open, late"],
)
def test_latencies_are_in_doubt_on_a_busy_machine(
    busy: float, late: float | None, doubt: str
) -> None:
    rounds = _rounds(
        [_found(100, busy=busy, p99=3.0, late=late)] * 2,
        [_found(100, busy=busy, p99=2.0, late=late)] * 2,
    )

    ratio = latency_ratio(rounds, "direct/validate/8", OURS, FLOOR, percentile="p99", goal=None)

    assert ratio.value == pytest.approx(1.5)
    assert ratio.doubt == doubt


def test_figures_of_a_server_are_medians_of_its_rounds() -> None:
    turn = Turn("direct/validate/8", "validate, 8 connections", "ours", Load(VALIDATE, fresh=False))
    rounds = [_found(each, p99=each / 100) for each in (100, 300, 200)]

    found = {each.id: each for each in figures(turn, rounds, ["p99"])}

    assert found["direct/validate/8/ours-seen/per-second"].value == 200
    assert found["direct/validate/8/ours-seen/cpu"].value == pytest.approx(5000)
    assert found["direct/validate/8/ours-seen/p99"].rounds == (1.0, 3.0, 2.0)
    assert "direct/validate/8/ours-seen/late-p99" not in found
