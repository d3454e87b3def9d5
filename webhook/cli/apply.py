"""`mcp-admission apply`: roll servers to the current settings, one after another."""

import argparse
import asyncio
import signal
import sys
from collections import Counter

from webhook.admission import line
from webhook.cli import output
from webhook.cli.cluster_options import add_access_options, connect_to_cluster, release_namespace
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option, judging_settings
from webhook.cli.output import ProgressLine, is_for_programs
from webhook.fleet.restart import Restarted, Restarter, RestartResult
from webhook.fleet.targets import NotEnforced, NotServers, Outdated, Targets
from webhook.kube import ApiError, ConfigurationError
from webhook.reports.text import prepare_stdout
from webhook.settings import SettingsError

SHORT = (
    RestartResult.REFUSED,
    RestartResult.PAUSED,
    RestartResult.FAILED,
    RestartResult.INTERRUPTED,
)
DESCRIPTION = """\
Rolls MCP servers to the current settings, one after another, and waits for each, as `kubectl
rollout restart` does. Servers that are current are not touched. A server that would be refused, is
paused, or would not change is reported and not touched. A rollout that fails ends the command.

In a namespace below the mode enforce, a rollout changes nothing: no server there is rolled.
"""
EPILOG = """\
examples:
  mcp-admission apply -n team-a github-tools crm     these two, in this order
  mcp-admission apply -n team-a --all --dry-run      what would roll, and why?
  mcp-admission apply --all --keep-going             every server of the cluster

results: rolled, would-roll, current, gone, refused, paused, failed, interrupted, not-touched

progress:
  Standard output has a line for each server. Standard error has the progress of the present
  rollout, in one line on a terminal. A rollout fails when Kubernetes reports that it makes no
  progress, after progressDeadlineSeconds.

signals:
  SIGINT, SIGTERM    stop: no other server is touched, the present rollout continues by itself

exit codes:
  0  every server that was asked for is current
  1  one is not: it was refused, is paused, has failed, or was not touched; with --all, a server of
     a namespace below enforce is not touched either
  2  the cluster cannot be reached; wrong usage or settings; a name that is no server; a namespace
     below enforce was named
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the options of `apply`."""
    parser = add_command(
        subparsers,
        "apply",
        short="roll servers to the current settings, one after another",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_access_options(parser)
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
    add_settings_option(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, and change nothing"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="continue with the next server after a failure"
    )
    output.add_output_option(parser)
    output.add_note_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Roll the servers that were asked for, and print the result of each."""
    if args.names and args.all:
        args.parser.error("name Deployments or say --all, not both")
    if not args.names and not args.all:
        args.parser.error("name Deployments, or say --all")
    if args.names and args.namespace is None:
        args.parser.error("say in which namespace they are: -n NS")
    prepare_stdout()
    output.log_requests(args)
    try:
        return asyncio.run(_apply(args))
    except (ApiError, ConfigurationError, NotEnforced, NotServers, SettingsError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR


async def _apply(args: argparse.Namespace) -> ExitCode:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await connect_to_cluster(args) as api:
        by = await judging_settings(api, args)
        output.write_note(args, f"judged by {by.source}")
        targets = Targets(api, by.settings, release_namespace(args))
        chosen, current, below = await _chosen(targets, args)
        progress = ProgressLine(len(chosen), quiet=args.quiet)
        restarter = Restarter(api, targets, stop, progress.report, dry_run=args.dry_run)
        done: list[Restarted] = []
        for target in chosen:
            if stop.is_set() or (
                done and done[-1].result is RestartResult.FAILED and not args.keep_going
            ):
                break
            progress.turn_to(str(target))
            done.append(await restarter.restart(target))
            progress.clear()
            if not is_for_programs(args):
                _print(done[-1], dry_run=args.dry_run)
    return _summed_up(args, done, len(chosen) - len(done) + sum(below.values()), current)


async def _chosen(targets: Targets, args: argparse.Namespace) -> Outdated:
    """The servers that were asked for, with a line about those that no rollout would change."""
    if not args.all:
        return Outdated(await targets.named(args.namespace, args.names), 0, {})
    found = await targets.outdated(args.namespace)
    if found.below_enforce:
        where = ", ".join(f"{count} in {name}" for name, count in found.below_enforce.items())
        sys.stderr.write(
            f"not touched: {where}: these namespaces are below the mode enforce, in which a "
            "rollout changes nothing\n"
        )
    return found


def _print(rolled: Restarted, *, dry_run: bool) -> None:
    """Print a line for the server; several messages are indented under it."""
    mark = " (not done: --dry-run)" if dry_run else ""
    said = f"{rolled.target} {rolled.result.said}{mark}"
    print(f"{said}: {line(rolled.lines[0])}" if len(rolled.lines) == 1 else said, flush=True)
    for each in rolled.lines if len(rolled.lines) > 1 else ():
        print(f"  {line(each)}", flush=True)


def _summed_up(
    args: argparse.Namespace, done: list[Restarted], untouched: int, current: int
) -> ExitCode:
    """Print the counts, or everything for programs; returns the exit code."""
    counts = Counter(each.result.word for each in done)
    counts[RestartResult.CURRENT.word] += current
    counts["not-touched"] = untouched
    if is_for_programs(args):
        output.print_object(args, _report(args, done, counts))
    else:
        parts = [f"{counts[word]} {word}" for word in _words() if counts[word]]
        print(", ".join(parts) or "no Deployment is an MCP server")
    short = untouched or any(counts[end.word] for end in SHORT)
    return ExitCode.FINDINGS if short else ExitCode.OK


def _words() -> list[str]:
    return [*(end.word for end in RestartResult), "not-touched"]


def _report(
    args: argparse.Namespace, done: list[Restarted], counts: Counter[str]
) -> dict[str, object]:
    """Every server that was inspected by itself, in that order; `summary` counts all."""
    servers = [
        {
            "kind": "Deployment",
            "namespace": each.target.namespace,
            "name": each.target.name,
            "result": each.result.word,
            "messages": list(each.lines),
        }
        for each in done
    ]
    summary = {word: counts[word] for word in _words()}
    return {"dry_run": args.dry_run, "servers": servers, "summary": summary}
