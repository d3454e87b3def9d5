"""The command `review`: what the cluster would make of manifests, without a cluster."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from webhook.admission.answer import Severity, line
from webhook.admission.request import Scope
from webhook.cli import destinations
from webhook.cli.command import Subparsers, add_command
from webhook.cli.destinations import Output, OutputError
from webhook.cli.review_options import EPILOG, add_options
from webhook.cli.variables import tell_what_is_not_read
from webhook.offline import made_objects, manifests
from webhook.offline.ignoring import PatternError
from webhook.offline.input import STDIN, Asked
from webhook.offline.manifests import Input, Manifest
from webhook.offline.reviewer import Outcome, Report, outcome
from webhook.reports import format as formats
from webhook.reports import terminal, wording
from webhook.rules.registry import plan_rules
from webhook.settings.load import load
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError

ADMITTED, REFUSED, BAD_INPUT = 0, 1, 2
_LONG_WORK = 500
_DEFAULT = Output("diff")


class UsageError(Exception):
    """A command line that cannot be carried out."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "review",
        short="show what the cluster would make of manifests, without a cluster",
        description="Shows what the cluster would add to MCP servers, and what it would refuse.",
        epilog=EPILOG,
    )
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Review everything and tell it; 0 all would run, 1 something refused, 2 bad input."""
    wanted = args.output or [_DEFAULT]
    try:
        settings = _settings(args.settings)
        _check(wanted, show_objects=args.show_objects)
        found = _input(args)
    except (SettingsError, UsageError, OutputError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    outcomes = _review(found.manifests, settings, args)
    if args.show_objects:
        outcomes = made_objects.with_made_objects(outcomes, settings, managed=args.managed)
    report = Report(outcomes, found.faults, found.passed)
    unwritten = _write(report, wanted)
    _print(report, wanted)
    for told in (*(one for one in report.passed if one.named), *report.faults, *unwritten):
        # Names and what tools say may hold what turns a terminal.
        text = str(told)
        print(line(text, len(text)), file=sys.stderr)
    if report.faults or unwritten:
        return BAD_INPUT
    return REFUSED if _fails(report, args.fail_on) else ADMITTED


def _fails(report: Report, fail_on: str) -> bool:
    """Whether there is something that ends with exit code 1."""
    if not all(one.runs for one in report.outcomes):
        return True
    return fail_on == "warning" and any(
        finding.severity is Severity.WARNING for one in report.outcomes for finding in one.findings
    )


def _check(wanted: list[Output], *, show_objects: bool) -> None:
    destinations.check(wanted)
    if show_objects and not any(one.format in made_objects.FORMATS for one in wanted):
        known = ", ".join(made_objects.FORMATS)
        named = ", ".join(one.format for one in wanted)
        raise UsageError(f"--show-objects: {named} has no place for objects: use {known}")


def _settings(path: Path | None) -> Settings:
    """The settings in force; what only the rules know to be nonsense is refused here."""
    settings = load(path, os.environ)
    tell_what_is_not_read()
    try:
        plan_rules(settings)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    return settings


def _input(args: argparse.Namespace) -> Input:
    if args.paths.count(STDIN) > 1:
        raise UsageError("- stands for standard input, which can be read once: name it once")
    asked = Asked(tuple(args.exclude), args.strict, args.render, args.namespace)
    try:
        return manifests.read(args.paths, asked)
    except PatternError as error:
        raise UsageError(f"--exclude: {error}: write a pattern as in .gitignore") from None


def _review(found: list[Manifest], settings: Settings, args: argparse.Namespace) -> list[Outcome]:
    scope = Scope.of(managed=args.managed)
    if len(found) > _LONG_WORK and sys.stderr.isatty():
        print(f"reviewing {len(found)} objects ...", file=sys.stderr)
    return [outcome(manifest, settings, scope, args.namespace) for manifest in found]


def _write(report: Report, wanted: list[Output]) -> list[OutputError]:
    """The report in files; what could not be written."""
    failed = []
    for output in wanted:
        if output.file is not None:
            try:
                destinations.write(output.file, _parts(report, output.format, colour=False))
            except OutputError as error:
                failed.append(error)
    return failed


def _print(report: Report, wanted: list[Output]) -> None:
    """The report on stdout; what is not said there goes to stderr."""
    terminal.prepare()
    printed = next((one.format for one in wanted if one.file is None), None)
    if printed is None:
        sys.stderr.write(wording.count(report))
        return
    for part in _parts(report, printed, colour=terminal.colour()):
        sys.stdout.write(part)
    sys.stdout.flush()
    if printed == "yaml":
        _tell([one for one in report.outcomes if one.findings])


def _parts(report: Report, output: str, *, colour: bool) -> Iterator[str]:
    yield from formats.load(output).render(report, colour=colour)
    if output != "json":
        yield from made_objects.documents(report.outcomes)


def _tell(outcomes: list[Outcome]) -> None:
    """On stderr: what the documents on stdout do not say."""
    for one in outcomes:
        said = "".join(wording.findings(one, colour=False))
        sys.stderr.write(f"{wording.title(one)}: {wording.verdict(one)}\n{said}")
