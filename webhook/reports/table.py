"""For people: a row for each item, its details under it, and a last line that counts."""

from collections.abc import Iterator

from webhook.reports.formats import ReportSource
from webhook.reports.text import BOLD, columns, paint


def render(source: ReportSource, *, colour: bool) -> Iterator[str]:
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
