"""What a review answers: data, and the sentences that people read.

A warning is one whole sentence of at most 120 characters. Names in Kubernetes have up to 253, and
an object under review may hold longer ones. A word that is too long loses its middle; no word is
dropped.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from webhook.admission.workload_name import draft_for
from webhook.pods import Operation, PodHead
from webhook.rules.registry import EXCEPTABLE

LONGEST_WARNING = 120
LONGEST_LINE = 400
MOST_REASONS = 50
MOST_OF_WARNINGS = 2000  # characters of one hook; the API server drops what is beyond 4096 of all
_EXCEPTION = "remove or correct these fields, or ask the cluster administrator for an exception to "
ADVICE = f"{_EXCEPTION}the rule in brackets"
ADVICE_WITHOUT_A_RULE = "correct these fields: no Kubernetes object has them like this"
ADVICE_WITHOUT_EXCEPTION = "correct these fields: there is no exception to the rule in brackets"
MALFORMED = "object"  # stands in the place of a rule where the shape of an object is refused
PODS_REFUSED = "pods will be refused: "
_NAMED = 5
_LONGEST_POINTER = 60
_SHORTENED = 40  # what a word keeps while there is something else to leave out
_SHORTEST = 24
_READ = 2000  # of a text; what is longer loses its middle before it is looked at
_GAP = "..."
# A quoted text and what stands in brackets are one word, whatever they hold.
_WORD = re.compile(r'(?:"[^"]*"|\[[^\[\]]*\]|\S)+')


class Severity(Enum):
    """Whether a finding refuses the object."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """One thing that a rule says about the object; `path` is an RFC 6901 pointer.

    `brief` is what a warning says where it has no room for the message; empty where that is all.
    `refuses_pods` marks a warning about a workload whose pods would be refused. One with `more`
    stands for so many findings that nobody made words for. `exception` is the name of the one by
    which a finding is a warning.
    """

    rule: str
    severity: Severity
    path: str
    message: str
    brief: str = ""
    refuses_pods: bool = False
    more: int = 0
    exception: str = ""


class Answer(NamedTuple):
    """The outcome of one review.

    `message` says why the object is refused (with HTTP status `code`), else it is empty.
    `warnings` are whole sentences of at most 120 characters. `operations` is the RFC 6902 patch,
    empty unless the object is allowed. `covered` is false for objects that are no MCP servers.
    `would` is what the mode `enforce` would have done with an object that another mode lets pass as
    it is: "patch", "refuse" or nothing.
    """

    allowed: bool
    code: int = 200
    message: str = ""
    warnings: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    findings: tuple[Finding, ...] = ()
    covered: bool = True
    would: str = ""

    @property
    def pods_refused(self) -> bool:
        """Whether the object may be stored, but the pods of its template may not."""
        return any(finding.refuses_pods for finding in self.findings)


ALLOWED = Answer(allowed=True)
NOT_COVERED = Answer(allowed=True, covered=False)


def allow_or_refuse(
    subject: str,
    findings: list[Finding],
    operations: Sequence[Operation] = (),
    *,
    head: PodHead | None = None,
    way_out: str = "",
) -> Answer:
    """Refuse the object where a finding says so, else allow it; `head` is its pod or template."""
    if findings and any(finding.severity is Severity.ERROR for finding in findings):
        draft = "" if head is None else draft_for(head)
        return refuse(subject, findings, way_out=way_out, draft=draft)
    return allow(findings, operations)


def allow(findings: Sequence[Finding] = (), operations: Sequence[Operation] = ()) -> Answer:
    """Allow the object, with the findings as warnings."""
    if not findings and not operations:
        return ALLOWED
    return Answer(
        allowed=True,
        warnings=_warnings(findings),
        operations=tuple(operations),
        findings=tuple(findings),
    )


def refuse(
    subject: str, findings: list[Finding], code: int = 403, *, way_out: str = "", draft: str = ""
) -> Answer:
    """Refuse the object with every reason at once; warnings are not lost over it.

    `way_out` is another way to do what was asked for, which the last line then names first. `draft`
    is the command that drafts an exception.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    shown = [error for error in errors if not error.more][:MOST_REASONS]
    lines = [f'MCP server "{line(subject)}" refused:']
    lines += [f"  {line(error.message)} ({error.rule})" for error in shown]
    more = number_of(errors) - len(shown)
    if more:
        lines.append(f"  and {more:,} more")
    lines.append(f"  {way_out}{advice((error.rule for error in errors), draft)}")
    return Answer(
        allowed=False,
        code=code,
        message="\n".join(lines),
        warnings=_warnings(
            [finding for finding in findings if finding.severity is Severity.WARNING]
        ),
        findings=tuple(findings),
    )


