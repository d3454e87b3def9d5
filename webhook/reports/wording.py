"""What the formats for people say alike: the object, its findings, the last line that counts."""

from collections.abc import Iterator

from webhook.admission.answer import Severity, advice, line
from webhook.offline.input import STDIN, counted
from webhook.offline.reviewer import Outcome, Report, called
from webhook.settings.resource import GROUP

BOLD, RED, GREEN, YELLOW, CYAN, PLAIN = (f"\x1b[{code}m" for code in (1, 31, 32, 33, 36, 0))
_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW}


def paint(text: str, colour: str) -> str:
    """The text in a colour of the terminal; an empty colour leaves it alone."""
    return f"{colour}{text}{PLAIN}" if colour else text


def file(outcome: Outcome) -> str:
    """The file that holds the object."""
    source = outcome.manifest.document.source
    return "stdin" if source == STDIN else line(source)


def place(outcome: Outcome, pointer: str) -> str:
    """The file and the line of what a pointer leads to."""
    return f"{file(outcome)}:{outcome.manifest.document.line(pointer)}"


def title(outcome: Outcome) -> str:
    """Where the object starts and what it is called."""
    return f"{place(outcome, outcome.manifest.pointer)}: {called(outcome)}"


def verdict(outcome: Outcome) -> str:
    """What became of the object, in words."""
    if not outcome.covered:
        return "not reviewed"
    if not outcome.allowed:
        return "refused"
    said = "admitted with changes" if outcome.patch else "admitted as it is"
    return f"{said}, but its pods would be refused" if outcome.pods_refused else said


def findings(outcome: Outcome, *, colour: bool) -> Iterator[str]:
    """A line for each finding, and one that says what to do about a refusal."""
    for finding in outcome.findings:
        severity = paint(f"{finding.severity.value:8}", _COLOURS[finding.severity] * colour)
        where = place(outcome, finding.path)
        yield f"  {severity} {where}: {line(finding.message)} ({finding.rule})\n"
    if not outcome.runs and outcome.manifest.group != GROUP:
        refusing = (
            finding.rule
            for finding in outcome.findings
            if finding.severity is Severity.ERROR or finding.refuses_pods
        )
        yield f"  {advice(refusing)}\n"


def consequences(outcome: Outcome) -> Iterator[str]:
    """What the object itself does not show: what its pods get, and who may call them."""
    if outcome.given:
        yield f"  its pods get: {', '.join(line(str(each)) for each in outcome.given)}\n"
    if outcome.callers:
        yield f"  {line(outcome.callers)}\n"


def count(report: Report) -> str:
    """The last line: how many objects had which outcome; nothing where there was no input."""
    passed = f"; passed over: {counted(report.passed)}" if report.passed else ""
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
    parts = [
        f"{total.changed} admitted with changes",
        f"{same} admitted as {'it is' if same == 1 else 'they are'}",
        f"{total.pods_refused} admitted whose pods would be refused",
        f"{total.refused} refused",
    ]
    said = ", ".join(part for part in parts if not part.startswith("0 "))
    warned = f", {_number(total.warnings, 'warning')}" if total.warnings else ""
    rest = f"; {_number(total.other, 'other object')} left alone" if total.other else ""
    settings = any(one.covered and one.manifest.group == GROUP for one in report.outcomes)
    what = _number(total.reviewed, "object" if settings else "MCP server")
    return f"{what}: {said}{warned}{rest}{bad}{passed}\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
