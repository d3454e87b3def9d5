"""The command `rules`: every rule, with what it fills in and what it refuses."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator

from webhook.cli.command import Subparsers, add_command
from webhook.cli.formats.markdown import escaped
from webhook.rules.registry import RULES
from webhook.rules.rule import Rule
from webhook.rules.specification import Specification, specification
from webhook.settings.standard import Level

_HEADINGS = ("RULE", "FIELD", "FILLED IN WHEN ABSENT", "REFUSED")
_NARROWEST = 110
_INTRODUCTION = """\
# Rules

<!-- Made by "make docs" from the heads of webhook/rules/*.py. -->

Each rule guards one field of an MCP server: it fills in what is absent and refuses what
contradicts it. A refusal names the rule in brackets. The settings `onConflict` and
`rules.<rule>` decide whether a contradiction is refused (`deny`), replaced (`override`) or only
told (`warn`); `off` switches a rule off. "Asked for at" is the lowest level of
`mcpNamespace.podSecurity.enforce` at which a rule acts.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "rules",
        short="list every rule, with what it fills in and what it refuses",
        description="Lists every rule: its identifier, the field it guards, and what it does.",
    )
    parser.add_argument(
        "-o",
        "--output",
        choices=_FORMATS,
        default="table",
        help="table is for people, markdown makes docs/rules.md (default: table)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the rules in the order in which they act; always 0."""
    for part in _FORMATS[args.output]():
        sys.stdout.write(part)
    sys.stdout.flush()
    return 0


def _table() -> Iterator[str]:
    """Columns as wide as the terminal allows, words wrapped, a blank line between two rules."""
    first = max(len(rule.id) for rule in RULES)
    width = max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns)
    other = (width - first - 3 * len(_HEADINGS[1:])) // len(_HEADINGS[1:])
    widths = (first, *[other] * len(_HEADINGS[1:]))
    yield from _row(_HEADINGS, widths)
    for rule in RULES:
        found = specification(rule)
        cells = (found.id, found.field, found.absent, found.refused)
        yield "\n"
        yield from _row(cells, widths)


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> Iterator[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False)
        for cell, width in zip(cells, widths, strict=True)
    ]
    for at in range(max(map(len, wrapped))):
        texts = [column[at] if at < len(column) else "" for column in wrapped]
        line = "   ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True))
        yield f"{line.rstrip()}\n"


def _json() -> Iterator[str]:
    rules = [specification(rule)._asdict() | {"level": _level(rule)} for rule in RULES]
    yield f"{json.dumps(rules, indent=2, ensure_ascii=False)}\n"


def _markdown() -> Iterator[str]:
    yield _INTRODUCTION
    for rule in RULES:
        level = _level(rule)
        acts = "every level" if level == "privileged" else level
        yield from _section(specification(rule), acts)


def _section(rule: Specification, acts: str) -> Iterator[str]:
    yield f"\n## {rule.id}\n\n{escaped(rule.summary)}\n\n"
    yield "| | |\n|---|---|\n"
    for heading, words in (*rule.details(), ("Asked for at", acts)):
        yield f"| {heading} | {escaped(words)} |\n"


def _level(rule: Rule) -> str:
    """The lowest Pod Security level at which the rule acts, in the word of the settings."""
    fills = rule.level if rule.fill_level is None else rule.fill_level
    return Level(min(rule.level, fills)).name.lower()


_FORMATS: dict[str, Callable[[], Iterator[str]]] = {
    "table": _table,
    "json": _json,
    "markdown": _markdown,
}
