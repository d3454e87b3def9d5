"""For people: what the cluster would add to each manifest, and what it says about it.

The diff is between the object as it was written and as it would be stored, both in kubectl's
style of YAML; its line numbers are those of the user's file. Values of environment variables are
not shown: the diff stands in logs that more people read than the manifest.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from webhook.documents.yaml_writer import Line, lines
from webhook.offline.reviewer import Outcome, Report
from webhook.reports.wording import (
    BOLD,
    CYAN,
    GREEN,
    RED,
    consequences,
    count,
    file,
    findings,
    paint,
    title,
    verdict,
)

# Above this, lines that occur often are no anchors for the comparison: it would get slow.
_MANY_LINES = 500
_LONGEST_LINE = 120
_VARIABLE = re.compile(r"/env/\d+/value")
_KEY = re.compile(r"\s*(?:- )?value:")


def render(report: Report, *, colour: bool) -> Iterator[str]:
    """The diff and the findings of every MCP server, and a last line that counts."""
    for outcome in report.told:
        yield f"{paint(title(outcome), BOLD * colour)}: {verdict(outcome)}\n"
        if outcome.patch:
            yield from _diff(outcome, colour=colour)
        yield from findings(outcome, colour=colour)
        yield from consequences(outcome)
        yield "\n"
    yield count(report)


def _diff(outcome: Outcome, *, colour: bool) -> Iterator[str]:
    before = list(lines(outcome.manifest.value, outcome.manifest.pointer))
    after = list(lines(outcome.admitted, outcome.manifest.pointer))
    yield f"--- {file(outcome)}\n"
    yield "+++ as the cluster would store it\n"
    old, new = [line.text for line in before], [line.text for line in after]
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) > _MANY_LINES)
    old, new = [_shown(line) for line in before], [_shown(line) for line in after]
    for group in matcher.get_grouped_opcodes():
        first, last = group[0], group[-1]
        start = _number(outcome, before, first[1])
        head = (
            f"@@ -{start},{last[2] - first[1]} "
            f"+{start + first[3] - first[1]},{last[4] - first[3]} @@"
        )
        yield f"{paint(head, CYAN * colour)}\n"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f" {text}\n" for text in old[old_from:old_to])
                continue
            yield from (f"{paint(f'-{text}', RED * colour)}\n" for text in old[old_from:old_to])
            for text in new[new_from:new_to]:
                yield f"{paint(f'+{_cut(text)}', GREEN * colour)}\n"


def _shown(line: Line) -> str:
    """The line, without the value of an environment variable: it may be a secret."""
    if not _VARIABLE.search(line.pointer):
        return line.text
    key = _KEY.match(line.text)
    return f"{key[0] if key else ' '} (not shown)"


def _cut(text: str) -> str:
    """What the webhook notes for itself is long; `-o yaml` has all of it."""
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 3]}..."


def _number(outcome: Outcome, before: list[Line], at: int) -> int:
    """Where a line of the diff stands in the user's file."""
    return outcome.manifest.document.line(before[at].pointer)
