"""`mcp-admission audit`: which servers of a cluster are out of date, unprotected or refused."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace

from webhook.cli import output
from webhook.cli.cluster_options import (
    add_cluster_options,
    connect_to_cluster,
    installation,
    release_namespace,
)
from webhook.cli.command import ExitCode, OneOf, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option, judging_settings
from webhook.fleet.cluster_snapshot import audited
from webhook.fleet.report import REASONS, Skipped
from webhook.fleet.unlabelled.lookalikes import LookalikeSearch
from webhook.health import STATES
from webhook.kube import ApiError, ConfigurationError
from webhook.reports.audit_report import AuditSource, AuditSummarySource
from webhook.reports.formats import SUMMARY_FORMATS, ReportSource, report_parts
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.reports.unlabelled_items import UnlabelledSource
from webhook.rules.registry import RULES
from webhook.settings import SettingsError

NOT_KNOWN = (
    "not known: whether the webhook is registered, because you may not read its configurations"
)
NOT_READ = "not known: which exceptions have ended, because mcpserverexceptions were not listed"
UNKNOWN = {
    "secrets": "whether Secrets exist that servers ask for: you may not list their metadata",
    "runtimeclasses": "whether runtime classes exist that servers ask for: you may not list them",
    "events": "why pods of StatefulSets, DaemonSets and Jobs are refused, and what config Secrets "
    "lack: you may not list Events",
}
WORDS = (*(rule.id for rule in RULES), *REASONS)
DESCRIPTION = """\
Lists every MCP server of the cluster that is not current, with the fields, the reasons and the way
out. It only reads, and no value of a Secret. It reports what it may not read.

In a namespace below the mode enforce, nothing of a server is changed, refused or made. There it
lists only what does not run or lacks a part, and counts what enforce would change and refuse. With
--as enforce it lists that, field by field, before the mode is changed; with --as warn, what authors
would read.

A table tells once what more than three servers have alike; the other formats tell it of each.

It also lists the exceptions: in-force, ending (within 7 days), ended, unused (no server needs it),
or not-in-force. These are notes. A server that an ended exception leaves refused is a finding.

With --unlabelled, lists the workloads that look like MCP servers and carry no label, each with its
reasons, a confidence (certain, likely or possible), and the command that labels it.
"""
EPILOG = """\
states, from the best to the worst; table, JSON, metrics and Events use the same words:
  current      a rollout would change nothing
  out-of-date  a rollout would change the fields that are listed
  unprotected  a protection is missing: the server is older than the webhook, is labelled on the
               workload or its template alone, or no network policy isolates it, or a user's policy
               allows more
  refused      its pods run, but new ones would be refused: correct it before it must restart
  incomplete   something that it asks for is not there: a Secret, a key, a runtime class, a port
  not-running  pods are wanted and none is ready: a quota, Pod Security, a gate, no node, an image
               or a crash loop; Kubernetes is quoted, with the place where it says so

examples:
  mcp-admission audit                          all namespaces
  mcp-admission audit -n team-a                one of them
  mcp-admission audit --summary                how many servers of each state in each namespace?
  mcp-admission audit --state not-running      which servers do not run, and why?
  mcp-admission audit --rule privileged        which servers does this rule refuse?
  mcp-admission audit --settings new.yaml      what would these settings do to what runs?
  mcp-admission audit --as enforce             what would enforce change, and what refuse?
  mcp-admission audit --as enforce --as alice  the same, with the rights of the user alice
  mcp-admission audit --unlabelled             which MCP servers are not labelled yet?
  mcp-admission audit -o json | jq '.summary'

exit codes:
  0  there are no findings among the servers that were asked about, whatever became of exceptions;
     with --unlabelled, nothing looks like an MCP server without the label
  1  there are findings; with --unlabelled, something does
  2  the cluster, or a part of it, could not be inspected, or the settings in force may not be read;
     wrong usage or settings
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `audit`."""
    parser = add_command(
        subparsers,
        "audit",
        short="list the servers that are not current, or do not run, and why",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_cluster_options(parser, modes=True)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-n", "--namespace", metavar="NS", help="inspect this namespace alone")
    where.add_argument(
        "-A",
        "--all-namespaces",
        action="store_true",
        help="inspect all namespaces (the default)",
    )
    parser.add_argument(
        "--state",
        action="append",
        default=[],
        dest="states",
        type=OneOf("state", STATES),
        metavar="STATE",
        help=f"list the servers in this state; may be repeated ({', '.join(STATES)})",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        dest="rules",
        type=OneOf("rule or reason", WORDS),
        metavar="RULE",
        help="list the servers with a finding of this rule, or with this reason; may be repeated",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--summary",
        action="store_true",
        help="count the servers of each state in each namespace, instead of listing them",
    )
    what.add_argument(
        "--unlabelled",
        action="store_true",
        help="list workloads that look like MCP servers and carry no label, instead of servers",
    )
    add_settings_option(parser)
    output.add_output_option(parser, "junit", "sarif")
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Inspect the cluster and print the report."""
    output.log_requests(args)
    _check(args)
    try:
        return asyncio.run(_search(args) if args.unlabelled else _audit(args))
    except (ApiError, ConfigurationError, SettingsError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR


def _check(args: argparse.Namespace) -> None:
    """End with a usage error where options contradict each other."""
    if args.unlabelled and (args.states or args.rules):
        args.parser.error("--unlabelled lists no servers: leave --state and --rule out")
    if args.summary and args.output not in SUMMARY_FORMATS:
        known = ", ".join(SUMMARY_FORMATS)
        args.parser.error(f"--summary has no format {args.output}: choose from {known}")


async def _audit(args: argparse.Namespace) -> ExitCode:
    async with await connect_to_cluster(args) as api:
        by = (await judging_settings(api, args)).known
        found = await audited(api, installation(args), by, args.as_mode, args.namespace)
    report = replace(found, states=frozenset(args.states), rules=frozenset(args.rules))
    source = AuditSummarySource(report) if args.summary else AuditSource(report)
    _print(args, source, by.source)
    if report.registered is None:
        output.write_note(args, NOT_KNOWN)
    for unknown in report.unknown:
        output.write_note(args, f"not known: {UNKNOWN[unknown.what]}")
    if report.exceptions_unread:
        output.write_note(args, NOT_READ)
    return _code(report.skipped, found=any(each.findings for each in report.listed))


async def _search(args: argparse.Namespace) -> ExitCode:
    async with await connect_to_cluster(args) as api:
        by = await judging_settings(api, args)
        search = LookalikeSearch(api, by.settings, release_namespace(args), args.namespace)
        report = await search.run()
    _print(args, UnlabelledSource(report, by.source), by.source)
    return _code(report.skipped, found=bool(report.found))


def _print(args: argparse.Namespace, source: ReportSource, settings: str) -> None:
    prepare_stdout()
    for part in report_parts(source, args.output, colour=stdout_has_colour()):
        print(part, end="", flush=True)
    output.write_note(args, f"judged by {settings}")


def _code(skipped: Sequence[Skipped], *, found: bool) -> ExitCode:
    """Say what was not looked at; an answer without it is an error."""
    for each in skipped:
        output.write_skipped(each.what, each.why)
    if skipped:
        return ExitCode.ERROR
    return ExitCode.FINDINGS if found else ExitCode.OK
