"""`mcp-admission review`: what the cluster would make of manifests, without a cluster."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence

from webhook.admission import Scope, Severity, line
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.output import OutputError, ReportOutput, check_outputs, write_file
from webhook.cli.review_options import REVIEW_DESCRIPTION, REVIEW_EPILOG, add_review_options
from webhook.offline import (
    ignoring,
    made_objects,
    manifests,
    repository,
    review_outcome,
    reviewer,
    settings_documents,
)
from webhook.offline.passed_over import STDIN
from webhook.reports.formats import report_parts
from webhook.reports.review_items import ReviewSource
from webhook.reports.review_report import ReviewReport, count_line, finding_lines, heading_line
from webhook.reports.text import prepare_stdout, stdout_has_colour
from webhook.settings import EXCEPTION_KIND, SettingsError, load_settings, not_read

_LONG_WORK, _MOST = 500, 50
_DEFAULT = ReportOutput("diff")


class UsageError(Exception):
    """A command line that cannot be carried out."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its options."""
    parser = add_command(
        subparsers,
        "review",
        short="show what the cluster would make of manifests, without a cluster",
        description=REVIEW_DESCRIPTION,
        epilog=REVIEW_EPILOG,
    )
    add_review_options(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Review everything and write the reports."""
    outputs = args.output or [_DEFAULT]
    try:
        cluster = load_settings(args.settings, os.environ)
        for variable in not_read(os.environ):
            print(variable, file=sys.stderr)
        _check(outputs, args)
        exceptions = _exceptions(args)
        found = _input(args)
        if args.settings is None:
            among = settings_documents.cluster_settings(found.manifests, os.environ)
            cluster = among or cluster
        documents = [*exceptions, *found.manifests]
        settings = settings_documents.settings_beside(
            cluster, documents, args.namespace, time.time(), args.as_mode, managed=args.managed
        )
        _tell_faults(exceptions, settings)
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


def _check(outputs: list[ReportOutput], args: argparse.Namespace) -> None:
    if [*args.paths, *args.exceptions].count(STDIN) > 1:
        raise UsageError("- stands for standard input, which can be read once: name it once")
    check_outputs(outputs)
    if args.show_objects and not any(one.format in made_objects.FORMATS for one in outputs):
        known = ", ".join(made_objects.FORMATS)
        named = ", ".join(one.format for one in outputs)
        raise UsageError(f"--show-objects: {named} has no place for objects: use {known}")


def _input(args: argparse.Namespace) -> manifests.ReadManifests:
    options = repository.ReadOptions(tuple(args.exclude), args.strict, args.render, args.namespace)
    try:
        return manifests.read_manifests(args.paths, options)
    except ignoring.PatternError as error:
        raise UsageError(f"--exclude: {error}: write a pattern as in .gitignore") from None


def _exceptions(args: argparse.Namespace) -> list[manifests.Manifest]:
    """The documents of `--exceptions`; raises UsageError for what is no exception."""
    if not args.exceptions:
        return []
    found = manifests.read_manifests(args.exceptions, repository.ReadOptions(strict=True))
    faults = [str(fault) for fault in found.faults]
    faults += [
        f"{_place(each)}: must be {EXCEPTION_KIND}, not {each.kind}: name a file with exceptions"
        for each in found.manifests
        if each.kind != EXCEPTION_KIND
    ]
    _refuse(faults)
    return found.manifests


def _tell_faults(
    exceptions: Sequence[manifests.Manifest], settings: settings_documents.ReviewSettings
) -> None:
    """Tell what is wrong with documents that no report lists; raises UsageError for errors."""
    errors = []
    for each in exceptions:
        for finding in settings.findings_of(each):
            said = f"{_place(each, finding.path)}: {finding.message}"
            if finding.severity is Severity.ERROR:
                errors.append(said)
            else:
                print(line(said, len(said)), file=sys.stderr)
    _refuse(errors)


def _refuse(faults: list[str]) -> None:
    if faults:
        more = f"\nand {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        raise UsageError("\n".join(line(fault, len(fault)) for fault in faults[:_MOST]) + more)


def _place(manifest: manifests.Manifest, pointer: str = "") -> str:
    document = manifest.document
    return f"{document.source}:{document.line(pointer or manifest.pointer)}"


def _review(
    found: list[manifests.Manifest],
    settings: settings_documents.ReviewSettings,
    scope: Scope,
    namespace: str,
) -> list[review_outcome.ReviewOutcome]:
    if len(found) > _LONG_WORK and sys.stderr.isatty():
        print(f"reviewing {len(found)} objects ...", file=sys.stderr)
    return [reviewer.review_manifest(manifest, settings, scope, namespace) for manifest in found]


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


def _print_findings(outcomes: list[review_outcome.ReviewOutcome]) -> None:
    """Write to stderr what the documents on stdout do not say."""
    for one in outcomes:
        sys.stderr.write(heading_line(one, colour=False))
        sys.stderr.writelines(finding_lines(one, colour=False))
