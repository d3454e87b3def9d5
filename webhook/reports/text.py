"""Reports as text: a table for people, JSON and YAML for programs, and how a terminal shows it."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from webhook.admission import line
from webhook.documents import yaml_writer
from webhook.reports.formats import ReportSource

BOLD, RED, GREEN, YELLOW, CYAN, PLAIN = (f"\x1b[{code}m" for code in (1, 31, 32, 33, 36, 0))
_LONGEST_VALUE = 60
_MARKS = "\\`*_[]<>|"


def prepare_stdout() -> None:
    """Let standard output take every character, whatever the locale is."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def stdout_has_colour() -> bool:
    """Whether stdout is a terminal whose user has not asked for plain text (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def paint(text: str, shade: str, *, colour: bool) -> str:
    """The text in a shade of the terminal; without `colour` or a shade, the text alone."""
    return f"{shade}{text}{PLAIN}" if colour and shade else text


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their cells one below the other, three spaces between them, as kubectl does."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def escape_markdown(words: str) -> str:
    """The words as a Markdown reader shows them, with no character read as markup."""
    return "".join(f"\\{char}" if char in _MARKS else char for char in words)


def value_in_words(value: Any) -> str:
    """A value of the settings on one line, cut where it is long."""
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return line(text, _LONGEST_VALUE)


def render_table(source: ReportSource, *, colour: bool) -> Iterator[str]:
    """The rows, and the last line; items that are not listed are only counted."""
    rows = list(source.rows())
    if rows:
        heading, *lines = columns([source.headings, *(row.cells for row in rows)])
        yield f"{paint(heading, BOLD, colour=colour)}\n"
        for row, text in zip(rows, lines, strict=True):
            yield f"{paint(text, row.shade, colour=colour)}\n"
            yield from (f"  {detail}\n" for detail in row.details())
        yield "\n"
    yield source.count_line()


def render_json(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """One object: the items, then what else is known; `summary` counts all.

    Items come one at a time: the text of ten thousand is long.
    """
    between = ""
    yield f'{{\n  "{source.items_key}": ['
    for item in source.items:
        # No string of JSON has a line break, so each one here is between two lines of it.
        text = _json(item.as_data()).replace("\n", "\n    ")
        yield f"{between}\n    {text}"
        between = ","
    end = "\n  " if between else ""
    yield f"{end}],{_json(source.rest()).removeprefix('{')}\n"


def render_yaml(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """What the JSON says, as one document of YAML."""
    found = {source.items_key: [item.as_data() for item in source.items], **source.rest()}
    yield from (f"{line.text}\n" for line in yaml_writer.lines(found))


def _json(part: object) -> str:
    return json.dumps(part, indent=2, ensure_ascii=False)
