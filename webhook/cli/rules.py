"""`mcp-admission rules`: every rule, with the default it sets and what it refuses."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

from webhook.cli.command import ExitCode, OneOf, Subparsers, add_command
from webhook.cli.output import TABLE, add_output_option, is_for_programs, print_object
from webhook.reports.text import escape_markdown
from webhook.rules.registry import RULES
from webhook.rules.rule import Rule
from webhook.rules.specification import Specification, specification
from webhook.settings.rule_settings import Level

_HEADINGS = ("RULE", "FIELD", "FILLED IN WHEN ABSENT", "REFUSED")
_NARROWEST = 110
_INTRODUCTION = """\
# Rules

<!-- Made by "make docs" from the heads of webhook/rules/checks/*.py. -->

Each rule guards one field of an MCP server. It adds a default where the field is absent, and
refuses a value that contradicts it. A refusal names the rule in brackets. The settings
`onConflict` and `rules.<rule>` decide whether a contradiction is refused (`deny`), replaced
(`override`) or reported as a warning (`warn`); `off` switches a rule off. "Asked for at" is the
lowest level of `mcpNamespace.podSecurity.enforce` at which a rule acts.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "rules",
        short="list every rule, with the default it adds and what it refuses",
        description="Lists every rule with its field, its default and what it refuses. With names, "
        "explains those rules.",
    )
    parser.add_argument(
        "ids",
        nargs="*",
        type=OneOf("rule", [rule.id for rule in RULES]),
        metavar="RULE",
        help="explain this rule, such as capabilities (default: list all)",
    )
    add_output_option(parser, "markdown")


def run(args: argparse.Namespace) -> ExitCode:
    """Print the rules in the order in which they act."""
    rules = [rule for rule in RULES if not args.ids or rule.id in args.ids]
    if is_for_programs(args):
        print_object(
            args, [specification(each)._asdict() | {"level": _level(each)} for each in rules]
        )
        return ExitCode.OK
    table = _explained if args.ids else _table
    for part in table(rules) if args.output == TABLE else _markdown(rules):
        sys.stdout.write(part)
    sys.stdout.flush()
    return ExitCode.OK


def _explained(rules: Sequence[Rule]) -> Iterator[str]:
    """A rule with all its details, a blank line between two."""
    between = ""
    for rule in rules:
        found = specification(rule)
        yield f"{between}{found.id}: {found.summary}\n"
        between = "\n"
        for heading, words in (*found.details(), ("Asked for at", _acts(rule))):
            yield f"  {heading + ':':<23}{words}\n"


def _table(rules: Sequence[Rule]) -> Iterator[str]:
    """Columns as wide as the terminal allows, words wrapped, a blank line between two rules."""
    first = max(len(rule.id) for rule in rules)
    width = max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns)
    other = (width - first - 3 * len(_HEADINGS[1:])) // len(_HEADINGS[1:])
    widths = (first, *[other] * len(_HEADINGS[1:]))
    yield from _row(_HEADINGS, widths)
    for rule in rules:
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


def _markdown(rules: Sequence[Rule]) -> Iterator[str]:
    yield _INTRODUCTION
    for rule in rules:
        yield from _section(specification(rule), _acts(rule))


def _section(rule: Specification, acts: str) -> Iterator[str]:
    yield f"\n## {rule.id}\n\n{escape_markdown(rule.summary)}\n\n"
    yield "| | |\n|---|---|\n"
    for heading, words in (*rule.details(), ("Asked for at", acts)):
        yield f"| {heading} | {escape_markdown(words)} |\n"


def _level(rule: Rule) -> str:
    """The lowest Pod Security level at which the rule acts, in the word of the settings."""
    fills = rule.level if rule.fill_level is None else rule.fill_level
    return Level(min(rule.level, fills)).name.lower()


def _acts(rule: Rule) -> str:
    level = _level(rule)
    return "every level" if level == "privileged" else level
