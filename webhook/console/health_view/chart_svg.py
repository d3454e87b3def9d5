"""Charts as shapes: numbers over an hour become paths, ticks and labels that a template draws.

Nothing here is text of others but the names of series, which the template escapes. A number holds
from the beginning of its while to the end, so lines are steps, and there is none where nothing is
known.
"""

from collections.abc import Iterator, Sequence
from math import floor, log10
from typing import NamedTuple

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 24
"""The size of a chart, and the space for labels at its sides."""
TICKS_X, TICKS_Y, SECONDS = 4, 4, 3600.0
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Series differ by the dashes of their lines, too, not by colour alone."""


class ChartStep(NamedTuple):
    """A number that holds for a while, in seconds since 1970; None where it is not known."""

    began: float
    ended: float
    value: float | None


class Series(NamedTuple):
    """A line of a chart."""

    label: str
    steps: Sequence[ChartStep]

    @property
    def last(self) -> float | None:
        """The latest number."""
        return self.steps[-1].value if self.steps else None


class Tick(NamedTuple):
    """A line of the grid: where it is, and what is written beside it."""

    at: float
    label: str


class ChartLine(NamedTuple):
    """A series as it is drawn: `path` is the attribute `d` of an SVG path."""

    label: str
    number: int
    dashes: str
    path: str
    last: str


class Chart(NamedTuple):
    """All that a template needs to draw one."""

    name: str
    title: str
    unit: str
    lines: tuple[ChartLine, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]

    @property
    def empty(self) -> bool:
        """Whether there is no number to draw."""
        return not any(each.path for each in self.lines)


class Bar(NamedTuple):
    """A bar and the number that it stands for; `width` is of 100."""

    label: str
    value: str
    width: float


def draw_chart(name: str, title: str, unit: str, series: Sequence[Series], now: float) -> Chart:
    """The last hour of some series; `name` is unique on a page."""
    values = [step.value for each in series for step in each.steps if step.value is not None]
    top, tick = _scale(max(values, default=0.0))
    began = now - SECONDS
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(moment: float) -> float:
        return LEFT + wide * min(1.0, max(0.0, (moment - began) / SECONDS))

    def y(value: float) -> float:
        return TOP + high * (1 - min(1.0, value / top))

    def path(steps: Sequence[ChartStep]) -> Iterator[str]:
        drawn = None
        for step in steps:
            if step.value is None or step.ended <= began:
                continue
            begins = "L" if drawn == step.began else "M"
            yield f"{begins}{x(step.began):.1f} {y(step.value):.1f}H{x(step.ended):.1f}"
            drawn = step.ended

    lines = tuple(
        ChartLine(
            each.label, n, DASHES[n % len(DASHES)], "".join(path(each.steps)), _last(each, unit)
        )
        for n, each in enumerate(series)
    )
    minutes = (round(SECONDS / 60 * (TICKS_X - n) / TICKS_X) for n in range(TICKS_X + 1))
    across = tuple(Tick(x(now - 60 * m), f"{m} min ago" if m else "now") for m in minutes)
    up = tuple(Tick(y(n * tick), plain_number(n * tick)) for n in range(round(top / tick) + 1))
    return Chart(name, title, unit, lines, across, up)


def draw_bars(counted: Sequence[tuple[str, float]], most: int) -> tuple[Bar, ...]:
    """A bar for each of the largest numbers, and one for the rest; they come the largest first."""
    shown = list(counted[:most])
    rest = sum(value for _, value in counted[most:])
    if rest:
        shown.append((f"{len(counted) - most} others", rest))
    top = max((value for _, value in shown), default=0.0) or 1.0
    return tuple(
        Bar(label, plain_number(value), round(100 * value / top, 1)) for label, value in shown
    )


def plain_number(value: float) -> str:
    """A number with the three digits that count: `0.25`, `12`, `1200`."""
    if value >= 100 or value == round(value):
        return f"{value:.0f}"
    return f"{value:.3g}"


def _last(series: Series, unit: str) -> str:
    return "unknown" if series.last is None else f"{plain_number(series.last)} {unit}"


def _scale(most: float) -> tuple[float, float]:
    """The top of the axis, and the distance of its ticks: round numbers."""
    if most <= 0:
        return 1.0, 1.0 / TICKS_Y
    exponent = 10.0 ** floor(log10(most / TICKS_Y))
    tick = next(each * exponent for each in STEPS if each * exponent * TICKS_Y >= most * (1 - 1e-9))
    return tick * TICKS_Y, tick
