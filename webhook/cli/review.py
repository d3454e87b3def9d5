"""The command `review`: what the cluster would make of manifests, without a cluster."""

import argparse
import os
import re
import sys
from pathlib import Path

from webhook.admission.request import Scope
from webhook.cli import made_objects, manifests
from webhook.cli.command import Subparsers, add_command
from webhook.cli.formats import format as formats
from webhook.cli.formats import terminal, wording
from webhook.cli.manifests import STDIN, Input, Manifest
from webhook.cli.offline import Outcome, Report, outcome
from webhook.cli.variables import tell_what_is_not_read
from webhook.rules.registry import plan
from webhook.settings.errors import SettingsError
from webhook.settings.load import load
from webhook.settings.model import Settings
from webhook.settings.patterns import ACCEPTED, DNS_LABEL

ADMITTED, REFUSED, BAD_INPUT = 0, 1, 2
_LONG_WORK = 500


class UsageError(Exception):
    """A command line that cannot be carried out."""


_EPILOG = """\
The OBOT_SERVER_MCP... variables of the environment are read too, and win over --settings.

examples:
  mcp-admission review deployment.yaml
  mcp-admission review manifests/ --settings settings.yaml -o table
  helm template . | mcp-admission review -
  mcp-admission review deployment.yaml -o yaml | kubectl apply -f -
  mcp-admission review deployment.yaml secret.yaml --show-objects

exit codes:
  0  everything would be admitted, and run
  1  something would be refused, or the pods that it makes
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
    parser.add_argument("--settings", type=Path, metavar="FILE", help="the settings file")
    parser.add_argument(
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
        "-o",
        "--output",
        choices=formats.FORMATS,
        default="diff",
        help="diff and table are for people, the others for programs (default: diff)",
    )
    parser.add_argument(
        "--show-objects",
        action="store_true",
        help="also show what the controller would make: Service, Secrets (keys alone), network "
        "policies, namespace labels; with diff, table, yaml and json",
    )


def run(args: argparse.Namespace) -> int:
    """Review everything and print the report; 0 all would run, 1 something refused, 2 bad input."""
    try:
        settings = _settings(args.settings)
        _check_format(args)
        found = _input(args.paths)
    except (SettingsError, UsageError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    outcomes = _review(found.manifests, settings, args)
    if args.show_objects:
        outcomes = made_objects.with_made_objects(outcomes, settings, managed=args.managed)
    report = Report(outcomes, found.faults)
    _print(report, args.output)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    if report.faults:
        return BAD_INPUT
    return ADMITTED if all(one.runs for one in report.outcomes) else REFUSED


def _check_format(args: argparse.Namespace) -> None:
    if args.show_objects and args.output not in made_objects.FORMATS:
        known = ", ".join(made_objects.FORMATS)
        raise UsageError(f"--show-objects: {args.output} has no place for objects: use {known}")


def _settings(path: Path | None) -> Settings:
    """The settings in force; what only the rules know to be nonsense is refused here."""
    settings = load(path, os.environ)
    tell_what_is_not_read()
    try:
        plan(settings)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    return settings


def _input(paths: list[str]) -> Input:
    if paths.count(STDIN) > 1:
        raise UsageError("- stands for standard input, which can be read once: name it once")
    return manifests.read(paths)


def _review(found: list[Manifest], settings: Settings, args: argparse.Namespace) -> list[Outcome]:
    scope = Scope.of(managed=args.managed)
    if len(found) > _LONG_WORK and sys.stderr.isatty():
        print(f"reviewing {len(found)} objects ...", file=sys.stderr)
    return [outcome(manifest, settings, scope, args.namespace) for manifest in found]


def _print(report: Report, output: str) -> None:
    """The report on stdout; what YAML documents cannot say goes to stderr."""
    terminal.prepare()
    for part in formats.load(output).render(report, colour=terminal.colour()):
        sys.stdout.write(part)
    if output != "json":
        sys.stdout.writelines(made_objects.documents(report.outcomes))
    sys.stdout.flush()
    if output == "yaml":
        _tell([one for one in report.outcomes if one.findings])


def _tell(outcomes: list[Outcome]) -> None:
    """On stderr: what the documents on stdout do not say."""
    for one in outcomes:
        said = "".join(wording.findings(one, colour=False))
        sys.stderr.write(f"{wording.title(one)}: {wording.verdict(one)}\n{said}")


def _namespace(text: str) -> str:
    if not re.fullmatch(DNS_LABEL, text) or len(text) > 63:
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace: write {ACCEPTED[DNS_LABEL]}")
    return text
