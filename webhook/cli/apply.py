"""`mcp-admission apply`: roll servers to the current settings, and take back what fails."""

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from math import inf

from webhook.admission import line
from webhook.cli import apply_options, output
from webhook.cli.cluster_options import connect_to_cluster, release_namespace
from webhook.cli.command import ExitCode
from webhook.cli.judging_settings import judging_settings
from webhook.fleet import fleet_roll
from webhook.fleet.restart import Restarter, RuntimeClasses
from webhook.fleet.roll import Restarted, RestartResult, RollEnds, RollWatch
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.fleet.targets import NotEnforced, NotServers, Outdated, Target, Targets
from webhook.kube import Api, ApiError, ConfigurationError
from webhook.reports.text import prepare_stdout
from webhook.settings import SettingsError, origins

SHORT = (
    RestartResult.REFUSED,
    RestartResult.PAUSED,
    RestartResult.FAILED,
    RestartResult.INTERRUPTED,
)
add_parser = apply_options.add_apply_parser


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
        by = (await judging_settings(api, args)).known
        output.write_note(args, f"judged by {by.source}")
        targets = Targets(api, by.settings, release_namespace(args))
        chosen, current, below = await _chosen(targets, args)
        progress = output.ProgressLine(len(chosen), quiet=args.quiet)
        restarter = _restarter(api, targets, args, stop, progress)

        async def restart(target: Target) -> Restarted:
            progress.begin(str(target))
            return await restarter.restart(target)

        def on_end(ended: Restarted) -> None:
            progress.end(str(ended.target))
            if not output.is_for_programs(args):
                _print(ended, dry_run=args.dry_run)

        most = None if args.keep_going else args.max_failures
        many = fleet_roll.FleetRoll(restart, stop, args.parallel, most)
        done = await many.roll(chosen, on_end)
        common = await _common(api, args, by, done)
    untouched = len(chosen) - len(done) + sum(below.values())
    return _summed_up(args, done, common, untouched=untouched, current=current)


def _restarter(
    api: Api,
    targets: Targets,
    args: argparse.Namespace,
    stop: asyncio.Event,
    progress: output.ProgressLine,
) -> Restarter:
    def tell(target: Target, how_far: str) -> None:
        progress.report(str(target), line(how_far))

    rolls_back = not args.no_rollback
    ends = RollEnds(stop, args.timeout or inf, rolls_back)
    watch = RollWatch(api, targets, ends, tell)
    return Restarter(api, targets, watch, RuntimeClasses(api), args.dry_run, rolls_back)


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


async def _common(
    api: Api, args: argparse.Namespace, by: JudgingSettings, done: list[Restarted]
) -> fleet_roll.CommonFailure | None:
    """Why every roll failed, with the settings at fault and where they are set."""
    found = fleet_roll.common_failure(done, by.settings.of)
    if found is None:
        return None
    if args.settings:
        return found.set_by(lambda _: (origins.FILE_ORIGIN, by.source))
    return await fleet_roll.with_sources(api, release_namespace(args), found, by.source)


def _print(rolled: Restarted, *, dry_run: bool) -> None:
    """Print a line for the server; several messages are indented under it."""
    mark = " (not done: --dry-run)" if dry_run else ""
    said = f"{rolled.target} {rolled.result.said}{mark}"
    print(f"{said}: {line(rolled.lines[0])}" if len(rolled.lines) == 1 else said, flush=True)
    for each in rolled.lines if len(rolled.lines) > 1 else ():
        print(f"  {line(each)}", flush=True)


def _summed_up(
    args: argparse.Namespace,
    done: list[Restarted],
    common: fleet_roll.CommonFailure | None,
    *,
    untouched: int,
    current: int,
) -> ExitCode:
    """Print the counts, or everything for programs; returns the exit code."""
    counts = Counter(each.result.word for each in done)
    counts[RestartResult.CURRENT.word] += current
    counts["not-touched"] = untouched
    if output.is_for_programs(args):
        output.print_object(args, _report(args, done, counts, common))
    else:
        for text in _told(common):
            print(text)
        parts = [f"{counts[word]} {word}" for word in _words() if counts[word]]
        print(", ".join(parts) or "no Deployment is an MCP server")
    short = untouched or any(counts[end.word] for end in SHORT)
    return ExitCode.FINDINGS if short else ExitCode.OK


def _told(common: fleet_roll.CommonFailure | None) -> Iterator[str]:
    """A line for each setting that can be what made every roll fail."""
    for each in common.settings if common else ():
        value = each.value if isinstance(each.value, str) else json.dumps(each.value)
        where = f"{each.origin}: {each.where}" if each.origin else each.where
        yield (
            f"every roll failed for {common.reason if common else ''}: look at the setting "
            f"{each.key}, which is {line(value)} ({line(where)})"
        )


def _words() -> list[str]:
    return [*(end.word for end in RestartResult), "not-touched"]


def _report(
    args: argparse.Namespace,
    done: list[Restarted],
    counts: Counter[str],
    common: fleet_roll.CommonFailure | None,
) -> dict[str, object]:
    """Every server that was inspected by itself, in that order; `summary` counts all."""
    failure = common and {
        "reason": common.reason,
        "failures": common.failures,
        "settings": [
            {"key": each.key, "value": each.value, "from": each.origin, "where": each.where}
            for each in common.settings
        ],
    }
    servers = [
        {
            "kind": "Deployment",
            "namespace": each.target.namespace,
            "name": each.target.name,
            "result": each.result.word,
            "reason": each.reason,
            "seen": each.seen,
            "rolled_back": each.rolled_back,
            "messages": list(each.lines),
        }
        for each in done
    ]
    summary = {word: counts[word] for word in _words()}
    report = {"dry_run": args.dry_run, "servers": servers, "common_failure": failure}
    return {**report, "summary": summary}
