"""Charts are shapes: steps in time, round ticks, and nothing where nothing is known."""

import pytest

from webhook.console.health_view.chart_svg import (
    ChartStep,
    Series,
    draw_bars,
    draw_chart,
    plain_number,
)

NOW = 10_000.0


def drawn(*steps: ChartStep) -> list[str]:
    """The parts of the path."""
    chart = draw_chart("reviews", "Reviews", "a second", [Series("all", steps)], NOW)
    return chart.lines[0].path.replace("M", " M").replace("L", " L").split()


def test_steps_that_follow_each_other_are_one_line() -> None:
    path = draw_chart(
        "x", "x", "x", [Series("all", [ChartStep(6400, 8200, 4), ChartStep(8200, 10_000, 0)])], NOW
    ).lines[0]

    assert path.path == "M56.0 10.0H344.0L344.0 176.0H632.0"
    assert path.last == "0 x"


def test_a_gap_is_no_line() -> None:
    chart = draw_chart(
        "x",
        "x",
        "s",
        [
            Series(
                "a",
                [ChartStep(6400, 7000, 1), ChartStep(7000, 8000, None), ChartStep(8000, 9000, 1)],
            )
        ],
        NOW,
    )

    assert chart.lines[0].path.count("M") == 2
    assert "L" not in chart.lines[0].path


def test_what_began_before_the_hour_is_cut() -> None:
    chart = draw_chart(
        "x", "x", "s", [Series("a", [ChartStep(0, 100, 9), ChartStep(0, 10_000, 1)])], NOW
    )

    assert chart.lines[0].path.startswith("M56.0 ")
    assert chart.lines[0].path.endswith("H632.0")


def test_nothing_is_an_empty_chart() -> None:
    chart = draw_chart(
        "x", "x", "s", [Series("a", []), Series("b", [ChartStep(7000, 8000, None)])], NOW
    )

    assert chart.empty
    assert [each.last for each in chart.lines] == ["unknown", "unknown"]
    assert [each.label for each in chart.up] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [each.label for each in chart.across] == [
        "60 min ago",
        "45 min ago",
        "30 min ago",
        "15 min ago",
        "now",
    ]


def test_lines_differ_by_their_dashes() -> None:
    chart = draw_chart("x", "x", "s", [Series(each, []) for each in "abcd"], NOW)

    assert len({each.dashes for each in chart.lines}) == 4
    assert [each.number for each in chart.lines] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0.4, ["0", "0.1", "0.2", "0.3", "0.4"]),
        (7, ["0", "2", "4", "6", "8"]),
        (10, ["0", "2.5", "5", "7.5", "10"]),
        (1234, ["0", "500", "1000", "1500", "2000"]),
        (0.0031, ["0", "0.001", "0.002", "0.003", "0.004"]),
    ],
)
def test_ticks_are_round(most: float, labels: list[str]) -> None:
    chart = draw_chart("x", "x", "s", [Series("a", [ChartStep(7000, 8000, most)])], NOW)

    assert [each.label for each in chart.up] == labels


def test_bars_are_the_largest_and_the_rest() -> None:
    bars = draw_bars([("a", 8), ("b", 4), ("c", 2), ("d", 1)], 2)

    assert bars == (("a", "8", 100.0), ("b", "4", 50.0), ("2 others", "3", 37.5))
    assert draw_bars([], 2) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (12.0, "12"), (1234.5, "1234"), (0.00037, "0.00037")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert plain_number(value) == text
