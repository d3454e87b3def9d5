"""The figures of a storm, computed from what became of each create and each gate."""

import pytest

from tools.bench.creator import Answer, Outcome
from tools.bench.results import Figure, Part, WrongAnswerError
from tools.bench.storm import calm_figures, figures, gate_seconds, measure

LATE = Answer(0.0, 5.0, 500, object={"message": "context deadline exceeded"})
REFUSED = Answer(0.0, 0.1, 403, object={"message": "no"})


def created(number: int, answered: float) -> Answer:
    return Answer(0.0, answered, 201, object={"metadata": {"uid": str(number)}})


def storm(*more: Answer, opened: dict[str, float] | None = None) -> Outcome:
    """Four pods, of which the gate of the last stays closed."""
    gates = {"0": 0.6, "1": 1.2, "2": 1.6} if opened is None else opened
    pods = [created(number, 0.5 * (number + 1)) for number in range(4)]
    return Outcome([*pods, *more], gates)


def by_id(outcome: Outcome) -> dict[str, Figure]:
    return {figure.id.removeprefix("storm/"): figure for figure in figures(outcome)}


def test_creates_are_counted_by_what_became_of_them() -> None:
    found = by_id(storm(LATE, REFUSED, REFUSED))

    assert (found["time-outs"].value, found["time-outs"].met) == (1, False)
    assert found["refused"].value == 2
    assert found["closed"].value == 1
    assert found["creates"].value == pytest.approx(4 / 2.0)


def test_gates_are_counted_between_the_first_and_the_last() -> None:
    assert by_id(storm())["gates"].value == pytest.approx(2 / 1.0)
    assert by_id(storm(opened={"0": 0.6}))["gates"].value == 0


def test_a_gate_is_waited_for_from_the_answer_to_the_create() -> None:
    assert gate_seconds(storm()) == pytest.approx([0.1, 0.2, 0.1])
    assert by_id(storm())["gate-p50"].value == pytest.approx(100)
    assert by_id(storm())["gate-p99"].value == pytest.approx(200)


def test_a_gate_that_was_seen_open_before_the_answer_took_no_time() -> None:
    assert gate_seconds(storm(opened={"0": 0.4})) == [0.0]


def test_a_storm_without_any_gate_is_void() -> None:
    with pytest.raises(WrongAnswerError, match="no gate"):
        by_id(storm(opened={}))


def test_the_calm_before_has_figures_without_a_goal() -> None:
    found = list(calm_figures(storm()))

    assert [figure.id for figure in found] == ["storm/calm/gate-p50", "storm/calm/gate-p99"]
    assert [figure.goal for figure in found] == [None, None]


def test_a_quick_run_has_no_storm() -> None:
    said: list[str] = []

    assert measure(quick=True, say=said.append) == Part()
    assert said == ["left out of a quick run: the storm"]
