"""The charts of the health page, from what replicas counted: rates, time and refusals."""

from collections.abc import Callable, Sequence

from webhook.console.health_view.chart_svg import (
    Bar,
    Chart,
    ChartStep,
    Series,
    draw_bars,
    draw_chart,
)
from webhook.console.health_view.metric_history import Interval, MetricHistory

MOST_RULES = 10
MILLISECONDS = 1000.0
REFUSED, WOULD_REFUSE, FAILED = "refused", "would-refuse", "error"

Value = Callable[[Interval], float | None]


def rate_chart(intervals: Sequence[Interval], now: float) -> Chart:
    """Reviews a second: all, and those that were refused, would be, or failed if there are any."""
    series = [_series("all", intervals, lambda each: each.per_second())]
    series += [
        _series(decision, intervals, _rate_of(decision))
        for decision in (REFUSED, WOULD_REFUSE, FAILED)
        if decision == REFUSED or any(each.reviews.get(decision) for each in intervals)
    ]
    return draw_chart("rate", "Reviews a second", "a second", series, now)


def time_chart(intervals: Sequence[Interval], now: float) -> Chart:
    """The time within which a half and 99 of 100 reviews were answered."""
    series = [
        _series("half of them", intervals, _quantile(0.5)),
        _series("99 of 100", intervals, _quantile(0.99)),
    ]
    return draw_chart("time", "Time of a review", "ms", series, now)


def refusal_bars(history: MetricHistory) -> tuple[Bar, ...]:
    """How often each rule refused in the last hour."""
    return draw_bars(history.refusals(), MOST_RULES)


def _rate_of(decision: str) -> Value:
    return lambda each: each.per_second(decision)


def _quantile(part: float) -> Value:
    def value(interval: Interval) -> float | None:
        seconds = interval.quantile(part)
        return None if seconds is None else seconds * MILLISECONDS

    return value


def _series(label: str, intervals: Sequence[Interval], value: Value) -> Series:
    return Series(label, [ChartStep(each.began, each.ended, value(each)) for each in intervals])
