"""The settings by which `audit` and `apply` judge servers, and what reports call them."""

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

from webhook.cli.cluster_options import release_namespace
from webhook.controller.installation import SETTINGS_CONFIG_MAP
from webhook.kube.api import Api
from webhook.kube.api_request import namespaced
from webhook.kube.errors import Forbidden, NotFound
from webhook.settings.environment import not_read
from webhook.settings.layers import FILE
from webhook.settings.load import load_settings, parse_settings
from webhook.settings.model import Settings


class JudgingSettings(NamedTuple):
    """Settings, and what they are called in a report."""

    settings: Settings
    source: str


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for a settings file."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="judge by the settings of this file and of the environment (default: those in force, "
        f"from the ConfigMap {SETTINGS_CONFIG_MAP} beside the Service)",
    )


async def judging_settings(api: Api, args: argparse.Namespace) -> JudgingSettings:
    """The settings of the file that is named, else those in force; raises SettingsError."""
    if args.settings is None:
        return await _in_force(api, args)
    source = f"{args.settings} and the environment"
    return JudgingSettings(_read(args.settings), source)


def _read(path: Path | None) -> Settings:
    """The settings of a file and the environment, with a line for each variable not read."""
    settings = load_settings(path, os.environ)
    for text in not_read(os.environ):
        print(text, file=sys.stderr)
    return settings


async def _in_force(api: Api, args: argparse.Namespace) -> JudgingSettings:
    """What every replica uses; without its ConfigMap, the defaults and the environment."""
    namespace = release_namespace(args)
    source = f"ConfigMap {namespace}/{SETTINGS_CONFIG_MAP}"
    try:
        found = await api.get(namespaced("v1", "configmaps", namespace, SETTINGS_CONFIG_MAP))
    except (Forbidden, NotFound) as error:
        why = "may not be read" if isinstance(error, Forbidden) else "is not there"
        guessed = (
            f"the defaults and the environment, which may not be what is in force: {source} {why}, "
            "so name a file with --settings"
        )
        return JudgingSettings(_read(None), guessed)
    settings = parse_settings((found.get("data") or {}).get(FILE, ""), f"{source}, {FILE}")
    return JudgingSettings(settings, source)
