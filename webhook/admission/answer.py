"""What a review answers, in data and in the words that people read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from webhook.admission.patch import Operation

LONGEST_WARNING = 120
LONGEST_LINE = 400
MOST_REASONS = 50
ADVICE = (
    "remove or correct these fields, or ask the cluster administrator for an exception to the "
    "rule in brackets"
)
ADVICE_WITHOUT_A_RULE = "correct these fields: no Kubernetes object has them like this"
MALFORMED = "object"  # stands in the place of a rule where the shape of an object is refused


class Severity(Enum):
    """Whether a finding refuses the object."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """One thing that a rule says about the object; `path` is an RFC 6901 pointer."""

    rule: str
    severity: Severity
    path: str
    message: str


class Answer(NamedTuple):
    """The outcome of one review.

    `message` says why the object is refused (with HTTP status `code`), else it is empty.
    `warnings` are one line of at most 120 characters each. `operations` is the RFC 6902 patch,
    empty unless the object is allowed. `covered` is false for objects that are no MCP servers.
    `pods_refused` is true where the object may be stored, but the pods of its template may not.
    """

    allowed: bool
    code: int = 200
    message: str = ""
    warnings: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    findings: tuple[Finding, ...] = ()
    covered: bool = True
    pods_refused: bool = False


NOT_COVERED = Answer(allowed=True, covered=False)


def decide(subject: str, findings: list[Finding], operations: Sequence[Operation] = ()) -> Answer:
    """Refuse the object where a finding says so, else allow it."""
    if findings and any(finding.severity is Severity.ERROR for finding in findings):
        return refuse(subject, findings)
    return allow(findings, operations)


def allow(findings: Sequence[Finding] = (), operations: Sequence[Operation] = ()) -> Answer:
    """Allow the object, with the findings as warnings."""
    return Answer(
        allowed=True,
        warnings=_warnings(findings),
        operations=tuple(operations),
        findings=tuple(findings),
    )


def refuse(subject: str, findings: list[Finding], code: int = 403) -> Answer:
    """Refuse the object with every reason at once; warnings are not lost over it."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    lines = [f'MCP server "{line(subject)}" refused:']
    lines += [f"  {line(error.message)} ({error.rule})" for error in errors[:MOST_REASONS]]
    if len(errors) > MOST_REASONS:
        lines.append(f"  and {len(errors) - MOST_REASONS} more")
    ruled = any(error.rule != MALFORMED for error in errors)
    lines.append(f"  {ADVICE if ruled else ADVICE_WITHOUT_A_RULE}")
    return Answer(
        allowed=False,
        code=code,
        message="\n".join(lines),
        warnings=_warnings(
            [finding for finding in findings if finding.severity is Severity.WARNING]
        ),
        findings=tuple(findings),
    )


def _warnings(findings: Sequence[Finding]) -> tuple[str, ...]:
    warnings = tuple(map(warning, findings[:MOST_REASONS]))
    more = len(findings) - MOST_REASONS
    return (*warnings, f"and {more} more warnings") if more > 0 else warnings


def warning(finding: Finding) -> str:
    """A finding as the value of an HTTP header: one printable line of at most 120 characters."""
    return line(f"{finding.message} ({finding.rule})", LONGEST_WARNING)


def line(text: str, longest: int = LONGEST_LINE) -> str:
    """The text on one line, without control characters, cut where it is too long."""
    printable = "".join(char if char.isprintable() else " " for char in text[: longest + 1])
    return printable if len(printable) <= longest else f"{printable[: longest - 3]}..."
