"""`mcp-admission console`: the fleet, its settings and its rolls as pages in a browser."""

import argparse

from webhook.cli import cluster_options, output
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import add_log_option
from webhook.console.console_process import ConsoleError, LaptopOptions, run_on_laptop
from webhook.observe.logs import LEVELS

DESCRIPTION = """\
Shows the cluster of your kubeconfig as pages in your browser. It listens on 127.0.0.1 alone, and
does everything with your own rights: the API server decides each time.

The address that it prints lets one browser in, once. After that, another address is printed.
"""
EPILOG = """\
examples:
  mcp-admission console
  mcp-admission console --context staging --port 8600
  mcp-admission console --no-browser        print the address, and open nothing
  mcp-admission console --as alice          see what somebody else would see

exit codes:
  0  ended by Ctrl-C or SIGTERM
  2  the cluster cannot be reached, or the port is taken
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `console`."""
    parser = add_command(
        subparsers,
        "console",
        short="show the fleet as pages in a browser, and change it there",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    parser.add_argument(
        "--port",
        type=port_number,
        default=0,
        metavar="PORT",
        help="the port on 127.0.0.1 (default: a free one)",
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="open no browser; other users of this machine see which address is opened",
    )
    add_log_option(parser)


def port_number(text: str) -> int:
    """Read a port, 0 for a free one; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> ExitCode:
    """Answer until a signal."""
    options = LaptopOptions(
        kubeconfig=args.kubeconfig,
        overrides=cluster_options.connection_overrides(args),
        installation=cluster_options.installation(args),
        port=args.port,
        open_browser=not args.no_browser,
        log_level=LEVELS[args.log_level],
    )
    try:
        run_on_laptop(options, _say)
    except ConsoleError as error:
        output.write_error(args, error)
        return ExitCode.ERROR
    return ExitCode.OK


def _say(text: str) -> None:
    print(text, flush=True)
