"""What `audit` reports: the servers of a cluster, or with --summary their counts by namespace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from webhook.admission import CURRENT, OUT_OF_DATE, line
from webhook.fleet import report as audited
from webhook.fleet.exception_use import IN_FORCE
from webhook.fleet.judged_mode import ENFORCE
from webhook.health import STATES
from webhook.reports.alike import alike_findings, sentence_of
from webhook.reports.audit_items import AlikeRow, AuditItem
from webhook.reports.formats import (
    AUDIT_FORMATS,
    SUMMARY_FORMATS,
    Case,
    Item,
    ItemFinding,
    Notice,
    Row,
)
from webhook.reports.text import RED, YELLOW


@dataclass(frozen=True)
class AuditSource:
    """An audit for the writers of reports."""

    report: audited.FleetReport

    command: ClassVar[str] = "audit"
    formats: ClassVar[Mapping[str, str]] = AUDIT_FORMATS
    headings: ClassVar[tuple[str, ...]] = ("STATE", "KIND", "NAMESPACE", "NAME")
    items_key: ClassVar[str] = "servers"
    totals: ClassVar[tuple[str, ...]] = ("tests", "failures", "errors")
    reasons: ClassVar[Mapping[str, str]] = audited.REASONS

    @property
    def items(self) -> Sequence[Item]:
        """The servers that are listed."""
        return self._servers()

    def rows(self) -> Iterator[Row]:
        """What several servers have alike, then each server with what it has alone."""
        groups, below = alike_findings(self.report.listed), self.report.modes
        told = {sentence_of(each) for group in groups for each in group.findings}
        for group in groups:
            yield AlikeRow(group, all(each.namespace in below for each in group.servers))
        for item in self._servers():
            alone = replace(item, told=told)
            if alone.untold or not item.server.findings:
                yield alone

    def count_line(self) -> str:
        """How many servers are in which state, below a line for each namespace below enforce."""
        exceptions = "".join(f"{line(each.line)}\n" for each in self.report.exceptions)
        return exceptions + "".join(map(self._below, self.report.below_enforce())) + self._counts()

    def _servers(self) -> list[AuditItem]:
        below = self.report.modes
        return [AuditItem(each, each.namespace in below) for each in self.report.listed]

    def _below(self, found: audited.NamespaceBelow) -> str:
        said = _counted(found.would_change, found.would_refuse)
        servers = f"{found.servers} server{'' if found.servers == 1 else 's'}"
        return f"namespace {found.namespace} has the mode {found.mode}: of {servers}, {said}\n"

    def _counts(self) -> str:
        counts = self.report.counts()
        total = counts.pop("all")
        if not total:
            where = " in what could be looked at" if self.report.skipped else ""
            return f"no MCP server found{where}\n"
        parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        said = f"{total} MCP server{'' if total == 1 else 's'}: {parts}"
        would = self.report.would()
        if self.report.below_enforce():
            said = f"{said}; {_counted(would[audited.WOULD_CHANGE], would[audited.WOULD_REFUSE])}"
            if not self.report.asked:
                said = f"{said}: --as enforce lists them" if any(would.values()) else said
        return f"{said}\n"

    def rest(self) -> dict[str, Any]:
        """`not_looked_at` is what is not known, and why."""
        return {
            "not_looked_at": [each._asdict() for each in self.report.skipped],
            "settings": self.report.settings,
            "registered": self.report.registered,
            "as_mode": self.report.asked,
            "below_enforce": [each._asdict() for each in self.report.below_enforce()],
            "would": self.report.would(),
            "exceptions": [each._asdict() for each in self.report.exceptions],
            "exceptions_unread": self.report.exceptions_unread,
            "unknown": [each._asdict() for each in self.report.unknown],
            "summary": self.report.counts(),
        }

    def cases(self) -> Iterator[Case]:
        """A case for each server, and one for each part that was not looked at."""
        yield from (AuditItem(server).case() for server in self.report.chosen)
        for skipped in self.report.skipped:
            yield Case("not looked at", skipped.what, error="not looked at", text=skipped.why)

    def properties(self) -> dict[str, str]:
        """By which settings the servers were judged."""
        return {"settings": self.report.settings}

    def notices(self) -> Iterator[Notice]:
        """What was not looked at is an error; an exception that asks for something is a note."""
        for skipped in self.report.skipped:
            yield Notice("error", f"{skipped.what} were not looked at: {skipped.why}")
        for unknown in self.report.unknown:
            yield Notice("note", f"{unknown.what} may not be read: {unknown.why}")
        for each in self.report.exceptions:
            if each.state != IN_FORCE:
                yield Notice("note", each.line)


def _counted(change: int, refuse: int) -> str:
    return f"enforce would change {change} and refuse {refuse}"


@dataclass(frozen=True)
class NamespaceItem:
    """The servers of one namespace, counted by their states."""

    namespace: str
    counts: Mapping[str, int]
    mode: str

    @property
    def title(self) -> str:
        """Its name."""
        return f"namespace {self.namespace}"

    @property
    def cells(self) -> tuple[str, ...]:
        """The counts; a dash where there is none, so that others are seen."""
        counted = (str(each) if each else "-" for each in self.counts.values())
        return line(self.namespace), self.mode, *counted

    @property
    def shade(self) -> str:
        """As that of its worst server."""
        found = [each for each in STATES if self.counts[each]]
        worst = found[-1] if found else CURRENT
        return {CURRENT: "", OUT_OF_DATE: YELLOW}.get(worst, RED)

    def details(self) -> Iterator[str]:
        """None."""
        yield from ()

    def findings(self) -> Iterator[ItemFinding]:
        """None: they are those of its servers."""
        yield from ()

    def as_data(self) -> dict[str, Any]:
        """Name, mode and counts."""
        return {"namespace": self.namespace, "mode": self.mode, "summary": dict(self.counts)}


@dataclass(frozen=True)
class AuditSummarySource(AuditSource):
    """An audit of which the namespaces are told, and no server."""

    formats: ClassVar[Mapping[str, str]] = SUMMARY_FORMATS
    headings: ClassVar[tuple[str, ...]] = ("NAMESPACE", "MODE", "ALL", *map(str.upper, STATES))
    items_key: ClassVar[str] = "namespaces"

    @property
    def items(self) -> Sequence[Item]:
        """The namespaces with servers."""
        modes = self.report.modes
        return [
            NamespaceItem(name, counts, modes.get(name, ENFORCE))
            for name, counts in self.report.by_namespace().items()
        ]

    def rows(self) -> Iterator[Row]:
        """Each namespace has a row."""
        yield from self.items
