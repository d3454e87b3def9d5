"""What `review` reports: its wording for people, and its outcomes as items of a report."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from webhook.admission.answer import FORETOLD, Finding, Severity, advice, line
from webhook.offline.input import STDIN, count_passed_over
from webhook.offline.review_report import ReviewOutcome, ReviewReport, object_title
from webhook.reports.formats import REVIEW_FORMATS, Case, ItemFinding, Location, Notice
from webhook.reports.text import BOLD, RED, YELLOW, paint
from webhook.settings.resource import GROUP

_SHADES = {Severity.ERROR: RED, Severity.WARNING: YELLOW}


def file_name(outcome: ReviewOutcome) -> str:
    """The file that holds the object."""
    source = outcome.manifest.document.source
    return "stdin" if source == STDIN else line(source)


def heading_line(outcome: ReviewOutcome, *, colour: bool) -> str:
    """Where the object starts, what it is called, and what the cluster would do with it."""
    title = f"{_place(outcome, outcome.manifest.pointer)}: {object_title(outcome)}"
    return f"{paint(title, BOLD, colour=colour)}: {_verdict(outcome)}\n"


def finding_lines(outcome: ReviewOutcome, *, colour: bool) -> Iterator[str]:
    """A line for each finding, and one that says what to do about a refusal."""
    for finding in outcome.findings:
        severity = paint(f"{finding.severity.value:8}", _SHADES[finding.severity], colour=colour)
        where = _place(outcome, finding.path)
        yield f"  {severity} {where}: {line(finding.message)} ({finding.rule})\n"
    if not outcome.runs and outcome.manifest.group != GROUP:
        refusing = (
            finding.rule
            for finding in outcome.findings
            if finding.severity is Severity.ERROR or finding.message.startswith(FORETOLD)
        )
        yield f"  {advice(refusing)}\n"


def consequence_lines(outcome: ReviewOutcome) -> Iterator[str]:
    """What the object itself does not show: what its pods get, and which pods can call them."""
    if outcome.pod_additions:
        yield f"  its pods get: {', '.join(line(str(each)) for each in outcome.pod_additions)}\n"
    if outcome.callers:
        yield f"  {line(outcome.callers)}\n"


def count_line(report: ReviewReport) -> str:
    """The last line: how many objects had which outcome; nothing where there was no input."""
    passed = f"; passed over: {count_passed_over(report.passed)}" if report.passed else ""
    if not report.outcomes:
        return f"no Kubernetes object to review{passed}\n" if passed else ""
    total = report.summary()
    bad = f"; {_number(total.unreadable, 'file')} with bad input" if total.unreadable else ""
    if not total.reviewed:
        return (
            f"no MCP server among {_number(total.other, 'object')}{bad}{passed}: label a workload "
            'mcp-admission.dev/server: "true", or use --managed to treat all as MCP servers\n'
        )
    same = total.admitted - total.changed - total.pods_refused
    counts = {
        "admitted with changes": total.changed,
        f"admitted as {'it is' if same == 1 else 'they are'}": same,
        "admitted whose pods would be refused": total.pods_refused,
        "refused": total.refused,
    }
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    warned = f", {_number(total.warnings, 'warning')}" if total.warnings else ""
    rest = f"; {_number(total.other, 'other object')} left alone" if total.other else ""
    settings = any(one.covered and one.manifest.group == GROUP for one in report.outcomes)
    what = _number(total.reviewed, "object" if settings else "MCP server")
    return f"{what}: {said}{warned}{rest}{bad}{passed}\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _place(outcome: ReviewOutcome, pointer: str) -> str:
    """The file and the line of what a pointer leads to."""
    return f"{file_name(outcome)}:{outcome.manifest.document.line(pointer)}"


def _verdict(outcome: ReviewOutcome) -> str:
    if not outcome.covered:
        return "not reviewed"
    if not outcome.allowed:
        return "refused"
    said = "admitted with changes" if outcome.patch else "admitted as it is"
    return f"{said}, but its pods would be refused" if outcome.pods_refused else said


@dataclass(frozen=True)
class ReviewItem:
    """One object of a review."""

    outcome: ReviewOutcome

    @property
    def title(self) -> str:
        """Its kind, namespace and name."""
        return object_title(self.outcome)

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row in a table."""
        outcome, manifest = self.outcome, self.outcome.manifest
        rules = dict.fromkeys(finding.rule for finding in outcome.findings)
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
                }
                for finding in outcome.findings
            ],
            "patch": list(outcome.patch),
        }
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
