"""The options of `review`, with its help."""

import argparse
import re
from pathlib import Path

from webhook.cli.output import OutputOf
from webhook.reports.formats import REVIEW_FORMATS
from webhook.settings import ACCEPTED, DNS_LABEL, MODES

REVIEW_DESCRIPTION = """\
Shows what the cluster would add to MCP servers, and what it would refuse. It needs no cluster.
"""
REVIEW_EPILOG = """\
what is read:
  A folder is read as a whole: every .yaml, .yml and .json file in it, also in folders such as
  .github. What .gitignore files and --exclude leave out is not read, nor are .git, node_modules,
  virtual environments and the like. Files without a manifest (values.yaml, package.json,
  workflows) are passed over and counted; --strict refuses them. What cannot be read is an error.
  Unrendered Helm templates and kustomize patches are passed over, too. With --render, charts and
  kustomizations are rendered, and findings name the lines of their files.
  The OBOT_SERVER_MCP... variables of the environment are read too, and override --settings.
  MCPNamespaceSettings and MCPServerException among the manifests count as they will once applied,
  and so does MCPServerSettings, unless --settings names others.

examples:
  mcp-admission review deployment.yaml
  mcp-admission review manifests/ --settings settings.yaml -o table
  mcp-admission review . --render --exclude 'testdata/'
  helm template . | mcp-admission review -
  mcp-admission review deployment.yaml -o yaml | kubectl apply -f -
  mcp-admission review deployment.yaml secret.yaml --show-objects
  mcp-admission review deployment.yaml --exceptions exceptions.yaml
  mcp-admission review . --settings settings.yaml --as enforce
  mcp-admission review . --fail-on warning -o table -o sarif=review.sarif -o junit=review.xml

exit codes:
  0  every object and its pods would be admitted, or there is nothing to review
  1  an object or its pods would be refused; with --fail-on warning, there is a warning
  2  bad input or usage
"""


def add_review_options(parser: argparse.ArgumentParser) -> None:
    """Add what is read, by which settings it is judged, and how that is reported."""
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
        help="the settings: a settings file, or an MCPServerSettings resource as kubectl prints it "
        "(default: the MCPServerSettings among the manifests, where there is one)",
    )
    parser.add_argument(
        "--exceptions",
        action="append",
        default=[],
        metavar="FILE",
        help="a file or folder of MCPServerException documents, which count as in a cluster; may "
        "be repeated",
    )
    parser.add_argument(
        "--as",
        dest="as_mode",
        choices=MODES,
        default="",
        help="judge as if this mode was in force in every namespace (default: the mode of the "
        "settings)",
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
