"""The charts of an hour: which lines there are, and what is said of the last moment."""

from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from webhook.console.health_view.health_charts import rate_chart, refusal_bars, time_chart
from webhook.console.health_view.metric_history import Interval

NOW = 10_000.0
WITHIN = {0.001: 50.0, 0.01: 99.0, inf: 100.0}


def interval(began: float = 9985, **reviews: float) -> Interval:
    return Interval(began, began + 15, reviews, WITHIN, {})


@pytest.mark.parametrize(
    ("reviews", "labels"),
    [
        ({"allowed": 30}, ["all: 2 a second", "refused: 0 a second"]),
        ({"allowed": 15, "refused": 15}, ["all: 2 a second", "refused: 1 a second"]),
        (
            {"would-refuse": 15, "error": 3},
            [
                "all: 1.2 a second",
                "refused: 0 a second",
                "would-refuse: 1 a second",
                "error: 0.2 a second",
            ],
        ),
    ],
)
def test_rates_are_those_of_what_there_is(reviews: dict[str, float], labels: list[str]) -> None:
    chart = rate_chart([interval(**reviews)], NOW)

    assert [f"{line.label}: {line.last}" for line in chart.lines] == labels
    assert not chart.empty


def test_times_are_in_milliseconds() -> None:
    chart = time_chart([interval(allowed=100)], NOW)

    assert [f"{line.label}: {line.last}" for line in chart.lines] == [
        "half of them: 1 ms",
        "99 of 100: 10 ms",
    ]


def test_without_a_review_no_time_is_known() -> None:
    chart = time_chart([Interval(9985, 10_000, {}, {}, {})], NOW)

    assert chart.empty
    assert chart.lines[0].last == "unknown"
    assert rate_chart([], NOW).empty


def test_the_rules_that_refuse_most_are_bars() -> None:
    history: Any = SimpleNamespace(refusals=lambda: [("privileged", 4.0), ("identity", 1.0)])

    assert refusal_bars(history) == (("privileged", "4", 100.0), ("identity", "1", 25.0))
