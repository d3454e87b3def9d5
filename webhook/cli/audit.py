"""`mcp-admission audit`: which servers of a cluster are out of date, unprotected or refused."""

import argparse
import asyncio
import sys

from webhook.cli.cluster import add_cluster_options, connect, places
from webhook.cli.command import Subparsers, add_command
from webhook.cli.judging import add_settings_option, judging
from webhook.cli.notes import add_note_options, note, prepare
from webhook.cli.output import add_output_option
from webhook.fleet.inspection import Audit
from webhook.fleet.report import FleetReport
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, ConfigurationError
from webhook.reports import terminal
from webhook.reports.audit import audit_format as formats
from webhook.settings.settings_error import SettingsError

FINE, FINDINGS, CANNOT_LOOK = 0, 1, 2
NOT_KNOWN = (
    "not known: whether the webhook is registered, because you may not read its configurations"
)
DESCRIPTION = """\
Lists every MCP server of the cluster that is not current: out-of-date (a field would change if
it rolled now), unprotected (older than the webhook, labelled on one half alone, isolated by no
network policy or by one that a user's own policy undoes), or refused (its new pods would be): with
the fields, the reasons and the way out. It only reads, never a Secret, and tells what it may not
read.
"""
EPILOG = """\
states, from the best to the worst; table, JSON, metrics and Events say the same words:
  current      rolling it would change nothing
  out-of-date  rolling it would change the fields that are listed
  unprotected  something that protects the others is missing here
  refused      its pods run, but new ones would be refused: mend it before it must restart

examples:
  mcp-admission audit                          all namespaces
  mcp-admission audit -n team-a                one of them
  mcp-admission audit --settings new.yaml      what would these settings do to what runs?
  mcp-admission audit -o json | jq '.summary'

exit codes:
  0  there is nothing to tell
  1  there are findings
  2  the cluster, or a part of it, could not be looked at; wrong usage or settings
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `audit`."""
    parser = add_command(
        subparsers,
        "audit",
        short="list the servers that are out-of-date, unprotected or refused",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_cluster_options(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-n", "--namespace", metavar="NS", help="look at this namespace alone")
    where.add_argument(
        "-A",
        "--all-namespaces",
        action="store_true",
        help="look at all namespaces (the default)",
    )
    add_settings_option(parser)
    add_output_option(parser, "junit", "sarif")
    add_note_options(parser)


def run(args: argparse.Namespace) -> int:
    """Look at everything and print the report."""
    prepare(args)
    try:
        report = asyncio.run(_audit(args))
    except (ApiError, ConfigurationError, SettingsError) as error:
        sys.stderr.write(f"mcp-admission audit: {error}\n")
        return CANNOT_LOOK
    terminal.prepare()
    for part in formats.load(args.output).render(report, colour=terminal.colour()):
        sys.stdout.write(part)
    sys.stdout.flush()
    note(args, f"judged by {report.settings}")
    if report.registered is None:
        note(args, NOT_KNOWN)
    for skipped in report.skipped:
        sys.stderr.write(f"not looked at: {skipped.what}: {skipped.why}\n")
    if report.skipped:
        return CANNOT_LOOK
    return FINDINGS if report.with_findings else FINE


async def _audit(args: argparse.Namespace) -> FleetReport:
    async with await connect(Api, args) as api:
        by = await judging(api, args)
        audit = Audit(api, by.settings, places(args), args.namespace)
        servers = await audit.run()
        return FleetReport(servers, audit.skipped, by.source, audit.registered)
