"""`mcp-admission settings show`: each value in force, and where it comes from."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from webhook.admission import line
from webhook.cli import output
from webhook.cli.cluster_options import add_access_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.reports.text import columns, prepare_stdout, value_in_words
from webhook.settings import (
    NamespaceDocument,
    SettingsError,
    load_namespace_settings,
    load_settings,
    not_read,
    origins,
    read_layers,
)

DESCRIPTION = """\
Shows the settings of a cluster, or of a namespace in it, and where each value comes from.
"""
EPILOG = """\
examples:
  mcp-admission settings show
  mcp-admission settings show -n team-a --all
"""
SHOW = """\
Shows each key that is set, its value in force, and which source sets it: chart, environment,
cluster (MCPServerSettings), namespace (MCPNamespaceSettings), file, or built-in. What somebody set
and is not in force follows, each with its reason.

The settings are those of the cluster. With --settings they are those of a file and of the
environment, and no cluster is asked. --namespace-settings takes a file in the place of the
namespace's resource: it shows what the file would do.
"""
SHOW_EPILOG = """\
examples:
  mcp-admission settings show                          the settings of the cluster
  mcp-admission settings show -n team-a                those of a namespace
  mcp-admission settings show -n team-a --all          also the keys that nobody sets
  mcp-admission settings show -n team-a --namespace-settings team-a.yaml
                                                       those that this file would make
  mcp-admission settings show --settings settings.yaml --namespace-settings team-a.yaml
                                                       the same without a cluster

exit codes:
  0  every key that is set is in force
  1  a key that is set is not in force
  2  the cluster cannot be reached or read; wrong usage or settings
"""
_HEADINGS = ("KEY", "VALUE", "FROM", "WHERE")
_NONE = "no key is set: every value is built in; --all lists them"


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its action."""
    parser = add_command(
        subparsers,
        "settings",
        short="show the settings of a cluster or namespace, and where each value comes from",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = add_command(
        actions,
        "show",
        short="show each value in force, and where it comes from",
        description=SHOW,
        epilog=SHOW_EPILOG,
    )
    show.add_argument("-n", "--namespace", metavar="NS", help="the settings of this namespace")
    show.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a file with the settings of the cluster, to ask no cluster",
    )
    show.add_argument(
        "--namespace-settings",
        type=Path,
        metavar="FILE",
        help="a file with the settings of the namespace: the keys alone, or the resource "
        "MCPNamespaceSettings",
    )
    show.add_argument("--all", action="store_true", help="also show the keys that nobody sets")
    add_access_options(show)
    output.add_output_option(show)
    output.add_note_options(show)


def run(args: argparse.Namespace) -> ExitCode:
    """Show the settings; what cannot be read is an ERROR with a message."""
    try:
        document = _of_namespace(args)
        found = _offline(args, document) if args.settings else _online(args, document)
    except SettingsError as error:
        output.write_error(args, error)
        return ExitCode.ERROR
    if found is None:
        return ExitCode.ERROR
    values = found.values(all_keys=args.all)
    others = list(found.not_in_force())
    prepare_stdout()
    if output.is_for_programs(args):
        output.print_object(args, _report(args.namespace, values, others))
    else:
        _print_table(values, others)
    return ExitCode.FINDINGS if others else ExitCode.OK


def _of_namespace(args: argparse.Namespace) -> NamespaceDocument | None:
    """The settings of the namespace in a file, if one is named; `--namespace` becomes its own."""
    if args.namespace_settings is None:
        return None
    document = load_namespace_settings(args.namespace_settings)
    if args.namespace and document.namespace not in {"", args.namespace}:
        raise SettingsError(
            f"{args.namespace_settings}: is for namespace {document.namespace}: say -n "
            f"{document.namespace}, or name another file"
        )
    args.namespace = args.namespace or document.namespace or None
    return document


def _offline(
    args: argparse.Namespace, document: NamespaceDocument | None
) -> origins.SettingsOrigins:
    """The settings of files and of the environment."""
    cluster = load_settings(args.settings, os.environ)
    for variable in not_read(os.environ):
        output.write_note(args, variable)
    file, _ = read_layers(args.settings, os.environ)
    sources = (
        origins.SettingsSource(origins.FILE_ORIGIN, file),
        origins.variable_source(os.environ),
    )
    return origins.SettingsOrigins(cluster, sources, namespace=_source(document))


def _online(
    args: argparse.Namespace, document: NamespaceDocument | None
) -> origins.SettingsOrigins | None:
    # The Kubernetes client takes half a second to load.
    cluster = import_module("webhook.cli.settings_in_cluster")
    found: origins.SettingsOrigins | None = cluster.settings_in_cluster(args, _source(document))
    return found


def _source(document: NamespaceDocument | None) -> origins.SettingsSource | None:
    if document is None:
        return None
    return origins.SettingsSource(origins.NAMESPACE_ORIGIN, document.layer)


def _report(
    namespace: str | None,
    values: Sequence[origins.EffectiveValue],
    others: Sequence[origins.ValueNotInForce],
) -> Mapping[str, Any]:
    return {
        "namespace": namespace,
        "values": [
            {"key": each.key, "value": each.value, "from": each.origin, "where": each.place}
            for each in values
        ],
        "not_in_force": [
            {
                "key": each.key,
                "value": each.value,
                "from": each.origin,
                "where": each.place,
                "reason": each.reason,
            }
            for each in others
        ],
    }


def _print_table(
    values: Sequence[origins.EffectiveValue], others: Sequence[origins.ValueNotInForce]
) -> None:
    """The values in columns, then a line for each that is not in force."""
    rows = [
        (
            line(each.key),
            value_in_words(each.value),
            each.origin,
            line(each.place) if each.place else "-",
        )
        for each in values
    ]
    for text in columns([_HEADINGS, *rows]) if rows else [_NONE]:
        print(text)
    if others:
        print("\nnot in force:")
    for each in others:
        key = line(each.key) if each.key else "all keys"
        print(f"  {line(each.place)}: {key}: {line(each.reason)}")
    sys.stdout.flush()
