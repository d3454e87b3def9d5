"""The settings by which `audit` and `apply` judge servers, and where they are from."""

import argparse
import os
from pathlib import Path
from typing import NamedTuple

from webhook.cli.cluster import release_namespace
from webhook.cli.variables import tell_what_is_not_read
from webhook.controller.settings.settings_store import CONFIG_MAP
from webhook.kube.api import Api
from webhook.kube.errors import Forbidden, NotFound
from webhook.kube.paths import namespaced
from webhook.rules.registry import plan_rules
from webhook.settings.effective_file import FILE
from webhook.settings.load import load, parse
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError


class Judging(NamedTuple):
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
        f"from the ConfigMap {CONFIG_MAP} beside the Service)",
    )


async def judging(api: Api, args: argparse.Namespace) -> Judging:
    """The settings to judge by; raises SettingsError for what cannot be read or makes no sense."""
    found = await _in_force(api, args) if args.settings is None else _of_file(args.settings)
    try:
        plan_rules(found.settings)
    except SettingsError as error:
        raise SettingsError(f"{found.source}: {error}") from None
    return found


def _of_file(path: Path) -> Judging:
    tell_what_is_not_read()
    return Judging(load(path, os.environ), f"{path} and the environment")


async def _in_force(api: Api, args: argparse.Namespace) -> Judging:
    """What every replica works with; where that cannot be read, what is known without it."""
    namespace = release_namespace(args)
    source = f"ConfigMap {namespace}/{CONFIG_MAP}"
    try:
        found = await api.get(namespaced("v1", "configmaps", namespace, CONFIG_MAP))
    except (Forbidden, NotFound) as error:
        tell_what_is_not_read()
        why = "may not be read" if isinstance(error, Forbidden) else "is not there"
        return Judging(
            load(None, os.environ),
            f"the defaults and the environment, which may not be what is in force: {source} {why}, "
            "so name a file with --settings",
        )
    return Judging(parse((found.get("data") or {}).get(FILE, ""), f"{source}, {FILE}"), source)
