"""`mcp-admission apply`: roll servers to the current settings, one after another."""

import argparse
import asyncio
import signal
import sys
from collections import Counter
from typing import Any

from webhook.admission.answer import line
from webhook.cli.cluster import add_connection_options, connect, release_namespace
from webhook.cli.command import Subparsers, add_command
from webhook.cli.judging import add_settings_option, judging
from webhook.cli.notes import add_note_options, note, prepare
from webhook.cli.output import add_output_option, is_for_programs, print_object
from webhook.cli.progress import Progress
from webhook.fleet.restart import Restarted, Restarter, RestartResult
from webhook.fleet.targets import NotServers, Targets
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, ConfigurationError
from webhook.reports import terminal
from webhook.settings.settings_error import SettingsError

FINE, NOT_ALL, BAD_USAGE = 0, 1, 2
SHORT = (
    RestartResult.REFUSED,
    RestartResult.PAUSED,
    RestartResult.FAILED,
    RestartResult.INTERRUPTED,
)
DESCRIPTION = """\
Rolls MCP servers to the current settings, one after another, and waits for each: as `kubectl
rollout restart` would, and only those that are not current. A server that would be refused, that
is paused, or that would come out as it is, is told and not touched. A rollout that fails ends it.
"""
EPILOG = """\
examples:
  mcp-admission apply -n team-a github-tools crm     these two, in this order
  mcp-admission apply -n team-a --all --dry-run      what would roll there, and why?
  mcp-admission apply --all --keep-going             every server of the cluster

results: rolled, would-roll, current, gone, refused, paused, failed, interrupted, not-touched

how far:
  a line for each server on standard output; how far the present rollout is on standard error, in
  one line on a terminal. A rollout fails where Kubernetes says so, after progressDeadlineSeconds.

signals:
  SIGINT, SIGTERM    stop: no other server is touched, the present one continues rolling

exit codes:
  0  all that were asked for are current
  1  some are not: refused, paused, failed, or not touched any more
  2  the cluster cannot be reached; wrong usage or settings; a name that is no server
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
    add_connection_options(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a Deployment; needs -n")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-n", "--namespace", metavar="NS", help="where the Deployments are")
    where.add_argument(
        "-A", "--all-namespaces", action="store_true", help="with --all: everywhere (the default)"
    )
    parser.add_argument("--all", action="store_true", help="every Deployment that is not current")
    add_settings_option(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and do nothing"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="go on with the next where one has failed"
    )
    add_output_option(parser)
    add_note_options(parser)


def run(args: argparse.Namespace) -> int:
    """Roll what was asked for, and print how it ended for each."""
    if args.names and args.all:
        args.parser.error("name Deployments or say --all, not both")
    if not args.names and not args.all:
        args.parser.error("name Deployments, or say --all")
    if args.names and args.namespace is None:
        args.parser.error("say in which namespace they are: -n NS")
    terminal.prepare()
    prepare(args)
    try:
        return asyncio.run(_apply(args))
    except (ApiError, ConfigurationError, NotServers, SettingsError) as error:
        sys.stderr.write(f"mcp-admission apply: {error}\n")
        return BAD_USAGE


async def _apply(args: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await connect(Api, args) as api:
        by = await judging(api, args)
        note(args, f"judged by {by.source}")
        targets = Targets(api, by.settings, release_namespace(args))
        current = 0
        if args.all:
            chosen, current = await targets.outdated(args.namespace)
        else:
            chosen = await targets.named(args.namespace, args.names)
        progress = Progress(len(chosen), quiet=args.quiet)
        restarter = Restarter(api, targets, stop, progress.tell, dry_run=args.dry_run)
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
    return _summed_up(args, done, len(chosen) - len(done), current)


def _print(rolled: Restarted, *, dry_run: bool) -> None:
    """A line for the server; what needs more than one sentence is indented under it."""
    said = f"{rolled.target} {rolled.result.said}{' (not done: --dry-run)' * dry_run}"
    print(f"{said}: {line(rolled.lines[0])}" if len(rolled.lines) == 1 else said)
    for each in rolled.lines if len(rolled.lines) > 1 else ():
        print(f"  {line(each)}")
    sys.stdout.flush()


def _summed_up(
    args: argparse.Namespace, done: list[Restarted], untouched: int, current: int
) -> int:
    """Print the counts, or all of it for programs; returns the exit code."""
    counts = Counter(each.result.word for each in done)
    counts[RestartResult.CURRENT.word] += current
    counts["not-touched"] = untouched
    if is_for_programs(args):
        print_object(args, _report(args, done, counts))
    else:
        parts = [f"{counts[word]} {word}" for word in _words() if counts[word]]
        print(", ".join(parts) or "no Deployment is an MCP server")
    return NOT_ALL if untouched or any(counts[end.word] for end in SHORT) else FINE


def _words() -> list[str]:
    return [*(end.word for end in RestartResult), "not-touched"]


def _report(
    args: argparse.Namespace, done: list[Restarted], counts: Counter[str]
) -> dict[str, Any]:
    """Every server that was looked at one by one, in the order of that; `summary` counts all."""
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
