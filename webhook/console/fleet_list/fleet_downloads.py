"""The servers of a page as a file: CSV for a spreadsheet, JSON and SARIF as `audit` prints them.

A spreadsheet takes a cell that begins with certain characters as a formula, and names are written
by anybody: such a cell is text. Where semicolons separate cells, as in much of Europe, one begins
inside of ours.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from webhook.console.fleet_list.fleet_rows import FleetQuery, Row, choose_rows
from webhook.fleet.judged_mode import ENFORCE
from webhook.fleet.report import FleetReport
from webhook.reports.audit_report import AuditSource
from webhook.reports.formats import report_parts

HEADINGS = (
    "namespace",
    "kind",
    "name",
    "state",
    "mode",
    "findings",
    "reasons",
    "image",
    "runtime class",
    "created",
    "exceptions",
)
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, in full width, too."""
AS_TEXT = "'"
_BETWEEN = re.compile(rf"(?<![;\s\"])[;\s\"]+(?=[{re.escape(''.join(FORMULA))}])")
_SEPARATORS = frozenset(";\t\r\n")


class FleetFile(NamedTuple):
    """A format of the download: its type, and what writes it, in parts.

    `says_unread` is whether it has a place for what could not be read.
    """

    content_type: str
    write: Callable[[FleetReport, FleetQuery], Iterator[str]]
    says_unread: bool = True


def chosen_report(report: FleetReport, query: FleetQuery) -> FleetReport:
    """The report that `audit` would make with the same questions.

    What it can be asked for by an option is left to it: states, rules and a namespace. Servers that
    were searched for, or have a mark, are those of the report.
    """
    of, asked = query.namespace, query._replace(states=(), rules=(), sort="namespace")
    found = {id(server) for server, _ in choose_rows(report, asked).rows}
    servers = [each for each in report.servers if id(each) in found]
    modes = {name: mode for name, mode in report.modes.items() if of in ("", name)}
    exceptions = [each for each in report.exceptions if of in ("", each.namespace)]
    states, rules = frozenset(query.states), frozenset(query.rules)
    return replace(
        report, servers=servers, modes=modes, exceptions=exceptions, states=states, rules=rules
    )


def csv_parts(report: FleetReport, query: FleetQuery) -> Iterator[str]:
    """A line for each server that the query chose, in its order; begins with the headings."""
    lines = io.StringIO()
    write = csv.writer(lines, quoting=csv.QUOTE_ALL).writerow
    write(HEADINGS)
    for row in choose_rows(report, query).rows:
        write([_text(cell) for cell in _cells(row, report)])
        yield lines.getvalue()
        lines.seek(0)
        lines.truncate()
    yield lines.getvalue()


def _as_audit(name: str) -> Callable[[FleetReport, FleetQuery], Iterator[str]]:
    def write(report: FleetReport, query: FleetQuery) -> Iterator[str]:
        return report_parts(AuditSource(chosen_report(report, query)), name, colour=False)

    return write


def _cells(row: Row, report: FleetReport) -> Iterator[str]:
    server, state = row
    facts = server.facts
    yield from (server.namespace, server.kind, server.name, state)
    yield report.modes.get(server.namespace, ENFORCE)
    yield str(len(server.findings))
    yield " ".join(sorted(server.words))
    yield from (facts.image, facts.runtime_class, facts.created, " ".join(facts.exceptions))


def _text(cell: str) -> str:
    """The cell, with a mark wherever a spreadsheet would reckon."""
    begins = cell.lstrip()
    marked = AS_TEXT if begins.startswith(FORMULA) or begins != cell else ""
    return f"{marked}{cell[: -len(begins) or None]}{_BETWEEN.sub(_closed, begins)}"


def _closed(between: re.Match[str]) -> str:
    """What is between two cells, for who separates by it, with a mark."""
    return f"{between[0]}{'' if _SEPARATORS.isdisjoint(between[0]) else AS_TEXT}"


FILES: Mapping[str, FleetFile] = {
    "csv": FleetFile("text/csv", csv_parts, says_unread=False),
    "json": FleetFile("application/json", _as_audit("json")),
    "sarif": FleetFile("application/sarif+json", _as_audit("sarif")),
}
"""The formats of the download, by the ending of the file."""
