"""What a module has to offer to be a command."""

from __future__ import annotations

import argparse
from typing import Protocol, TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


class Command(Protocol):
    """A module of this package that is named in `main.COMMANDS`."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Add the command's own parser: its options, their help, examples in the epilog."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code: 0 fine, 1 something was refused, 2 bad input or usage."""
