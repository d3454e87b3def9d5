"""What a module offers to be a command: its parser, a function to run, and an exit code."""

import argparse
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum
from typing import Any, NoReturn, Protocol, TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - it has no public name


class ExitCode(IntEnum):
    """How a command ends; each command's help says what the codes mean for it."""

    OK = 0
    FINDINGS = 1
    """Something was refused, found or not done."""
    ERROR = 2
    """Bad input or usage, or a cluster that cannot be reached."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`: did you mean X?`, or nothing where no known word is like it."""
    found = get_close_matches(wrong, list(known), 1, cutoff=0.7)
    return f": did you mean {found[0]}?" if found else ""


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations that suggests a known word for an unknown one.

    Descriptions and epilogs are printed as they are written.
    """

    def __init__(self, **options: Any) -> None:
        options |= {
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "allow_abbrev": False,
        }
        super().__init__(**options)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse as always, but report an unknown option before a missing argument."""
        words = list(args or ())
        if not self._names_subcommand(words):
            before = words[: words.index("--")] if "--" in words else words
            for word in before:
                if self._is_unknown(word):
                    self.refuse([word])
        return super().parse_known_args(words, namespace)

    def _names_subcommand(self, words: Sequence[str]) -> bool:
        """Whether one of the words is a command or an action with a parser of its own."""
        below = (action.choices for action in self._actions if isinstance(action.choices, dict))
        return any(word in choices for choices in below for word in words)

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """End with a usage error about these words, and suggest a known option."""
        first = words[0].partition("=")[0]
        guess = did_you_mean(first, self._option_string_actions) if first.startswith("-") else ""
        self.error(f"unrecognized arguments: {' '.join(words)}{guess}")

    def _is_unknown(self, word: str) -> bool:
        option = word.partition("=")[0]
        is_option = option.startswith("--") and " " not in word
        return is_option and option not in self._option_string_actions

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = action.choices
        if choices is not None and value not in choices:
            known = [str(each) for each in choices]
            raise argparse.ArgumentError(
                action,
                f"invalid choice: {value!r}{did_you_mean(str(value), known) or ':'} "
                f"choose from {', '.join(known)}",
            )


class OneOf:
    """The type of an argument that is one of these words."""

    def __init__(self, what: str, words: Collection[str]) -> None:
        self.what, self.words = what, words

    def __call__(self, text: str) -> str:
        """Read it; raises ArgumentTypeError."""
        if text not in self.words:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no {self.what}{did_you_mean(text, self.words)}"
            )
        return text


def add_command(
    subparsers: Subparsers, name: str, *, short: str, description: str, epilog: str | None = None
) -> Parser:
    """Add the parser of a command or action.

    `args.parser` is this parser after parsing, so that a command can end with a usage error.
    """
    parser = subparsers.add_parser(name, help=short, description=description, epilog=epilog)
    parser.set_defaults(parser=parser)
    return parser


class Command(Protocol):
    """A module of this package that is named in `main.COMMANDS`."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Add the command's own parser: its options, their help, examples in the epilog."""

    def run(self, args: argparse.Namespace) -> ExitCode:
        """Run the command."""
