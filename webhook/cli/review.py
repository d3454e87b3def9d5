"""`mcp-admission review`: what the cluster would make of manifests, without a cluster."""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from webhook.admission import Scope, Severity, line
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.output import OutputError, OutputOf, ReportOutput, check_outputs, write_file
from webhook.offline import made_objects
from webhook.offline.ignoring import PatternError
from webhook.offline.manifests import Manifest, ReadManifests, read_manifests
from webhook.offline.passed_over import STDIN
from webhook.offline.repository import ReadOptions
from webhook.offline.reviewer import ReviewOutcome, review_manifest
from webhook.reports.formats import REVIEW_FORMATS, report_parts
from webhook.reports.review_items import ReviewSource
from webhook.reports.review_report import ReviewReport, count_line, finding_lines, heading_line
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.settings import ACCEPTED, DNS_LABEL, Settings, SettingsError, load_settings, not_read

_LONG_WORK = 500
_DEFAULT = ReportOutput("diff")
_DESCRIPTION = """\
Shows what the cluster would add to MCP servers, and what it would refuse. It needs no cluster.
"""
_EPILOG = """\
what is read:
  A folder is read as a whole: every .yaml, .yml and .json file in it, also in folders such as
  .github. What .gitignore files and --exclude leave out is not read, nor are .git, node_modules,
  virtual environments and the like. Files without a manifest (values.yaml, package.json,
  workflows) are passed over and counted; --strict refuses them. What cannot be read is an error.
  Unrendered Helm templates and kustomize patches are passed over, too. With --render, charts and
  kustomizations are rendered, and findings name the lines of their files.
  The OBOT_SERVER_MCP... variables of the environment are read too, and override --settings.

examples:
  mcp-admission review deployment.yaml
  mcp-admission review manifests/ --settings settings.yaml -o table
  mcp-admission review . --render --exclude 'testdata/'
  helm template . | mcp-admission review -
  mcp-admission review deployment.yaml -o yaml | kubectl apply -f -
  mcp-admission review deployment.yaml secret.yaml --show-objects
  mcp-admission review . --fail-on warning -o table -o sarif=review.sarif -o junit=review.xml

exit codes:
  0  every object and its pods would be admitted, or there is nothing to review
  1  an object or its pods would be refused; with --fail-on warning, there is a warning
  2  bad input or usage
"""


class UsageError(Exception):
    """A command line that cannot be carried out."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "review",
        short="show what the cluster would make of manifests, without a cluster",
        description=_DESCRIPTION,
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
        type=OutputOf(REVIEW_FORMATS),
        default=[],
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(REVIEW_FORMATS)}; diff and table are for people, the others for "
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


def _namespace(text: str) -> str:
    if not re.fullmatch(DNS_LABEL, text) or len(text) > 63:
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace: write {ACCEPTED[DNS_LABEL]}")
    return text


def run(args: argparse.Namespace) -> ExitCode:
    """Review everything and write the reports."""
    outputs = args.output or [_DEFAULT]
    try:
        settings = load_settings(args.settings, os.environ)
        for variable in not_read(os.environ):
            print(variable, file=sys.stderr)
        _check(outputs, show_objects=args.show_objects)
        found = _input(args)
    except (SettingsError, UsageError, OutputError) as error:
        print(error, file=sys.stderr)
        return ExitCode.ERROR
    scope = Scope.MANAGED if args.managed else Scope.OPTED_IN
    outcomes = _review(found.manifests, settings, scope, args.namespace)
    if args.show_objects:
        outcomes = made_objects.with_made_objects(outcomes, settings, scope)
    report = ReviewReport(outcomes, found.faults, found.passed)
    unwritten = _write(report, outputs)
    _print(report, outputs)
    for problem in (*(one for one in report.passed if one.named), *report.faults, *unwritten):
        # Names and the output of tools may hold control characters of a terminal.
        print(line(str(problem), len(str(problem))), file=sys.stderr)
    if report.faults or unwritten:
        return ExitCode.ERROR
    return ExitCode.FINDINGS if _fails(report, args.fail_on) else ExitCode.OK


def _fails(report: ReviewReport, fail_on: str) -> bool:
    """Whether an outcome ends the command with exit code 1."""
    if not all(one.runs for one in report.outcomes):
        return True
    return fail_on == "warning" and any(
        finding.severity is Severity.WARNING for one in report.outcomes for finding in one.findings
    )


def _check(outputs: list[ReportOutput], *, show_objects: bool) -> None:
    check_outputs(outputs)
    if show_objects and not any(one.format in made_objects.FORMATS for one in outputs):
        known = ", ".join(made_objects.FORMATS)
        named = ", ".join(one.format for one in outputs)
        raise UsageError(f"--show-objects: {named} has no place for objects: use {known}")


def _input(args: argparse.Namespace) -> ReadManifests:
    if args.paths.count(STDIN) > 1:
        raise UsageError("- stands for standard input, which can be read once: name it once")
    options = ReadOptions(tuple(args.exclude), args.strict, args.render, args.namespace)
    try:
        return read_manifests(args.paths, options)
    except PatternError as error:
        raise UsageError(f"--exclude: {error}: write a pattern as in .gitignore") from None


def _review(
    found: list[Manifest], settings: Settings, scope: Scope, namespace: str
) -> list[ReviewOutcome]:
    if len(found) > _LONG_WORK and sys.stderr.isatty():
        print(f"reviewing {len(found)} objects ...", file=sys.stderr)
    return [review_manifest(manifest, settings, scope, namespace) for manifest in found]


def _write(report: ReviewReport, outputs: list[ReportOutput]) -> list[OutputError]:
    """Write the report to files; returns an error for each that could not be written."""
    failed = []
    for output in outputs:
        if output.file is not None:
            try:
                write_file(output.file, _parts(report, output.format, colour=False))
            except OutputError as error:
                failed.append(error)
    return failed


def _print(report: ReviewReport, outputs: list[ReportOutput]) -> None:
    """Write the report to stdout, and to stderr what that format leaves out."""
    prepare_stdout()
    printed = next((one.format for one in outputs if one.file is None), None)
    if printed is None:
        sys.stderr.write(count_line(report))
        return
    for part in _parts(report, printed, colour=stdout_has_colour()):
        sys.stdout.write(part)
    sys.stdout.flush()
    if printed == "yaml":
        _print_findings([one for one in report.outcomes if one.findings])


def _parts(report: ReviewReport, output: str, *, colour: bool) -> Iterator[str]:
    yield from report_parts(ReviewSource(report), output, colour=colour)
    if output != "json":
        yield from made_objects.made_documents(report.outcomes)


def _print_findings(outcomes: list[ReviewOutcome]) -> None:
    """Write to stderr what the documents on stdout do not say."""
    for one in outcomes:
        sys.stderr.write(heading_line(one, colour=False))
        sys.stderr.writelines(finding_lines(one, colour=False))
