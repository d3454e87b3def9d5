"""The command `review`: what the cluster would make of manifests, without a cluster."""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from webhook.admission.answer import Severity
from webhook.admission.request import Scope
from webhook.cli import destinations, made_objects, manifests
from webhook.cli.command import Subparsers, add_command
from webhook.cli.destinations import Output, OutputError
from webhook.cli.formats import format as formats
from webhook.cli.formats import terminal, wording
from webhook.cli.ignoring import PatternError
from webhook.cli.input import STDIN, Asked
from webhook.cli.manifests import Input, Manifest
from webhook.cli.offline import Outcome, Report, outcome
from webhook.cli.variables import tell_what_is_not_read
from webhook.rules.registry import plan
from webhook.settings.errors import SettingsError
from webhook.settings.load import load
from webhook.settings.model import Settings
from webhook.settings.patterns import ACCEPTED, DNS_LABEL

ADMITTED, REFUSED, BAD_INPUT = 0, 1, 2
_LONG_WORK = 500
_DEFAULT = Output("diff")


class UsageError(Exception):
    """A command line that cannot be carried out."""


_EPILOG = """\
what is read:
  A folder is read as a whole: every .yaml, .yml and .json file in it, also in folders such as
  .github. What .gitignore files and --exclude leave out is not read, nor are .git, node_modules,
  virtual environments and the like. Files without a manifest (values.yaml, package.json,
  workflows) are passed over and counted; --strict refuses them. What cannot be read is an error.
  Unrendered Helm templates and kustomize patches are passed over, too: with --render, charts and
  kustomizations are rendered, and findings stand at the lines of their files.
  The OBOT_SERVER_MCP... variables of the environment are read too, and win over --settings.

examples:
  mcp-admission review deployment.yaml
  mcp-admission review manifests/ --settings settings.yaml -o table
  mcp-admission review . --render --exclude 'testdata/'
  helm template . | mcp-admission review -
  mcp-admission review deployment.yaml -o yaml | kubectl apply -f -
  mcp-admission review deployment.yaml secret.yaml --show-objects
  mcp-admission review . --fail-on warning -o table -o sarif=review.sarif -o junit=review.xml

exit codes:
  0  everything would be admitted, and run; there may be nothing to review
  1  something would be refused, or the pods that it makes; with --fail-on warning, any warning
  2  bad input or usage
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "review",
        short="show what the cluster would make of manifests, without a cluster",
        description="Shows what the cluster would add to MCP servers, and what it would refuse.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a file, a folder, or - for standard input"
    )
    _add_input_options(parser)
    _add_report_options(parser)


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the settings: a settings file, or an MCPServerSettings resource as kubectl prints it",
    )
    parser.add_argument(
        "-n",
        "--namespace",
        type=_namespace,
        default="default",
        metavar="NS",
        help="the namespace of objects that name none (default: default)",
    )
    parser.add_argument(
        "--managed",
        action="store_true",
        help="treat every workload as an MCP server, as in a managed namespace",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out what matches, in the syntax of .gitignore, relative to the current "
        "folder; may be repeated",
    )
    parser.add_argument(
        "--render",
        action="store_true",
        help="render Helm charts with helm, and kustomizations with kubectl or kustomize",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse files without a manifest instead of passing them over",
    )


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        type=destinations.parser_of(formats.FORMATS),
        default=[],
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(formats.FORMATS)}; diff and table are for people, the others for "
        "programs (default: diff); may be repeated with files, as in -o sarif=FILE -o table",
    )
    parser.add_argument(
        "--show-objects",
        action="store_true",
        help="also show what the controller would make: Service, Secrets (keys alone), network "
        "policies, namespace labels; with diff, table, yaml and json",
    )
    parser.add_argument(
        "--fail-on",
        choices=("refused", "warning"),
        default="refused",
        help="what ends with exit code 1 (default: refused)",
    )


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
    for line in (*(one for one in report.passed if one.named), *report.faults, *unwritten):
        print(line, file=sys.stderr)
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
        plan(settings)
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


def _namespace(text: str) -> str:
    if not re.fullmatch(DNS_LABEL, text) or len(text) > 63:
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace: write {ACCEPTED[DNS_LABEL]}")
    return text
