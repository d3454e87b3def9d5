"""`mcp-admission status`: the fleet in one screen, with what needs a person."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from webhook.cli import cluster_options, output, verdicts
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option, judging_settings
from webhook.fleet.checkup import catalog
from webhook.fleet.checkup.checks import run_checks
from webhook.fleet.checkup.overview import overview
from webhook.fleet.cluster_snapshot import take_snapshot
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.reports.check_report import status_lines
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.settings import SettingsError

PAUSE = 5
CLEARED = "\x1b[H\x1b[2J\x1b[3J"
DESCRIPTION = """\
Shows the fleet in one screen: whether anything is enforced, and since when; the mode; the replicas
with the digest of their settings; when certificates end; the servers by state and namespace; and
what needs a person, at most five lines, the worst first, each with its command.

It only reads, and no value of a Secret. What a controller has said is shown while it renews its
Lease; otherwise it is unknown.
"""
EPILOG = """\
examples:
  mcp-admission status
  mcp-admission status --watch            again and again, until Ctrl-C
  mcp-admission status -o json | jq .enforcing

exit codes (with --watch, of the last look):
  0  nothing needs a person
  1  something does
  2  that cannot be known: the cluster cannot be reached or read, or no controller runs
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `status`."""
    parser = add_command(
        subparsers,
        "status",
        short="show the fleet in one screen, and what needs a person",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    parser.add_argument(
        "-w",
        "--watch",
        action="store_true",
        help=f"look again every {PAUSE} seconds: a terminal is redrawn, another output gets one "
        "block after the other",
    )
    add_settings_option(parser)
    output.add_output_option(parser)
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Look, and print the screen; with `--watch` until Ctrl-C."""
    output.log_requests(args)
    prepare_stdout()
    codes: list[ExitCode] = []
    try:
        asyncio.run(_run(args, codes))
    except (ApiError, ConfigurationError, SettingsError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR
    except KeyboardInterrupt:
        if not codes:
            raise
    return codes[-1]


async def _run(args: argparse.Namespace, codes: list[ExitCode]) -> None:
    async with await cluster_options.connect_to_cluster(args) as api:
        if not args.watch:
            codes.append(await _look(api, args))
            return
        while True:
            try:
                code = await _look(api, args)
            except (ApiError, SettingsError) as error:
                # It may answer again.
                output.write_error(args, error)
                code = ExitCode.ERROR
            codes[:] = [code]
            await asyncio.sleep(PAUSE)


async def _look(api: Api, args: argparse.Namespace) -> ExitCode:
    """Look once and print it; returns the exit code."""
    checks = catalog.CHECKS_AFTER
    wanted = catalog.names_read(checks)
    places, by = cluster_options.installation(args), await judging_settings(api, args)
    seen = await take_snapshot(api, places, by, wanted, fleet=True)
    results = run_checks(checks, seen)
    found = overview(seen, results)
    if output.is_for_programs(args):
        output.print_object(args, found)
        return verdicts.exit_code(results)
    lines = list(status_lines(found, colour=stdout_has_colour()))
    if args.watch:
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        lines = [f"{CLEARED if sys.stdout.isatty() else ''}{now}", "", *lines, ""]
    print("\n".join(lines), flush=True)
    return verdicts.exit_code(results)
