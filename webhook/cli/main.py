"""The command line: one module for each command; only the one asked for is imported.

`serve` must start fast and small, so it never loads the report formats of `review`. `review` runs
where no HTTP server is installed.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, cast

from webhook.cli.command import Command, ExitCode, OneOf, Parser, add_command
from webhook.observe.build_info import build_info

COMMANDS = {
    "serve": "webhook.cli.serve",
    "control": "webhook.cli.control",
    "review": "webhook.cli.review",
    "rules": "webhook.cli.rules",
    "settings": "webhook.cli.settings",
    "certs": "webhook.cli.certs",
    "check": "webhook.cli.check",
    "status": "webhook.cli.status",
    "console": "webhook.cli.console",
    "audit": "webhook.cli.audit",
    "apply": "webhook.cli.apply",
    "exception": "webhook.cli.exception",
    "uninstall": "webhook.cli.uninstall",
    "version": "webhook.cli.version",
    "completion": "webhook.cli.completion",
}
HELP = "help"
START = """\
usage: mcp-admission COMMAND ...

mcp-admission hardens MCP servers on Kubernetes. First steps:

  mcp-admission review deployment.yaml    what would the cluster make of this manifest?
  mcp-admission rules                     what is added by default, and what is refused?
  mcp-admission check                     is the product in order, or can this cluster have it?
  mcp-admission audit                     which servers of the cluster are not current?

"mcp-admission help" lists all commands, "mcp-admission help COMMAND" explains one.
"""
DESCRIPTION = """\
Hardens MCP servers on Kubernetes: workloads labelled mcp-admission.dev/server: "true" get the
security settings they lack. Those that contradict the settings are refused, with every reason.
"""
EPILOG = """\
examples:
  mcp-admission review deployment.yaml             what would the cluster make of this manifest?
  helm template . | mcp-admission review -         ... and of everything in this chart?
  mcp-admission rules                              which rules are there, and what do they refuse?
  mcp-admission settings show -n team-a            which settings has a namespace, and why?
  mcp-admission serve --tls-cert tls.crt --tls-key tls.key
                                                   answer the API server's admission reviews
  mcp-admission control                            make what servers need in the cluster
  mcp-admission certs control                      keep the webhook's certificates valid
  mcp-admission certs verify --help                does an API server accept my certificate?
  mcp-admission check --wait                       after an upgrade: until everything is in order
  mcp-admission status                             what is enforced, and what needs a person?
  mcp-admission console                            the same and more as pages in your browser
  mcp-admission audit                              which servers are not current?
  mcp-admission apply -n team --all                roll them to the current settings
  mcp-admission exception draft deployment/github-tools -n team-a
                                                   ask to let it off the rules that refuse it
  mcp-admission uninstall --dry-run                what would its removal take away?

exit codes:
  0  fine
  1  something was refused, found or not done
  2  bad input or usage, or the cluster cannot be reached

"mcp-admission help COMMAND" explains a command.
"""


def main(argv: Sequence[str] | None = None) -> ExitCode:
    """Run the command that the arguments name and return its exit code.

    Raises SystemExit for --help and --version (0) and for wrong usage (2), as argparse does.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if not words:
        sys.stderr.write(START)
        return ExitCode.ERROR
    if words[0] == HELP:
        words = [*words[1:], "--help"]
    commands = {name: _command(name) for name in _asked_for(words)}
    args, unknown = _parser(commands.values()).parse_known_args(words)
    if unknown:
        args.parser.refuse(unknown)
    try:
        code = commands[args.command].run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe; the interpreter's last flush must not fail either.
        _discard_output()
        return ExitCode.FINDINGS
    except OSError as error:
        sys.stderr.write(f"mcp-admission: {error.strerror}: the output is cut short\n")
        _discard_output()
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return ExitCode.FINDINGS
    return code


def whole_parser() -> Parser:
    """The parser of all commands."""
    return _parser(map(_command, COMMANDS))


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _asked_for(words: Sequence[str]) -> Iterable[str]:
    """The commands whose parsers are needed: one, none for --version, else all."""
    if words[0] in COMMANDS:
        return [words[0]]
    return () if words[0] == "--version" else COMMANDS


def _command(name: str) -> Command:
    return cast("Command", import_module(COMMANDS[name]))


def _parser(commands: Iterable[Command]) -> Parser:
    parser = Parser(prog="mcp-admission", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        command.add_parser(subparsers)
    text = "explain a command"
    explain = add_command(subparsers, HELP, short=text, description=text)
    explain.add_argument("name", nargs="?", metavar="COMMAND", type=OneOf("command", COMMANDS))
    return parser


class _Version(argparse.Action):
    """Looks up the version when it is asked for, because reading the metadata takes time."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        found = build_info()
        print(f"{parser.prog} {found.version} ({found.engine} engine)")
        parser.exit()
