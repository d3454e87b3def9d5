"""Text for people: encoding, colours, columns, escapes, and a report as a table."""

import os
import sys
from collections.abc import Iterator, Sequence

from webhook.reports.formats import ReportSource

BOLD, RED, GREEN, YELLOW, CYAN, PLAIN = (f"\x1b[{code}m" for code in (1, 31, 32, 33, 36, 0))
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


def render_table(source: ReportSource, *, colour: bool) -> Iterator[str]:
    """The rows of the items, and the last line; items that are not listed are only counted."""
    items = source.items
    if items:
        heading, *rows = columns([source.headings, *(item.cells for item in items)])
        yield f"{paint(heading, BOLD, colour=colour)}\n"
        for item, row in zip(items, rows, strict=True):
            yield f"{paint(row, item.shade, colour=colour)}\n"
            yield from (f"  {detail}\n" for detail in item.details())
        yield "\n"
    yield source.count_line()
