"""What `audit --unlabelled` reports: workloads that look like servers, as items of a report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from webhook.admission import line
from webhook.fleet.unlabelled.lookalikes import Lookalike, UnlabelledReport
from webhook.fleet.unlabelled.recognisers import Confidence, Sign
from webhook.reports.formats import AUDIT_FORMATS, Case, ItemFinding, Location, Notice
from webhook.reports.text import RED, YELLOW

UNLABELLED = "unlabelled"
_MOST_REASONS = 5
_LEVELS = {
    Confidence.CERTAIN: "error",
    Confidence.LIKELY: "warning",
    Confidence.POSSIBLE: "note",
}


@dataclass(frozen=True)
class UnlabelledItem:
    """One workload that looks like a server."""

    workload: Lookalike

    @property
    def title(self) -> str:
        """Its kind, namespace and name."""
        key = self.workload.key
        return f"{key.kind} {key.namespace}/{key.name}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row in a table."""
        key = self.workload.key
        return self.workload.confidence.word, key.kind, line(key.namespace), line(key.name)

    @property
    def shade(self) -> str:
        """Red for what is certain, yellow for the rest."""
        return RED if self.workload.confidence is Confidence.CERTAIN else YELLOW

    def details(self) -> Iterator[str]:
        """The reasons, and the command that labels it, whole and ready to be copied."""
        reasons = self.workload.reasons
        yield from (line(each.sentence) for each in reasons[:_MOST_REASONS])
        if len(reasons) > _MOST_REASONS:
            more = len(reasons) - _MOST_REASONS
            yield f"and {more} more reason{'s'[more == 1 :]}: -o json has them all"
        command, note = self.workload.labelling
        if note:
            yield line(note)
        yield f"to label it: {command}"

    def findings(self) -> Iterator[ItemFinding]:
        """One finding: all reasons, and the command."""
        key, (command, note) = self.workload.key, self.workload.labelling
        reasons = "; ".join(line(each.sentence) for each in self.workload.reasons)
        uri = f"{quote(key.namespace)}/{quote(key.kind)}/{quote(key.name)}"
        yield ItemFinding(
            UNLABELLED,
            _LEVELS[self.workload.confidence],
            f"{self._sentence()}: {reasons}; {f'{note}; ' if note else ''}to label it: {command}",
            self.title,
            Location(uri),
        )

    def as_data(self) -> dict[str, Any]:
        """All of it."""
        key, (command, note) = self.workload.key, self.workload.labelling
        return {
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "confidence": self.workload.confidence.word,
            "reasons": list(map(_reason, self.workload.reasons)),
            "labelling": {"command": command, "note": note},
        }

    def case(self) -> Case:
        """A test case, which fails."""
        text = "".join(f"{each}\n" for each in self.details())
        key = self.workload.key
        return Case(key.namespace, f"{key.kind} {key.name}", self._sentence(), text=text)

    def _sentence(self) -> str:
        sure = self.workload.confidence
        said = "is an MCP server" if sure is Confidence.CERTAIN else f"is a {sure.word} MCP server"
        return f"{said} without the label"


@dataclass(frozen=True)
class UnlabelledSource:
    """A search for the writers of reports."""

    report: UnlabelledReport
    settings: str

    command: ClassVar[str] = "audit --unlabelled"
    formats: ClassVar[Mapping[str, str]] = AUDIT_FORMATS
    headings: ClassVar[tuple[str, ...]] = ("CONFIDENCE", "KIND", "NAMESPACE", "NAME")
    items_key: ClassVar[str] = "workloads"
    totals: ClassVar[tuple[str, ...]] = ("tests", "failures", "errors")
    reasons: ClassVar[Mapping[str, str]] = {
        UNLABELLED: "a workload looks like an MCP server and carries no label"
    }

    @property
    def items(self) -> list[UnlabelledItem]:
        """What was found."""
        return list(map(UnlabelledItem, self.report.found))

    def rows(self) -> list[UnlabelledItem]:
        """Each workload has a row."""
        return self.items

    def count_line(self) -> str:
        """How many were found, of how many."""
        counts = self._counts()
        of = f"{counts['looked_at']} workload{'' if counts['looked_at'] == 1 else 's'}"
        if not self.report.found:
            where = " in what could be looked at" if self.report.skipped else ""
            return f"none of {of} without the label looks like an MCP server{where}\n"
        parts = ", ".join(f"{counts[each.word]} {each.word}" for each in reversed(Confidence))
        return f"{len(self.report.found)} of {of} without the label: {parts}\n"

    def rest(self) -> dict[str, Any]:
        """`not_looked_at` is what is not known, and why."""
        return {
            "not_looked_at": [each._asdict() for each in self.report.skipped],
            "settings": self.settings,
            "summary": self._counts(),
        }

    def cases(self) -> Iterator[Case]:
        """A case for each workload that was found, and one for each part not looked at."""
        yield from (each.case() for each in self.items)
        for skipped in self.report.skipped:
            yield Case("not looked at", skipped.what, error="not looked at", text=skipped.why)

    def properties(self) -> dict[str, str]:
        """By which settings labels, selectors and namespaces were read."""
        return {"settings": self.settings}

    def notices(self) -> Iterator[Notice]:
        """What was not looked at is an error."""
        for skipped in self.report.skipped:
            yield Notice("error", f"{skipped.what} were not looked at: {skipped.why}")

    def _counts(self) -> dict[str, int]:
        found = [each.confidence for each in self.report.found]
        by_word = {each.word: found.count(each) for each in reversed(Confidence)}
        return {"looked_at": self.report.looked_at, **by_word}


def _reason(reason: Sign) -> dict[str, str]:
    return {
        "where": reason.trait.where,
        "value": reason.trait.value,
        "confidence": reason.recogniser.strength.word,
        "message": reason.sentence,
    }
