"""`mcp-admission completion`: a script with which a shell completes the command line.

It is made from the parsers themselves, so that it knows every command, option and value.
"""

import argparse
from collections.abc import Iterator
from importlib import import_module

from webhook.cli.cluster_options import ASKED_MODES, UserOrMode
from webhook.cli.command import ExitCode, OneOf, Parser, Subparsers, add_command
from webhook.cli.completion_scripts import SCRIPTS, CommandOption, CommandPath
from webhook.cli.output import OutputOf

EPILOG = """\
examples:
  source <(mcp-admission completion bash)     for this shell; put it into ~/.bashrc for every one
  mcp-admission completion zsh > "${fpath[1]}/_mcp-admission"
  mcp-admission completion fish > ~/.config/fish/completions/mcp-admission.fish
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its argument."""
    parser = add_command(
        subparsers,
        "completion",
        short="print a script for shell completion",
        description="Prints a script by which a shell completes commands, options and values.",
        epilog=EPILOG,
    )
    parser.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script."""
    root: Parser = import_module("webhook.cli.main").whole_parser()
    print(SCRIPTS[args.shell](list(command_paths(root))), end="")
    return ExitCode.OK


def command_paths(
    parser: Parser, words: tuple[str, ...] = (), text: str = ""
) -> Iterator[CommandPath]:
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
    yield CommandPath(words, text, options, (*below, *values))
    for name, (inner, said) in below.items():
        yield from command_paths(inner, (*words, name), said)


def _option(action: argparse.Action) -> CommandOption:
    return CommandOption(
        tuple(action.option_strings), _help(action), action.nargs != 0, tuple(_values(action))
    )


def _values(action: argparse.Action) -> list[str]:
    if isinstance(action.type, OneOf | OutputOf):
        return list(action.type.words)
    if isinstance(action, UserOrMode):
        return list(ASKED_MODES)
    known = action.choices or ()
    return [str(value) for value in known]


def _help(action: argparse.Action) -> str:
    """The first clause of an option's help."""
    return (action.help or "").partition(";")[0].partition(" (default")[0]
