"""What a module has to offer to be a command."""

from __future__ import annotations

import argparse
from typing import Protocol, TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def add_command(
    subparsers: Subparsers, name: str, *, short: str, description: str, epilog: str | None = None
) -> argparse.ArgumentParser:
    """Add the parser of a command or action: its texts as they are written, no abbreviations.

    It can be asked for under `parser` in what it parsed, to refuse words that are left over.
    """
    parser = subparsers.add_parser(
        name,
        help=short,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(parser=parser)
    return parser


class Command(Protocol):
    """A module of this package that is named in `main.COMMANDS`."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Add the command's own parser: its options, their help, examples in the epilog."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code: 0 fine, 1 something was refused, 2 bad input or usage."""
