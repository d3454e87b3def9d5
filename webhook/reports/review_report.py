"""The report of a review: all outcomes with their counts, and how they are worded for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhook.admission import Severity, advice, draft_command, line
from webhook.offline.passed_over import STDIN, InputFault, PassedOver, count_passed_over
from webhook.offline.review_outcome import ReviewOutcome
from webhook.reports.text import BOLD, RED, YELLOW, paint
from webhook.settings import GROUP

_ENFORCE_WOULD = {
    "refuse": "; enforce would refuse it",
    "patch": "; enforce would change it",
    "": "",
}
_SHADES = {Severity.ERROR: RED, Severity.WARNING: YELLOW}


class ReviewSummary(NamedTuple):
    """How many objects had which outcome; `reviewed` are the MCP servers, `other` the rest.

    `pods_refused` counts admitted objects whose pods would be refused, `unreadable` files that
    cannot be read as a whole, and `passed_over` what has no manifest or was left out. `excepted`
    counts those warnings that are no refusal because of an exception. `would_refuse` and
    `would_change` count objects that only a mode below enforce lets pass as they are.
    """

    reviewed: int
    admitted: int
    changed: int
    refused: int
    pods_refused: int
    warnings: int
    other: int
    unreadable: int
    passed_over: int
    excepted: int = 0
    would_refuse: int = 0
    would_change: int = 0


@dataclass(frozen=True)
class ReviewReport:
    """The outcome of each object, and the input that has none.

    `faults` is input that cannot be read, `passed` is input that is no manifest or left out.
    """

    outcomes: Sequence[ReviewOutcome]
    faults: Sequence[InputFault] = ()
    passed: Sequence[PassedOver] = ()

    @property
    def listed(self) -> list[ReviewOutcome]:
        """The outcomes of MCP servers, and of what looks like one and is not reviewed."""
        return [outcome for outcome in self.outcomes if outcome.covered or outcome.findings]

    def summary(self) -> ReviewSummary:
        """Count the outcomes."""
        reviewed = [one for one in self.outcomes if one.covered]
        admitted = [one for one in reviewed if one.allowed]
        return ReviewSummary(
            reviewed=len(reviewed),
            admitted=len(admitted),
            changed=sum(bool(one.patch) for one in admitted),
            refused=len(reviewed) - len(admitted),
            pods_refused=sum(one.pods_refused for one in admitted),
            warnings=sum(
                finding.severity is Severity.WARNING
                for one in self.outcomes
                for finding in one.findings
            ),
            other=len(self.outcomes) - len(reviewed),
            unreadable=len({fault.source for fault in self.faults}),
            passed_over=len(self.passed),
            excepted=sum(bool(each.exception) for one in self.outcomes for each in one.findings),
            would_refuse=sum(one.would == "refuse" for one in admitted),
            would_change=sum(one.would == "patch" for one in admitted),
        )


def file_name(outcome: ReviewOutcome) -> str:
    """The file that holds the object."""
    source = outcome.manifest.document.source
    return "stdin" if source == STDIN else line(source)


def heading_line(outcome: ReviewOutcome, *, colour: bool) -> str:
    """Where the object starts, what it is called, and what the cluster would do with it."""
    title = f"{_place(outcome, outcome.manifest.pointer)}: {outcome.title}"
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
            if finding.severity is Severity.ERROR or finding.refuses_pods
        )
        manifest = outcome.manifest
        draft = draft_command(manifest.kind, manifest.name, outcome.namespace)
        yield f"  {advice(refusing, draft)}\n"


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
    would = total.would_refuse + total.would_change
    same = total.admitted - total.changed - total.pods_refused - would
    counts = {
        "admitted with changes": total.changed,
        f"admitted as {'it is' if same == 1 else 'they are'}": same,
        "admitted whose pods would be refused": total.pods_refused,
        "refused": total.refused,
        "admitted that enforce would change": total.would_change,
        "admitted that enforce would refuse": total.would_refuse,
    }
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    warned = f", {_number(total.warnings, 'warning')}" if total.warnings else ""
    warned += f" ({total.excepted} by exception)" if total.excepted else ""
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
    if outcome.mode:
        return f"{said} in the mode {outcome.mode}{_ENFORCE_WOULD[outcome.would]}"
    return f"{said}, but its pods would be refused" if outcome.pods_refused else said
