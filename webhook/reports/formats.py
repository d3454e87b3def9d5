"""What every writer of a report takes, and which formats each command has.

A command wraps its result into a `ReportSource`. A writer knows that protocol alone, so one writer
serves `review` and `audit`. Only the writer that is asked for is imported.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Protocol, cast

REVIEW_FORMATS = {
    "diff": "webhook.reports.stored_documents:render_diff",
    "table": "webhook.reports.text:render_table",
    "yaml": "webhook.reports.stored_documents:render_stored",
    "json": "webhook.reports.text:render_json",
    "junit": "webhook.reports.ci:render_junit",
    "sarif": "webhook.reports.ci:render_sarif",
}
SUMMARY_FORMATS = {
    "table": "webhook.reports.text:render_table",
    "json": "webhook.reports.text:render_json",
    "yaml": "webhook.reports.text:render_yaml",
}
AUDIT_FORMATS = {
    **SUMMARY_FORMATS,
    "junit": "webhook.reports.ci:render_junit",
    "sarif": "webhook.reports.ci:render_sarif",
}


class Location(NamedTuple):
    """Where something is: the URI of a file or of an object, in a file also line and column."""

    uri: str
    line: int | None = None
    column: int | None = None


class ItemFinding(NamedTuple):
    """One finding of an item; `level` is a level of SARIF, `path` the full name of the field.

    `exception` is the name of the one by which it is no refusal.
    """

    rule: str
    level: str
    message: str
    path: str
    location: Location
    exception: str = ""


class Notice(NamedTuple):
    """A message about no item: input that cannot be read, or a part that was not looked at."""

    level: str
    message: str
    location: Location | None = None


class Case(NamedTuple):
    """A test case of JUnit; `failure`, `error` and `skipped` are messages, empty where it is none.

    `text` explains the failure or the error, or is the output of a case that passed.
    """

    group: str
    name: str
    failure: str = ""
    error: str = ""
    skipped: str = ""
    text: str = ""


class Row(Protocol):
    """One row of a table, with what stands under it."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Its columns, the state first."""

    @property
    def shade(self) -> str:
        """The colour of the row; empty for none."""

    def details(self) -> Iterator[str]:
        """The lines under the row."""


class Item(Row, Protocol):
    """One object of a review, or one server of an audit."""

    @property
    def title(self) -> str:
        """What people call it: `Deployment tools/github-tools`."""

    def findings(self) -> Iterator[ItemFinding]:
        """Every finding, with its place."""

    def as_data(self) -> dict[str, Any]:
        """All of it for programs."""


class ReportSource(Protocol):
    """What a report is made from."""

    command: ClassVar[str]
    formats: ClassVar[Mapping[str, str]]
    headings: ClassVar[tuple[str, ...]]
    items_key: ClassVar[str]
    """Under which key JSON has the items."""
    totals: ClassVar[tuple[str, ...]]
    """Which counts JUnit has, in this order: of tests, failures, skipped, errors."""
    reasons: ClassVar[Mapping[str, str]]
    """Identifiers of findings beside those of the rules, with what each means."""

    @property
    def items(self) -> Sequence[Item]:
        """What the report lists, in order."""

    def rows(self) -> Iterable[Row]:
        """What a table lists: the items, or several of them in one row."""

    def count_line(self) -> str:
        """The last line for people: how many there are of each state."""

    def rest(self) -> dict[str, Any]:
        """What JSON has beside the items."""

    def cases(self) -> Iterator[Case]:
        """Every test case of JUnit."""

    def properties(self) -> dict[str, str]:
        """The properties of JUnit's test suite."""

    def notices(self) -> Iterator[Notice]:
        """Errors and notes about no item."""


def report_parts(source: ReportSource, name: str, *, colour: bool) -> Iterator[str]:
    """The report in a format of the source, in parts; only formats for people have colours."""
    module, _, function = source.formats[name].partition(":")
    write = cast("Callable[..., Iterator[str]]", getattr(import_module(module), function))
    return write(source, colour=colour)
