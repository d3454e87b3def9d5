"""The options of `apply`, and what `--help` says about it."""

import argparse
from collections.abc import Callable

from webhook.cli import output
from webhook.cli.cluster_options import add_access_options
from webhook.cli.command import Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option
from webhook.fleet.fleet_roll import MOST_PARALLEL

DESCRIPTION = """\
Rolls MCP servers to the current settings and waits for each, as `kubectl rollout restart` does.
Servers that are current are not touched. A server that would be refused, is paused, would not
change, or would name a runtime class that is missing is reported and not touched.

A roll fails at once where waiting cannot mend it, such as a quota, Pod Security or an image without
a valid name. The server then goes back to the revision that ran, and no further server is begun.

In a namespace below the mode enforce, a rollout changes nothing: no server there is rolled.
"""
EPILOG = """\
examples:
  mcp-admission apply -n team-a github-tools crm     these two, in this order
  mcp-admission apply -n team-a --all --dry-run      what would roll, and why?
  mcp-admission apply --all --parallel 5             every server of the cluster, five at a time
  mcp-admission apply --all --timeout 120 --max-failures 3

results: rolled, would-roll, current, gone, refused, paused, failed, interrupted, not-touched

progress:
  Standard output has a line for each server. Standard error has the progress, on a terminal as a
  bar in one line. A roll fails at once where its reason is final, after --timeout, or when
  Kubernetes reports that it makes no progress, after progressDeadlineSeconds.

failures:
  A server whose roll fails gets the template back that ran before, as by `kubectl rollout undo`.
  Its old pods run on. A revision that did not run, or was never filled in, does not come back: the
  roll then stays as it is. Where every roll fails for one reason, the setting at fault is named.

signals:
  SIGINT, SIGTERM    stop: no other server is touched, present rollouts continue by themselves

exit codes:
  0  every server that was asked for is current
  1  one is not: it was refused, is paused, has failed, or was not touched; with --all, a server of
     a namespace below enforce is not touched either
  2  the cluster cannot be reached; the settings in force may not be read; wrong usage or settings;
     a name that is no server; a namespace below enforce was named
"""


def add_apply_parser(subparsers: Subparsers) -> None:
    """Add the command with its options."""
    parser = add_command(
        subparsers,
        "apply",
        short="roll servers to the current settings, and take back what fails",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_access_options(parser)
    _add_servers(parser)
    add_settings_option(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, and change nothing"
    )
    _add_bounds(parser)
    parser.add_argument(
        "--no-rollback",
        action="store_true",
        help="leave a roll that fails as it is, and do not go back to the revision that ran",
    )
    output.add_output_option(parser)
    output.add_note_options(parser)


def _add_servers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="a Deployment; needs -n")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-n", "--namespace", metavar="NS", help="the namespace of the Deployments")
    where.add_argument(
        "-A",
        "--all-namespaces",
        action="store_true",
        help="with --all: in all namespaces (the default)",
    )
    parser.add_argument("--all", action="store_true", help="every Deployment that is not current")


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parallel",
        type=number_up_to(MOST_PARALLEL),
        default=1,
        metavar="N",
        help=f"how many servers roll at a time, up to {MOST_PARALLEL} (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=number_up_to(86_400),
        metavar="SECONDS",
        help="how long to wait for each server (default: until Kubernetes gives up)",
    )
    failures = parser.add_mutually_exclusive_group()
    failures.add_argument(
        "--max-failures",
        type=number_up_to(100_000),
        default=1,
        metavar="N",
        help="after so many failures no further server is begun (default: %(default)s)",
    )
    failures.add_argument(
        "--keep-going", action="store_true", help="continue whatever number of servers fails"
    )


def number_up_to(most: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number from 1 to this one."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {most}")
        return int(text[:9])

    return read
