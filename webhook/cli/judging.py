"""The settings by which `audit` and `apply` judge servers, and where they are from."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NamedTuple

from webhook.rules.registry import plan
from webhook.settings.errors import SettingsError
from webhook.settings.load import load
from webhook.settings.model import Settings


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
        help="judge by the settings of this file and of the environment, as `control` reads them "
        "(default: the environment and all defaults)",
    )


def judging(path: Path | None) -> Judging:
    """The settings to judge by; raises SettingsError for what cannot be read or makes no sense."""
    settings = load(path, os.environ)
    source = "the defaults" if path is None else str(path)
    try:
        plan(settings)
    except SettingsError as error:
        raise SettingsError(f"{source}: {error}") from None
    return Judging(settings, f"{source}, and the environment")
