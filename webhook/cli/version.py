"""`mcp-admission version`: which version this is, of what it is made, and where it runs."""

import argparse
import platform
from importlib.metadata import version

from webhook import names
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.output import add_output_option, is_for_programs, print_object


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its option."""
    parser = add_command(
        subparsers,
        "version",
        short="print the version",
        description="Prints the version of mcp-admission, and the Python and system it runs on.",
    )
    add_output_option(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Print the version."""
    found = {
        "version": version(names.PRODUCT),
        "python": platform.python_version(),
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }
    if is_for_programs(args):
        print_object(args, found)
    else:
        print(f"mcp-admission {found['version']} (Python {found['python']}, {found['platform']})")
    return ExitCode.OK