def advice(rules: Iterable[str], draft: str = "") -> str:
    """What to do about a refusal by these rules; an exception only where one can be granted.

    `draft` is the command by which people ask for one.
    """
    refusing = sorted(set(rules))
    exceptable = [rule for rule in refusing if rule in EXCEPTABLE]
    if not exceptable:
        return ADVICE_WITHOUT_A_RULE if refusing == [MALFORMED] else ADVICE_WITHOUT_EXCEPTION
    command = f": {draft}" if draft else ""
    if exceptable == refusing:
        return f"{ADVICE}{command}"
    more = len(exceptable) - _NAMED
    named = ", ".join(exceptable[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{_EXCEPTION}{named}{command}"


def _warnings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The findings as warnings, as many as the API server hands on."""
    if not findings:
        return ()
    warnings: list[str] = []
    room = MOST_OF_WARNINGS
    for finding in findings:
        if finding.more:
            continue
        said = warning(finding)
        room -= len(said)
        if room < 0 or len(warnings) == MOST_REASONS:
            break
        warnings.append(said)
    more = number_of(findings) - len(warnings)
    return (*warnings, f"and {more:,} more warnings") if more else tuple(warnings)


def number_of(findings: Sequence[Finding]) -> int:
    """How many findings there are, those without words included."""
    return sum(finding.more or 1 for finding in findings)


def warning(finding: Finding) -> str:
    """A finding as the value of an HTTP header: one whole sentence of at most 120 characters."""
    brief = finding.brief or finding.message
    for said, shortest in (
        (finding.message, LONGEST_WARNING),
        (brief, LONGEST_WARNING),
        (finding.message, _SHORTENED),
        (brief, _SHORTEST),
    ):
        text = fitted(printable(f"{said} ({finding.rule})"), LONGEST_WARNING, shortest)
        if text is not None:
            return text
    return f"{line(finding.path, _LONGEST_POINTER)} does not follow a rule ({finding.rule})"


def line(text: str, longest: int = LONGEST_LINE) -> str:
    """The text on one line, without control characters, its long words shortened."""
    said = printable(text)
    return fitted(said, longest, _SHORTEST) or f"{said[: longest - 3]}..."


def printable(text: str) -> str:
    """The text on one line, without control characters, and not longer than is read."""
    short = _without_middle(text, _READ)
    return "".join(char if char.isprintable() else " " for char in short)


def fitted(text: str, longest: int, shortest_word: int) -> str | None:
    """The printable text in at most `longest` characters, its longest words shortened.

    None where words of `shortest_word` characters would still be too many.
    """
    if len(text) <= longest:
        return text
    lengths = sorted(len(word) for word in _WORD.findall(text))
    most = _longest_word(lengths, longest - (len(text) - sum(lengths)))
    if most < shortest_word:
        return None
    return _WORD.sub(lambda word: _without_middle(word[0], most), text)


def _longest_word(lengths: list[int], room: int) -> int:
    """What the longest words are cut to, so that all fit into the room.

    The lengths are sorted, and too much for the room.
    """
    for at, length in enumerate(lengths):
        share = room // (len(lengths) - at)
        if length > share:
            return share
        room -= length
    return 0


def _without_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = longest - len(_GAP)
    return f"{text[: kept - kept // 2]}{_GAP}{text[len(text) - kept // 2 :]}"
