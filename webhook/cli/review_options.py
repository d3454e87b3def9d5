"""The options of `review`, and the help that teaches them."""

import argparse
import re
from pathlib import Path

from webhook.cli import destinations
from webhook.reports import format as formats
from webhook.settings.text_forms import ACCEPTED, DNS_LABEL

EPILOG = """\
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what to read, how, and how to tell about it."""
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
        type=destinations.OutputOf(formats.FORMATS),
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


def _namespace(text: str) -> str:
    if not re.fullmatch(DNS_LABEL, text) or len(text) > 63:
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace: write {ACCEPTED[DNS_LABEL]}")
    return text
