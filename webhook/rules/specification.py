"""What a rule promises, read from the head of its module.

The head is written for those who read the code; the list of rules, its documentation and the
help texts of reports are made from the same words, so that they cannot differ. It is read from the
source, because a compiled module has no docstring.
"""

import ast
from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from webhook.rules.rule import Rule

_HEADINGS = ("Field", "Absent", "Refused", "Source")


class Specification(NamedTuple):
    """The head of a rule: what it is for, the field that it guards, and what it does there."""

    id: str
    summary: str
    field: str
    absent: str
    refused: str
    source: str

    def details(self) -> Iterator[tuple[str, str]]:
        """What stands under the summary, with headings for people."""
        yield "Field", self.field
        yield "Filled in when absent", self.absent
        yield "Refused", self.refused
        yield "Source", self.source


def specification(rule: Rule) -> Specification:
    """The head of the module that holds the rule; ValueError where it lacks a part."""
    source = files(f"{__package__}.checks").joinpath(f"{rule.module}.py").read_text("utf-8")
    return parse_head(rule.id, ast.get_docstring(ast.parse(source)) or "")


def parse_head(rule: str, head: str) -> Specification:
    """Read `Field`, `Absent`, `Refused` and `Source`; what is indented continues the line above.

    The first line is the summary. Raises ValueError where a heading is missing, doubled, empty
    or out of order.
    """
    summary, _, rest = head.strip().partition("\n\n")
    block = rest.partition("\n\n")[0]
    found: list[tuple[str, str]] = []
    for text in block.splitlines():
        if text.startswith(" ") and found:
            heading, words = found[-1]
            found[-1] = (heading, f"{words} {text.strip()}")
        else:
            heading, _, words = text.partition(" ")
            found.append((heading, words.strip()))
    complete = summary and all(words for _, words in found)
    if tuple(heading for heading, _ in found) != _HEADINGS or not complete:
        raise ValueError(f"the head of rule {rule} must have the parts {', '.join(_HEADINGS)}")
    return Specification(rule, " ".join(summary.split()), *(words for _, words in found))
