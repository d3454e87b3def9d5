"""The modes below enforce: an object passes as it is, and what enforce would do is told.

The rules answer as they do in the mode `enforce`. Here that becomes an answer that changes and
refuses nothing. It keeps the findings, and one word for what enforce would have done: logs, metrics
and audit annotations tell an administrator. In the mode `warn`, the user is told too.

Below enforce nothing was filled in when the validating hook asks. So the object is filled in first,
as the mutating hook would, and checked then: what enforce fills in is no reason to refuse. Only the
validating hook warns: it sees what is stored, and API servers join the warnings of both hooks.
"""

from collections.abc import Callable, Iterable
from typing import Any

from webhook.admission.answer import (
    LONGEST_WARNING,
    PODS_REFUSED,
    Answer,
    Finding,
    Severity,
    line,
    number_of,
    warning,
)
from webhook.admission.workload import Hook, Request
from webhook.documents import escape
from webhook.names import INJECTED
from webhook.settings import Settings

MOST_LINES = 3
WOULD_BE_REFUSED, PODS_WOULD_BE_REFUSED = "would be refused: ", "pods would be refused: "
_ONCE = "once mcp-admission enforces its rules"
_MEMORY = f"/annotations/{escape(INJECTED)}"


def below_enforce(
    request: Request, settings: Settings, enforce: Callable[[Request], Answer]
) -> Answer:
    """Let the object pass, and say what `enforce` answers to the request.

    `would` of the answer is "refuse" where this hook would refuse the object, "patch" where it
    would change it. `enforce` edits the object of the request.
    """
    filled = enforce(request._replace(hook=Hook.MUTATE))
    if request.hook is Hook.MUTATE:
        return _passed(filled, "patch" if filled.operations else "")
    final = enforce(request) if filled.allowed else filled
    speaks = settings.mode == "warn"
    return _passed(final, "")._replace(warnings=_lines(request, filled, final) if speaks else ())


def _passed(answer: Answer, would: str) -> Answer:
    return Answer(
        allowed=True,
        findings=tuple(map(_conditional, answer.findings)),
        covered=answer.covered,
        would=would if answer.allowed else "refuse",
    )


def _conditional(finding: Finding) -> Finding:
    """The finding, where it is about pods that are not refused for now."""
    if not finding.refuses_pods:
        return finding
    return _about_pods(finding, PODS_WOULD_BE_REFUSED)._replace(refuses_pods=False)


def _about_pods(finding: Finding, beginning: str) -> Finding:
    message, brief = (
        f"{beginning}{text.removeprefix(PODS_REFUSED)}" if text else ""
        for text in (finding.message, finding.brief)
    )
    return finding._replace(message=message, brief=brief)


def _lines(request: Request, filled: Answer, final: Answer) -> tuple[str, ...]:
    """What the user reads: what enforce would do with the object, and the first reasons."""
    kind = request.kind or "object"
    findings = list(dict.fromkeys((*filled.findings, *final.findings)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        return _headed(f"allowed for now: {_ONCE}, it refuses this {kind} for", errors, "reason")
    of_pods = [_about_pods(finding, "") for finding in findings if finding.refuses_pods]
    if of_pods:
        said = f"allowed for now: {_ONCE}, it refuses pods of this {kind} for"
        return _headed(said, of_pods, "reason")
    if filled.operations:
        said = f"stored as it is: {_ONCE}, it {_edits(filled.operations)} of this {kind}"
        return _headed(f"{said}, with", findings, "warning") if findings else (_short(said),)
    more = number_of(findings) > MOST_LINES
    shown = _first(findings, MOST_LINES - more)
    if not more:
        return shown
    return (*shown, f"and {number_of(findings) - len(shown):,} more warnings")


def _headed(said: str, findings: list[Finding], word: str) -> tuple[str, ...]:
    """A heading that counts the findings, and the first of them."""
    count = number_of(findings)
    counted = f"{count:,} {word}s" if count > 1 else f"this {word}"
    return (_short(f"{said} {counted}:"), *_first(findings, MOST_LINES - 1))


def _first(findings: Iterable[Finding], most: int) -> tuple[str, ...]:
    return tuple([warning(finding) for finding in findings if not finding.more][:most])


def _edits(operations: Iterable[dict[str, Any]]) -> str:
    """What a patch does, but for the record of it."""
    edits = [edit for edit in operations if not edit["path"].endswith(_MEMORY)]
    verb = "fills in" if all(edit["op"] == "add" for edit in edits) else "changes"
    count = sum(_leaves(edit.get("value")) for edit in edits)
    return f"{verb} {count:,} field{'s' if count > 1 else ''}"


def _leaves(value: Any) -> int:
    """How many fields a value is; that of a field which goes is one."""
    return sum(map(_leaves, value.values())) if type(value) is dict and value else 1


def _short(text: str) -> str:
    return line(text, LONGEST_WARNING)
