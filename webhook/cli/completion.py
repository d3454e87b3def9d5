"""`mcp-admission completion`: a script by which a shell completes commands, options and values.

It is made from the parsers themselves, so that it knows what they know.
"""

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from webhook.cli.command import OneOf, Parser, Subparsers, add_command
from webhook.cli.destinations import OutputOf

SHELLS = ("bash", "zsh", "fish")
EPILOG = """\
examples:
  source <(mcp-admission completion bash)     for this shell; put it into ~/.bashrc for every one
  mcp-admission completion zsh > "${fpath[1]}/_mcp-admission"
  mcp-admission completion fish > ~/.config/fish/completions/mcp-admission.fish
"""


class Option(NamedTuple):
    """An option: its spellings, what it does, and which values it takes where they are known."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    values: tuple[str, ...]


class Place(NamedTuple):
    """A command or action: the words that lead to it, and what may follow them."""

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    values: tuple[str, ...]

    @property
    def path(self) -> str:
        """The words as one: `/certs/init`, and nothing for the command line itself."""
        return "".join(f"/{word}" for word in self.words)

    def before_value(self, option: Option) -> str:
        """A shell's pattern for this path and a spelling of the option behind it."""
        return "|".join(f'"{self.path} {name}"' for name in option.names)


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its argument."""
    parser = add_command(
        subparsers,
        "completion",
        short="print a script for shell completion",
        description="Prints a script by which a shell completes commands, options and values.",
        epilog=EPILOG,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print the script; always 0."""
    root: Parser = import_module("webhook.cli.main").whole_parser()
    script = import_module(f"webhook.cli.shells.{args.shell}").script(list(places(root)))
    print(script, end="")
    return 0


def places(parser: Parser, words: tuple[str, ...] = (), text: str = "") -> Iterator[Place]:
    """The parser and those below it; `values` of one with commands are their names."""
    actions = parser._actions  # noqa: SLF001 - argparse has no other way to them
    below = {
        name: (inner, _help(below_one))
        for action in actions
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
        for below_one, (name, inner) in zip(
            action._choices_actions,  # noqa: SLF001
            action.choices.items(),
            strict=True,
        )
    }
    options = tuple(_option(action) for action in actions if action.option_strings)
    values = [
        value
        for action in actions
        if not action.option_strings and not isinstance(action.choices, dict)
        for value in _values(action)
    ]
    yield Place(words, text, options, (*below, *values))
    for name, (inner, said) in below.items():
        yield from places(inner, (*words, name), said)


def _option(action: argparse.Action) -> Option:
    return Option(
        tuple(action.option_strings), _help(action), action.nargs != 0, tuple(_values(action))
    )


def _values(action: argparse.Action) -> list[str]:
    if isinstance(action.type, OneOf | OutputOf):
        return list(action.type.words)
    known = action.choices or ()
    return [str(value) for value in known]


def _help(action: argparse.Action) -> str:
    """The first clause of its help."""
    return (action.help or "").partition(";")[0].partition(" (default")[0]
