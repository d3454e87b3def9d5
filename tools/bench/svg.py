"""Plots as SVG: lines over a linear x axis and a logarithmic y axis, one panel a plot."""

import math
from collections.abc import Sequence
from html import escape

from tools.bench.results import Plot

WIDTH, HEIGHT = 420, 280
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 34, 62
PANELS_A_ROW = 2
# Told apart with every kind of colour vision (Okabe and Ito), and by their dashes.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("none", "6 3", "2 3", "8 3 2 3")
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:12px}"
    ".axis{stroke:#888;fill:none}.grid{stroke:#e3e3e3}"
)


def drawn(plots: Sequence[Plot]) -> str:
    """The text of an SVG file."""
    rows = math.ceil(len(plots) / PANELS_A_ROW)
    width, height = WIDTH * min(len(plots), PANELS_A_ROW), HEIGHT * rows
    panels = [
        f'<g transform="translate({column * WIDTH} {row * HEIGHT})">{_panel(plot)}</g>'
        for (row, column), plot in (
            (divmod(index, PANELS_A_ROW), plot) for index, plot in enumerate(plots)
        )
    ]
    titles = escape("; ".join(plot.title for plot in plots))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{titles}">'
    )
    ground = f'<style>{STYLE}</style><rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, ground, *panels, "</svg>", ""])


def _panel(plot: Plot) -> str:
    points = [point for line in plot.lines for point in line.points]
    if not points:
        return _text(LEFT, 20, plot.title, "title")
    most = max(x for x, _ in points)
    low = math.floor(math.log10(min(y for _, y in points)))
    high = max(math.ceil(math.log10(max(y for _, y in points))), low + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / most * (WIDTH - LEFT - RIGHT)
        up = (math.log10(y) - low) / (high - low)
        return round(across, 1), round(HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1)

    parts = [_text(LEFT, 20, plot.title, "title")]
    for power in range(low, high + 1):
        _, y = place(0, 10.0**power)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{10.0**power:g}", "", "end"))
    parts += [_tick(place(x, 10.0**low), x) for x in _steps(most)]
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    parts.append(_text(WIDTH - RIGHT, HEIGHT - BOTTOM + 28, plot.x, "", "end"))
    parts.append(_text(6, TOP - 2, plot.y))
    for index, line in enumerate(plot.lines):
        parts.append(_line([place(x, y) for x, y in line.points], index))
        parts.append(_legend(line.name, index))
    return "".join(parts)


def _line(places: Sequence[tuple[float, float]], index: int) -> str:
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    path = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in places)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" '
        f'stroke-dasharray="{dash}"/>{dots}'
    )


def _legend(name: str, index: int) -> str:
    x, y = LEFT + index % 4 * 88, HEIGHT - 14
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
    return f'<path d="M{x} {y - 4}h16" {stroke}/>{_text(x + 20, y, name)}'


def _tick(place: tuple[float, float], value: float) -> str:
    return _text(place[0], place[1] + 14, f"{value:g}", "", "middle")


def _steps(most: float) -> list[float]:
    """Four or five round numbers up to the greatest."""
    rough = most / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = max((each for each in (1, 2, 2.5, 5) if each * unit <= rough), default=1) * unit
    return [step * index for index in range(int(most / step) + 1)]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{of_kind} text-anchor="{anchor}">{escape(text)}</text>'
