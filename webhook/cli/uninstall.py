"""`mcp-admission uninstall`: take the product out of a cluster, and leave what people run there."""

import argparse
import asyncio
import sys

from webhook.cli.cluster import add_cluster_options, connect, places
from webhook.cli.command import Subparsers, add_command
from webhook.cli.notes import add_note_options, prepare
from webhook.cli.output import add_output_option, is_for_programs, print_object
from webhook.controller.removal import StillRunningError, Uninstall
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, ConfigurationError

DESCRIPTION = """\
Prepares the removal of the product: deletes the webhook configurations, stops the controller, lets
waiting pods start, deletes the policies of mcp-admission, takes its labels from namespaces, and
deletes its settings file and its own certificates. Services and Secrets of servers stay, and so do
all workloads. `helm uninstall` runs this by itself; without Helm, run it before the rest is
deleted. It may be run again at any time.
"""
EPILOG = """\
examples:
  mcp-admission uninstall --dry-run                 what would be taken away?
  mcp-admission uninstall && kubectl delete namespace mcp-admission-system

exit codes:
  0  done, or nothing is left
  1  the controller does not stop, or something is not allowed: the rest is as it was
  2  the cluster cannot be reached
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `uninstall`."""
    parser = add_command(
        subparsers,
        "uninstall",
        short="take it out of a cluster, so that every pod goes on",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_cluster_options(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and do nothing"
    )
    add_output_option(parser)
    add_note_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, and print a line for each thing that is taken away."""
    prepare(args)
    steps: list[str] = []
    try:
        asyncio.run(_uninstall(args, steps))
    except (ConfigurationError, ApiError, StillRunningError) as error:
        sys.stderr.write(f"mcp-admission uninstall: {error}\n")
        nobody = isinstance(error, ConfigurationError) or getattr(error, "status", None) == 0
        return 2 if nobody else 1
    finally:
        if is_for_programs(args):
            print_object(args, {"dry_run": args.dry_run, "steps": steps})
    return 0


async def _uninstall(args: argparse.Namespace, steps: list[str]) -> None:
    """Do it; each step is printed at once, or kept for programs."""
    end = " (not done: --dry-run)" if args.dry_run else ""
    async with await connect(Api, args) as api:
        removal = Uninstall(api, places(args))
        async for line in removal.plan() if args.dry_run else removal.run():
            steps.append(line)
            if not is_for_programs(args):
                print(f"{line}{end}", flush=True)
    if not steps and not is_for_programs(args):
        print("nothing is left to remove")
