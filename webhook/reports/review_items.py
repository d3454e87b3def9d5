"""What `review` reports: its outcomes as items of a report."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from webhook.admission import Finding, line
from webhook.offline.passed_over import STDIN, count_passed_over
from webhook.offline.review_outcome import ReviewOutcome
from webhook.reports.formats import REVIEW_FORMATS, Case, ItemFinding, Location, Notice
from webhook.reports.review_report import ReviewReport, count_line, finding_lines
from webhook.reports.text import RED

_WOULD = {"patch": "would change", "refuse": "would refuse", "": ""}


@dataclass(frozen=True)
class ReviewItem:
    """One object of a review."""

    outcome: ReviewOutcome

    @property
    def title(self) -> str:
        """Its kind, namespace and name."""
        return self.outcome.title

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row in a table."""
        outcome, manifest = self.outcome, self.outcome.manifest
        rules = dict.fromkeys(map(_rule, outcome.findings))
        return (
            self._state(),
            line(manifest.kind),
            line(outcome.namespace),
            line(manifest.name) or "-",
            str(len(outcome.patch)) if outcome.allowed else "-",
            ",".join(rules) or "-",
            line(manifest.source),
        )

    @property
    def shade(self) -> str:
        """Red where something would be refused."""
        return "" if self.outcome.runs else RED

    def details(self) -> Iterator[str]:
        """None: a table of many manifests has one line for each."""
        return iter(())

    def findings(self) -> Iterator[ItemFinding]:
        """Every finding, at its line and column."""
        for finding in self.outcome.findings:
            yield ItemFinding(
                finding.rule,
                finding.severity.value,
                finding.message,
                finding.path,
                _location(self.outcome, finding),
                finding.exception,
            )

    def as_data(self) -> dict[str, Any]:
        """All of it, with the patch."""
        outcome = self.outcome
        data = {
            "source": outcome.manifest.source,
            "kind": outcome.manifest.kind,
            "namespace": outcome.namespace,
            "name": outcome.manifest.name,
            "covered": outcome.covered,
            "allowed": outcome.allowed,
            "pods_refused": outcome.pods_refused,
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "path": finding.path,
                    **outcome.mark(finding)._asdict(),
                    "message": finding.message,
                    **({"exception": finding.exception} if finding.exception else {}),
                }
                for finding in outcome.findings
            ],
            "patch": list(outcome.patch),
        }
        if outcome.mode:
            data |= {"mode": outcome.mode, "would": _WOULD[outcome.would].replace(" ", "-")}
        if outcome.pod_additions:
            data["pods_get"] = [each._asdict() for each in outcome.pod_additions]
        if outcome.callers:
            data["callers"] = outcome.callers
        if outcome.made is not None:
            data |= {"objects": outcome.made.objects, "not_made": outcome.made.not_made}
        return data

    def case(self) -> Case:
        """A test case, which a refusal fails."""
        outcome = self.outcome
        rules = dict.fromkeys(finding.rule for finding in outcome.findings)
        return Case(
            group=outcome.manifest.source,
            name=self.title,
            skipped="" if outcome.covered else "not reviewed",
            failure="" if outcome.runs else f"{self._state()}: {', '.join(rules)}",
            text="".join(finding_lines(outcome, colour=False)),
        )

    def _state(self) -> str:
        if not self.outcome.covered:
            return "not reviewed"
        if not self.outcome.allowed:
            return "refused"
        if self.outcome.would:
            return _WOULD[self.outcome.would]
        return "pods refused" if self.outcome.pods_refused else "admitted"


@dataclass(frozen=True)
class ReviewSource:
    """A review for the writers of reports."""

    report: ReviewReport

    command: ClassVar[str] = "review"
    formats: ClassVar[Mapping[str, str]] = REVIEW_FORMATS
    headings: ClassVar[tuple[str, ...]] = (
        "RESULT",
        "KIND",
        "NAMESPACE",
        "NAME",
        "CHANGES",
        "FINDINGS",
        "SOURCE",
    )
    items_key: ClassVar[str] = "results"
    totals: ClassVar[tuple[str, ...]] = ("tests", "failures", "skipped", "errors")
    reasons: ClassVar[Mapping[str, str]] = {}

    @property
    def items(self) -> list[ReviewItem]:
        """The MCP servers, and what looks like one and is not reviewed."""
        return list(map(ReviewItem, self.report.listed))

    def rows(self) -> list[ReviewItem]:
        """Each object has a row."""
        return self.items

    def count_line(self) -> str:
        """How many objects had which outcome."""
        return count_line(self.report)

    def rest(self) -> dict[str, Any]:
        """`errors` is what cannot be read, `passed_over` what was not reviewed, and why."""
        return {
            "errors": [
                {"source": fault.source, "line": fault.line, "message": fault.sentence}
                for fault in self.report.faults
            ],
            "passed_over": [
                {"source": one.source, "reason": one.reason.value} for one in self.report.passed
            ],
            "summary": self.report.summary()._asdict(),
        }

    def cases(self) -> Iterator[Case]:
        """A case for each item, and one for each input that cannot be read."""
        yield from (item.case() for item in self.items)
        for fault in self.report.faults:
            yield Case(fault.source, "input", error="bad input", text=str(fault))

    def properties(self) -> dict[str, str]:
        """What has no test case."""
        others = {"other objects": str(self.report.summary().other)}
        passed = self.report.passed
        return others | ({"passed over": count_passed_over(passed)} if passed else {})

    def notices(self) -> Iterator[Notice]:
        """Input that cannot be read is an error, what was passed over is a note."""
        for fault in self.report.faults:
            yield Notice("error", fault.sentence, Location(_uri(fault.source), fault.line))
        for one in self.report.passed:
            text = f"passed over: {one.reason.value}"
            yield Notice("note", text, Location(_uri(one.source)))


def _rule(finding: Finding) -> str:
    """The rule of a finding as a table has it."""
    return f"{finding.rule} (excepted)" if finding.exception else finding.rule


def _location(outcome: ReviewOutcome, finding: Finding) -> Location:
    """The place in the file; of what Helm wrote to a pipe, that in the template it names."""
    manifest = outcome.manifest
    if manifest.template is None:
        return Location(_uri(manifest.document.source), *outcome.mark(finding))
    mark = manifest.template.mark(manifest.document.value, finding.path)
    return Location(_uri(manifest.template.path), *(mark or ()))


def _uri(path: str) -> str:
    if path == STDIN:
        return "stdin"
    if Path(path).is_absolute():
        return Path(path).as_uri()
    return quote(os.fsencode(Path(path).as_posix()))
