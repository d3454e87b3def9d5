"""`mcp-admission check`: whether the product, or the cluster that is to get it, is in order."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace

from webhook.cli import cluster_options, output, verdicts
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option, judging_settings
from webhook.controller.installation import CERTIFICATE_MODES
from webhook.fleet.checkup import catalog
from webhook.fleet.checkup.checks import FAULT, UNKNOWN, Check, CheckResult, run_checks
from webhook.fleet.checkup.rendered_chart import RenderedChart, judge_manifests
from webhook.fleet.cluster_snapshot import is_installed, take_snapshot
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.offline.manifests import read_manifests
from webhook.reports.check_report import check_data, check_lines
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.settings import SettingsError

BEFORE, AFTER, MANIFESTS = "before", "after", "manifests"
PAUSE = 2.0
DEFAULT_WAIT = 300
NO_CHART = (
    "these manifests hold no webhook configuration: render the product's chart, as in helm "
    "template mcp-admission manifests/chart | mcp-admission check -f -; servers are judged by "
    "mcp-admission review"
)
DESCRIPTION = """\
Checks each part of the product, and says of each whether it is well, or what is wrong and which
command mends it. Where the product is not installed, it checks whether the cluster can have it:
version, your rights, other webhooks, leftovers, Pod Security, network plugin, runtime classes.

It only reads, and no value of a Secret. What a controller has said is believed while it renews its
Lease. With -f, it checks manifests of the product that were rendered by Helm, and asks no cluster.
"""
EPILOG = """\
verdicts, from the best to the worst:
  ok ✓       this part is well
  note !     worth knowing, and nobody has to do anything
  unknown ?  it cannot be known: you may not read it, or no controller runs that would know
  fault ✗    something is wrong; the command that mends it stands below, where there is one

examples:
  mcp-admission check --pre                     before the installation
  mcp-admission check                           is everything in order?
  mcp-admission check --wait                    after helm upgrade: until it is, at most 5 minutes
  mcp-admission check --wait 60 -o json         the same for a pipeline, for a minute
  mcp-admission check --pre --settings new.yaml
                                                do the runtime classes of these settings exist?
  helm template mcp-admission manifests/chart ... | mcp-admission check -f -

exit codes:
  0  there is no fault, and everything is known
  1  there are faults; with --wait, still when the time is over
  2  there is no fault, and something is not known; the cluster cannot be reached; wrong usage
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `check`."""
    parser = add_command(
        subparsers,
        "check",
        short="check each part of the product, or whether a cluster can have it",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    cluster_options.add_cluster_options(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--pre",
        action="store_true",
        help="check what is to be known before the installation, the default without one",
    )
    what.add_argument(
        "-f",
        "--filename",
        action="append",
        metavar="FILE",
        help="check manifests that Helm rendered, in a file or folder, - for standard input; may "
        "be repeated",
    )
    what.add_argument(
        "--wait",
        type=_seconds,
        nargs="?",
        const=DEFAULT_WAIT,
        default=0,
        metavar="SECONDS",
        help="check again until there is no fault and everything is known, servers apart, or the "
        f"time is over; without a number {DEFAULT_WAIT}",
    )
    parser.add_argument(
        "--certificates",
        choices=CERTIFICATE_MODES,
        default="own",
        help="before the installation: who is to issue the certificates (default: %(default)s)",
    )
    parser.add_argument(
        "--service-monitor",
        action="store_true",
        help="before the installation: the chart is to make a ServiceMonitor",
    )
    add_settings_option(parser)
    output.add_output_option(parser)
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Check, and print each result."""
    output.log_requests(args)
    if args.filename:
        return _of_manifests(args)
    try:
        return asyncio.run(_of_cluster(args))
    except (ApiError, ConfigurationError, SettingsError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR


def _of_manifests(args: argparse.Namespace) -> ExitCode:
    found = read_manifests(args.filename)
    for fault in found.faults:
        output.write_error(args, f"{fault.source}: {fault.sentence}")
    if found.faults:
        return ExitCode.ERROR
    results = judge_manifests(RenderedChart.of([each.value for each in found.manifests]))
    if not results:
        output.write_error(args, NO_CHART)
        return ExitCode.ERROR
    return _printed(args, MANIFESTS, results)


async def _of_cluster(args: argparse.Namespace) -> ExitCode:
    places = cluster_options.installation(args)
    async with await cluster_options.connect_to_cluster(args) as api:
        if args.pre or not (args.wait or await is_installed(api, places)):
            return _printed(args, BEFORE, await _results(api, args, catalog.CHECKS_BEFORE))
        if args.wait:
            await _waited(api, args)
        return _printed(args, AFTER, await _results(api, args, catalog.CHECKS_AFTER))


async def _results(
    api: Api, args: argparse.Namespace, checks: Sequence[Check]
) -> list[CheckResult]:
    fleet = any(each.part == catalog.SERVERS for each in checks)
    places, by = cluster_options.installation(args), await judging_settings(api, args)
    seen = await take_snapshot(api, places, by, catalog.names_read(checks), fleet=fleet)
    plan = {"certificates": args.certificates, "service_monitor": args.service_monitor}
    return run_checks(checks, replace(seen, **plan))


async def _waited(api: Api, args: argparse.Namespace) -> None:
    """Look again until all is well but for servers, or the time is over.

    An API server that does not answer meanwhile is one more thing to wait for.
    """
    clock = asyncio.get_running_loop().time
    ends, told = clock() + args.wait, ""
    checks = [each for each in catalog.CHECKS_AFTER if each.part != catalog.SERVERS]
    while True:
        try:
            found = await _results(api, args, checks)
            missing = [each for each in found if each.verdict in {UNKNOWN, FAULT}]
            line = ", ".join(each.id for each in missing)
        except ApiError as error:
            line = error.message
        if not line or clock() + PAUSE >= ends:
            return
        if line != told:
            output.write_note(args, f"waiting for {line}")
            told = line
        await asyncio.sleep(PAUSE)


def _printed(args: argparse.Namespace, stage: str, results: Sequence[CheckResult]) -> ExitCode:
    if output.is_for_programs(args):
        output.print_object(args, check_data(stage, results))
        return verdicts.exit_code(results)
    prepare_stdout()
    for line in check_lines(results, colour=stdout_has_colour()):
        print(line)
    return verdicts.exit_code(results)


def _seconds(text: str) -> int:
    """Read a whole number of seconds from 1 to 86400; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 86_400):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return int(text)
