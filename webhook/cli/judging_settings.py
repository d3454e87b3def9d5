"""The settings by which `audit` and `apply` judge servers, and what reports call them."""

import argparse
import os
import sys
import time
from pathlib import Path

from webhook.cli.cluster_options import release_namespace
from webhook.cli.pending_settings import read_pending_settings
from webhook.controller.installation import SETTINGS_CONFIG_MAP
from webhook.fleet.settings_in_force import (
    JudgingSettings,
    settings_config_map,
    settings_in_force,
    unknown_settings,
)
from webhook.kube import Api
from webhook.settings import SettingsByNamespace, load_settings, not_read


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for files of settings."""
    parser.add_argument(
        "--settings",
        type=Path,
        action="append",
        metavar="FILE",
        help="judge by settings that are not in force yet: a settings file, or documents of "
        "MCPServerSettings, MCPNamespaceSettings and MCPServerException; may be repeated; what the "
        f"files do not set is as in force (default: those in force, from the ConfigMap "
        f"{SETTINGS_CONFIG_MAP} beside the Service)",
    )


async def judging_settings(api: Api, args: argparse.Namespace) -> JudgingSettings:
    """The settings in force, changed by the files that are named; raises SettingsError.

    A line on standard error tells each key of a file that would not be in force.
    """
    release = release_namespace(args)
    source = settings_config_map(release)
    in_force, why = await settings_in_force(api, release)
    if args.settings:
        found = _changed(args.settings, in_force, source, why)
    elif in_force is None:
        guessed = (
            f"the defaults and the environment, which may not be what is in force: {source} {why}, "
            "so name a file with --settings"
        )
        found = JudgingSettings(_of_environment(), guessed, unknown=_unknown(source, why))
    else:
        found = JudgingSettings(in_force, source)
    return found._replace(settings=found.settings.without_ended(time.time()))


def settings_of_files(args: argparse.Namespace) -> SettingsByNamespace:
    """The settings that files and the environment have, without a cluster; raises SettingsError."""
    if not args.settings:
        return _of_environment()
    found = _changed(args.settings, None, "the cluster", "is not asked")
    return found.settings.without_ended(time.time())


def _changed(
    paths: list[Path], in_force: SettingsByNamespace | None, source: str, why: str
) -> JudgingSettings:
    """What the files change of what is in force, or of the defaults where that is not known."""
    files = read_pending_settings(paths, os.environ)
    called, unknown = " and ".join(map(str, paths)), ""
    if files.cluster is not None:
        _tell_variables()
        below = in_force or SettingsByNamespace(files.cluster)
        of_namespaces = f", and what namespaces have by {source}" if below.overlays else ""
        called = f"{called} and the environment{of_namespaces}"
    elif in_force is not None:
        below, called = in_force, f"{called} over {source}"
    else:
        below, called = _of_environment(), f"{called} over the defaults: {source} {why}"
        unknown = _unknown(source, why)
    settings, told = files.over(below, time.time())
    for line in told:
        print(line, file=sys.stderr)
    return JudgingSettings(settings, called, in_force, unknown)


def _unknown(source: str, why: str) -> str:
    """Why settings are a guess, and the option that makes them known; empty where they are none."""
    told = unknown_settings(source, why)
    return told and f"{told}, or name the settings of the cluster with --settings"


def _of_environment() -> SettingsByNamespace:
    _tell_variables()
    return SettingsByNamespace(load_settings(None, os.environ))


def _tell_variables() -> None:
    """Write a line for each variable that is not read."""
    for text in not_read(os.environ):
        print(text, file=sys.stderr)
