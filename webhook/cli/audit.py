"""`mcp-admission audit`: which servers of a cluster are out of date, unprotected or refused."""

import argparse
import asyncio

from webhook.cli import output
from webhook.cli.cluster_options import add_cluster_options, connect_to_cluster, installation
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option, judging_settings
from webhook.fleet.inspection import Audit
from webhook.fleet.report import FleetReport
from webhook.kube.errors import ApiError, ConfigurationError
from webhook.reports.audit_items import AuditSource
from webhook.reports.formats import report_parts
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.settings.faults import SettingsError

NOT_KNOWN = (
    "not known: whether the webhook is registered, because you may not read its configurations"
)
DESCRIPTION = """\
Lists every MCP server of the cluster that is not current, with the fields, the reasons and the way
out. It only reads, and never a Secret. It reports what it may not read.
"""
EPILOG = """\
states, from the best to the worst; table, JSON, metrics and Events use the same words:
  current      a rollout would change nothing
  out-of-date  a rollout would change the fields that are listed
  unprotected  a protection is missing: the server is older than the webhook, is labelled on the
               workload or its template alone, or no network policy isolates it, or a user's policy
               allows more
  refused      its pods run, but new ones would be refused: correct it before it must restart

examples:
  mcp-admission audit                          all namespaces
  mcp-admission audit -n team-a                one of them
  mcp-admission audit --settings new.yaml      what would these settings do to what runs?
  mcp-admission audit -o json | jq '.summary'

exit codes:
  0  there are no findings
  1  there are findings
  2  the cluster, or a part of it, could not be inspected; wrong usage or settings
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
    where.add_argument("-n", "--namespace", metavar="NS", help="inspect this namespace alone")
    where.add_argument(
        "-A",
        "--all-namespaces",
        action="store_true",
        help="inspect all namespaces (the default)",
    )
    add_settings_option(parser)
    output.add_output_option(parser, "junit", "sarif")
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Inspect the cluster and print the report."""
    output.log_requests(args)
    try:
        report = asyncio.run(_audit(args))
    except (ApiError, ConfigurationError, SettingsError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR
    prepare_stdout()
    for part in report_parts(AuditSource(report), args.output, colour=stdout_has_colour()):
        print(part, end="", flush=True)
    output.write_note(args, f"judged by {report.settings}")
    if report.registered is None:
        output.write_note(args, NOT_KNOWN)
    for skipped in report.skipped:
        output.write_skipped(skipped.what, skipped.why)
    if report.skipped:
        return ExitCode.ERROR
    return ExitCode.FINDINGS if report.with_findings else ExitCode.OK


async def _audit(args: argparse.Namespace) -> FleetReport:
    async with await connect_to_cluster(args) as api:
        by = await judging_settings(api, args)
        audit = Audit(api, by.settings, installation(args), args.namespace)
        servers = await audit.run()
        return FleetReport(servers, audit.skipped, by.source, audit.registered)
