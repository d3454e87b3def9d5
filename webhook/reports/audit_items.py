"""The servers of an audit as items of a report, and several of them as one row of a table."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from webhook.admission import CURRENT, OUT_OF_DATE, REFUSED, line
from webhook.fleet.report import (
    ServerFinding,
    ServerStatus,
)
from webhook.health import server_state
from webhook.reports.alike import NAMED, Alike, Sentence, sentence_of
from webhook.reports.formats import Case, ItemFinding, Location
from webhook.reports.text import RED, YELLOW

LEVELS: Mapping[str, str] = {CURRENT: "note", OUT_OF_DATE: "warning"}
_MOST_FIELDS = 5
_CHANGED = "out-of-date"


@dataclass(frozen=True)
class AuditItem:
    """One server of a cluster; `foreseen` where its findings are those of another mode.

    `told` is what a table has told of several servers at once.
    """

    server: ServerStatus
    foreseen: bool = False
    told: Collection[Sentence] = ()

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
        return _shade(self.server.state)

    @property
    def untold(self) -> list[ServerFinding]:
        """The findings that are not told of several servers at once."""
        return [each for each in self.server.findings if sentence_of(each) not in self.told]

    def details(self) -> Iterator[str]:
        """The findings, a few of its fields, and what to do."""
        found = self.untold
        yield from map(line, (*_sentences(found), *self._way_out(found)))

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
                finding.path or finding.seen or self.title,
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

    def _way_out(self, found: Sequence[ServerFinding]) -> Iterator[str]:
        """How the server becomes current; what would be refused has to be corrected first."""
        kind = self.server.kind
        if _refused(self.server.findings):
            before = "enforce is in force" if self.foreseen else "it restarts"
            if _refused(found):
                yield f"to mend it, correct the {kind} where it is deployed from, before {before}"
        elif not any(each.reason == _CHANGED for each in found):
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
class AlikeRow:
    """Several servers with the same findings, as one row of a table."""

    alike: Alike
    foreseen: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The worst state of the findings, and the first of the names."""
        return server_state(CURRENT, self.alike.findings), *self.alike.names

    @property
    def shade(self) -> str:
        """Like that of a server in the same state."""
        return _shade(self.cells[0])

    def details(self) -> Iterator[str]:
        """How many they are, the findings, and what to do."""
        count, found = len(self.alike.servers), self.alike.findings
        for each in _sentences(found):
            yield line(f"{count} servers: {each}")
        before = "enforce is in force" if self.foreseen else "they restart"
        namespaces = {each.namespace for each in self.alike.servers}
        where = f"-n {namespaces.pop()} " if len(namespaces) == 1 else ""
        if _refused(found):
            yield f"to mend them, correct them where they are deployed from, before {before}"
        elif any(each.reason == _CHANGED for each in found):
            roll = f"to roll the Deployments among them: mcp-admission apply {where}--all"
            late = "they stay as they are until enforce is in force and they roll"
            yield late if self.foreseen else roll
        if count > NAMED:
            yield "to list all of them: -o json"


def _shade(state: str) -> str:
    return YELLOW if state in (CURRENT, OUT_OF_DATE) else RED


def _refused(found: Sequence[ServerFinding]) -> bool:
    return any(each.state == REFUSED for each in found)


def _sentences(found: Sequence[ServerFinding]) -> Iterator[str]:
    """All findings, but for fields that would change: of these a few."""
    fields = [each for each in found if each.reason == _CHANGED]
    yield from (each.line for each in found if each.reason != _CHANGED)
    yield from (each.line for each in fields[:_MOST_FIELDS])
    if len(fields) > _MOST_FIELDS:
        yield f"and {len(fields) - _MOST_FIELDS} more fields: -o json has them all"


def _finding(finding: ServerFinding) -> dict[str, Any]:
    """A field that would change has its name and both values, null where it is absent."""
    data = {
        "state": finding.state,
        "reason": finding.reason,
        "message": finding.message,
        "path": finding.path,
        "rule": finding.rule,
        "seen": finding.seen,
        "final": finding.final,
    }
    if finding.change is None:
        return data
    change = finding.change
    return {**data, "field": change.field, "before": change.before, "after": change.after}
