"""What `audit` reports: the servers of a cluster as items of a report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from webhook.admission import CURRENT, OUT_OF_DATE, REFUSED, line
from webhook.fleet.exception_use import IN_FORCE
from webhook.fleet.report import (
    REASONS,
    WOULD_CHANGE,
    WOULD_REFUSE,
    FleetReport,
    NamespaceBelow,
    ServerFinding,
    ServerStatus,
)
from webhook.reports.formats import AUDIT_FORMATS, Case, ItemFinding, Location, Notice
from webhook.reports.text import RED, YELLOW

LEVELS: Mapping[str, str] = {CURRENT: "note", OUT_OF_DATE: "warning"}
_MOST_FIELDS = 5
_CHANGED = "out-of-date"


@dataclass(frozen=True)
class AuditItem:
    """One server of a cluster; `foreseen` where its findings are those of another mode."""

    server: ServerStatus
    foreseen: bool = False

    @property
    def title(self) -> str:
        """Its kind, namespace and name."""
        return f"{self.server.kind} {self.server.namespace}/{self.server.name}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row in a table."""
        server = self.server
        return server.state, line(server.kind), line(server.namespace), line(server.name)

    @property
    def shade(self) -> str:
        """Yellow for what a rollout mends or does not touch, red for the rest."""
        return YELLOW if self.server.state in (CURRENT, OUT_OF_DATE) else RED

    def details(self) -> Iterator[str]:
        """The findings, a few of its fields, and what to do."""
        yield from map(line, self._sentences())

    def findings(self) -> Iterator[ItemFinding]:
        """Every finding, at its place in the API.

        A refusal by a rule has that rule's identifier, as in a review; others have their reason.
        """
        server = self.server
        uri = f"{quote(server.namespace)}/{quote(server.kind)}/{quote(server.name)}"
        for finding in server.findings:
            level = LEVELS.get(finding.state, "error")
            yield ItemFinding(
                finding.rule or finding.reason,
                level,
                finding.line,
                finding.path or self.title,
                Location(uri),
            )

    def as_data(self) -> dict[str, Any]:
        """All of it, with every field."""
        return {
            "kind": self.server.kind,
            "namespace": self.server.namespace,
            "name": self.server.name,
            "state": self.server.state,
            "would": self.server.would,
            "findings": list(map(_finding, self.server.findings)),
        }

    def case(self) -> Case:
        """A test case, which a finding fails."""
        return Case(
            group=self.server.namespace,
            name=f"{self.server.kind} {self.server.name}",
            failure=self.server.state if self.server.findings else "",
            text="".join(f"{finding.line}\n" for finding in self.server.findings),
        )

    def _sentences(self) -> Iterator[str]:
        fields = [each for each in self.server.findings if each.reason == _CHANGED]
        yield from (each.line for each in self.server.findings if each.reason != _CHANGED)
        yield from (each.line for each in fields[:_MOST_FIELDS])
        if len(fields) > _MOST_FIELDS:
            yield f"and {len(fields) - _MOST_FIELDS} more fields: -o json has them all"
        yield from self._way_out(changed=bool(fields))

    def _way_out(self, *, changed: bool) -> Iterator[str]:
        """How the server becomes current; what would be refused has to be corrected first."""
        kind = self.server.kind
        if self.server.state == REFUSED:
            before = "enforce is in force" if self.foreseen else "it restarts"
            yield f"to mend it, correct the {kind} where it is deployed from, before {before}"
        elif not changed:
            return
        elif self.foreseen:
            yield f"it stays as it is until enforce is in force and the {kind} rolls"
        elif kind == "Deployment":
            yield f"to roll it: mcp-admission apply -n {self.server.namespace} {self.server.name}"
        elif kind in ("Pod", "Job"):
            yield "to make it current, delete it and create it again"
        else:
            yield f"to make its pods current, restart the {kind}"


@dataclass(frozen=True)
class AuditSource:
    """An audit for the writers of reports."""

    report: FleetReport

    command: ClassVar[str] = "audit"
    formats: ClassVar[Mapping[str, str]] = AUDIT_FORMATS
    headings: ClassVar[tuple[str, ...]] = ("STATE", "KIND", "NAMESPACE", "NAME")
    items_key: ClassVar[str] = "servers"
    totals: ClassVar[tuple[str, ...]] = ("tests", "failures", "errors")
    reasons: ClassVar[Mapping[str, str]] = REASONS

    @property
    def items(self) -> list[AuditItem]:
        """The servers with findings."""
        below = self.report.modes
        return [AuditItem(each, each.namespace in below) for each in self.report.with_findings]

    def count_line(self) -> str:
        """How many servers are in which state, below a line for each namespace below enforce."""
        exceptions = "".join(f"{line(each.line)}\n" for each in self.report.exceptions)
        return exceptions + "".join(map(self._below, self.report.below_enforce())) + self._counts()

    def _below(self, found: NamespaceBelow) -> str:
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
            said = f"{said}; {_counted(would[WOULD_CHANGE], would[WOULD_REFUSE])}"
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
            "summary": self.report.counts(),
        }

    def cases(self) -> Iterator[Case]:
        """A case for each server, and one for each part that was not looked at."""
        yield from (AuditItem(server).case() for server in self.report.servers)
        for skipped in self.report.skipped:
            yield Case("not looked at", skipped.what, error="not looked at", text=skipped.why)

    def properties(self) -> dict[str, str]:
        """By which settings the servers were judged."""
        return {"settings": self.report.settings}

    def notices(self) -> Iterator[Notice]:
        """What was not looked at is an error; an exception that asks for something is a note."""
        for skipped in self.report.skipped:
            yield Notice("error", f"{skipped.what} were not looked at: {skipped.why}")
        for each in self.report.exceptions:
            if each.state != IN_FORCE:
                yield Notice("note", each.line)


def _counted(change: int, refuse: int) -> str:
    return f"enforce would change {change} and refuse {refuse}"


def _finding(finding: ServerFinding) -> dict[str, Any]:
    """A field that would change has its name and both values, null where it is absent."""
    data = {
        "state": finding.state,
        "reason": finding.reason,
        "message": finding.message,
        "path": finding.path,
        "rule": finding.rule,
    }
    if finding.change is None:
        return data
    change = finding.change
    return {**data, "field": change.field, "before": change.before, "after": change.after}
