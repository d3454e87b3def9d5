"""`mcp-admission uninstall`: remove the product from a cluster, and keep its workloads running."""

import argparse
import asyncio

from webhook.cli import output
from webhook.cli.cluster_options import add_cluster_options, connect_to_cluster, installation
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.output import is_for_programs
from webhook.controller.removal import Uninstall
from webhook.controller.stopping import StillRunningError
from webhook.kube import ApiError, ConfigurationError

DESCRIPTION = """\
Prepares the removal of the product. It deletes the webhook configurations, stops the controller,
removes the scheduling gate from waiting pods, and deletes the network policies, the namespace
labels, the settings file and the certificates of mcp-admission. Workloads, and the Services and
Secrets of servers, are kept. `helm uninstall` runs this command. Without Helm, run it before you
delete the rest. You can run it again at any time.
"""
EPILOG = """\
examples:
  mcp-admission uninstall --dry-run                 what would be removed?
  mcp-admission uninstall && kubectl delete namespace mcp-admission-system

exit codes:
  0  done, or nothing is left to remove
  1  the controller does not stop, or a step is not allowed; later steps are not done
  2  the cluster cannot be reached
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `uninstall`."""
    parser = add_command(
        subparsers,
        "uninstall",
        short="remove the product from a cluster; workloads keep running",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_cluster_options(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, and change nothing"
    )
    output.add_output_option(parser)
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Remove the product, and print a line for each step."""
    output.log_requests(args)
    steps: list[str] = []
    try:
        asyncio.run(_uninstall(args, steps))
    except (ConfigurationError, ApiError, StillRunningError) as error:
        output.write_error(args, error)
        unreachable = isinstance(error, ConfigurationError) or getattr(error, "status", None) == 0
        return ExitCode.ERROR if unreachable else ExitCode.FINDINGS
    finally:
        if is_for_programs(args):
            output.print_object(args, {"dry_run": args.dry_run, "steps": steps})
    return ExitCode.OK


async def _uninstall(args: argparse.Namespace, steps: list[str]) -> None:
    """Remove the product; each step is printed at once, or collected for programs."""
    end = " (not done: --dry-run)" if args.dry_run else ""
    async with await connect_to_cluster(args) as api:
        removal = Uninstall(api, installation(args))
        async for line in removal.plan() if args.dry_run else removal.run():
            steps.append(line)
            if not is_for_programs(args):
                print(f"{line}{end}", flush=True)
    if not steps and not is_for_programs(args):
        print("nothing is left to remove")
