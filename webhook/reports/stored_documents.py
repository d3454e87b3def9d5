"""The documents as the cluster would store them: for people as a diff, for kubectl as YAML.

The diff is between the object as it was written and as it would be stored, both in kubectl's
style of YAML. Its line numbers are those of the user's file. Values of environment variables are
not shown, because more people read logs with a diff than the manifest.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from webhook.documents import Line, lines
from webhook.offline.manifests import list_items
from webhook.offline.review_outcome import ReviewOutcome
from webhook.reports import review_report
from webhook.reports.review_items import ReviewSource
from webhook.reports.text import CYAN, GREEN, RED, paint

# Above this, lines that occur often are no anchors for the comparison: it would get slow.
_MANY_LINES = 500
_LONGEST_LINE = 120
_VARIABLE = re.compile(r"/env/\d+/value")
_KEY = re.compile(r"\s*(?:- )?value:")


def render_diff(source: ReviewSource, *, colour: bool) -> Iterator[str]:
    """The diff and the findings of every MCP server, and a last line that counts."""
    for outcome in source.report.listed:
        yield review_report.heading_line(outcome, colour=colour)
        if outcome.patch:
            yield from _diff(outcome, colour=colour)
        yield from review_report.finding_lines(outcome, colour=colour)
        yield from review_report.consequence_lines(outcome)
        yield "\n"
    yield review_report.count_line(source.report)


def render_stored(source: ReviewSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """Every document that holds something admitted, in the order of the input."""
    separator = ""
    for _, group in groupby(source.report.outcomes, key=lambda one: id(one.manifest.document)):
        stored = {outcome.manifest.pointer: outcome for outcome in group}
        document = next(iter(stored.values())).manifest.document
        if any(outcome.allowed for outcome in stored.values()):
            yield separator
            separator = "---\n"
            for line in lines(_stored(document.value, "", stored)):
                yield f"{line.text}\n"


def _diff(outcome: ReviewOutcome, *, colour: bool) -> Iterator[str]:
    before = list(lines(outcome.manifest.value, outcome.manifest.pointer))
    after = list(lines(outcome.admitted, outcome.manifest.pointer))
    yield f"--- {review_report.file_name(outcome)}\n"
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
        yield f"{paint(head, CYAN, colour=colour)}\n"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f" {text}\n" for text in old[old_from:old_to])
                continue
            yield from (
                f"{paint(f'-{text}', RED, colour=colour)}\n" for text in old[old_from:old_to]
            )
            for text in new[new_from:new_to]:
                yield f"{paint(f'+{_cut(text)}', GREEN, colour=colour)}\n"


def _shown(line: Line) -> str:
    """The line, without the value of an environment variable: it may be a secret."""
    if not _VARIABLE.search(line.pointer):
        return line.text
    key = _KEY.match(line.text)
    return f"{key[0] if key else ' '} (not shown)"


def _cut(text: str) -> str:
    """What the webhook notes for itself is long; `-o yaml` has all of it."""
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 3]}..."


def _number(outcome: ReviewOutcome, before: list[Line], at: int) -> int:
    """Where a line of the diff stands in the user's file."""
    return outcome.manifest.document.line(before[at].pointer)


def _stored(value: Any, pointer: str, outcomes: dict[str, ReviewOutcome]) -> Any:
    """The object as it would be stored; a List keeps the items that are admitted."""
    if pointer in outcomes:
        return outcomes[pointer].admitted
    kept = []
    for at, item in enumerate(list_items(value) or ()):
        stored = _stored(item, f"{pointer}/items/{at}", outcomes)
        if stored is not None:
            kept.append(stored)
    return value | {"items": kept}
