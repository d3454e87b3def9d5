"""A run as tables in Markdown, which terminals show as well: goals first, then all figures."""

import re
from collections.abc import Iterable, Sequence

from tools.bench.results import Figure, Run

TITLES = {
    "direct": "Closed loop, straight to the server",
    "open": "Open loop, straight to the server",
    "life": "Start, memory, connections",
    "engine": "The engine alone, by part",
    "through": "Through a real API server",
    "storm": "A storm of pods",
}
# An id like direct/validate/8/ours/p99 is a cell: row before it, column after it.
CELL_WORDS = 5
COLUMNS = {
    "per-second": "reviews/s",
    "cpu": "CPU us",
    "server-busy": "server core",
    "generator-busy": "generator core",
    "late-p99": "sent late p99 ms",
    "p50": "p50 ms",
    "p99": "p99 ms",
    "p99.9": "p99.9 ms",
    "added-p50": "added p50 ms",
    "added-p99": "added p99 ms",
    "added-cpu": "added CPU ms",
}
MET = {True: "yes", False: "**no**", None: "unclear"}


def goals(run: Run) -> list[str]:
    """Each figure that has a goal, with the goal beside it."""
    rows = [
        (each.title, _with_unit(each), str(each.goal), MET[each.met], _spread(each), _how(each))
        for each in run.figures
        if each.goal
    ]
    return aligned(("figure", "value", "goal", "met", "rounds", "what the value is"), rows)


def part(run: Run, word: str) -> list[str]:
    """The figures of a part that have no goal.

    Those of servers under load come a server a line, others one a line.
    """
    figures = [each for each in run.figures if each.part == word and not each.goal]
    cells = [each for each in figures if each.id.count("/") == CELL_WORDS - 1]
    rest = [each for each in figures if each not in cells]
    return [*_grid(cells), *([""] if cells and rest else []), *_listed(rest)]


def whole(run: Run) -> list[str]:
    """The run as it is printed."""
    lines = [*about(run), "", "## Goals", "", *goals(run)]
    for word, title in TITLES.items():
        if any(each.part == word for each in run.figures):
            lines += ["", f"## {title}", "", *part(run, word)]
    return lines


def about(run: Run) -> list[str]:
    """When, on what and with what."""
    kind = "quick run" if run.quick else "full run"
    return [
        f"- {kind} of {run.date}, {run.seconds:.0f} s",
        f"- machine: {', '.join(f'{key} {value}' for key, value in run.machine.items())}",
        f"- versions: {', '.join(f'{key} {value}' for key, value in run.versions.items())}",
    ]


def unpadded(lines: Iterable[str]) -> list[str]:
    """The same tables as their source is kept: without the spaces that align columns."""
    return [re.sub(r"-{3,}", "---", re.sub(r" {2,}(?=\|)", " ", line)) for line in lines]


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns are as wide as their widest cell."""
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = [_line(row, widths) for row in table]
    rule = "|".join("-" * (width + 2) for width in widths)
    return [lines[0], f"|{rule}|", *lines[1:]] if len(table) > 1 else []


def number(value: float) -> str:
    """Three digits, or all before the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (f" {text:<{width}} " for text, width in zip(row, widths, strict=True))
    return f"|{'|'.join(cells)}|"


def _grid(cells: list[Figure]) -> list[str]:
    rows: dict[str, dict[str, Figure]] = {}
    for each in cells:
        row, _, column = each.id.rpartition("/")
        rows.setdefault(row, {})[column] = each
    used = {column for row in rows.values() for column in row}
    columns = [column for column in COLUMNS if column in used]
    columns += sorted(used - COLUMNS.keys())
    header = ("load", "server", *(COLUMNS.get(column, column) for column in columns))
    return aligned(
        header,
        [
            (
                next(iter(row.values())).title,
                key.rpartition("/")[2],
                *(number(row[each].value) if each in row else "" for each in columns),
            )
            for key, row in rows.items()
        ],
    )


def _listed(figures: list[Figure]) -> list[str]:
    rows = [(each.title, _with_unit(each), _spread(each), _how(each)) for each in figures]
    return aligned(("figure", "value", "rounds", "what the value is"), rows)


def _with_unit(figure: Figure) -> str:
    return f"{number(figure.value)} {figure.unit}".strip()


def _how(figure: Figure) -> str:
    return f"{figure.how}; {figure.doubt}" if figure.doubt else figure.how


def _spread(figure: Figure) -> str:
    least, greatest = figure.spread
    return "" if least == greatest else f"{number(least)} to {number(greatest)}"
