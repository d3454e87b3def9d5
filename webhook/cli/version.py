"""`mcp-admission version`: which version this is, of what it is made, and where it runs."""

import argparse

from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.output import add_output_option, is_for_programs, print_object
from webhook.observe.build_info import build_info


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its option."""
    parser = add_command(
        subparsers,
        "version",
        short="print the version",
        description="Prints the version of mcp-admission, the Python and system it runs on, and "
        "whether its engine is compiled.",
    )
    add_output_option(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Print the version."""
    found = build_info()
    if is_for_programs(args):
        print_object(args, found._asdict())
    else:
        runs_on = f"Python {found.python}, {found.platform}, {found.engine} engine"
        print(f"mcp-admission {found.version} ({runs_on})")
    return ExitCode.OK
