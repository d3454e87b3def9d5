"""The settings that a command reads from a file and the environment."""

import os
import sys
from pathlib import Path

from webhook.rules.registry import plan
from webhook.settings.environment import not_read
from webhook.settings.load import load
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError


def read_settings(path: Path | None, source: str) -> Settings:
    """The settings of a file and the environment; raises SettingsError.

    `source` is what messages call them.
    """
    settings = load(path, os.environ)
    warn_of_unread_variables()
    return with_usable_rules(settings, source)


def with_usable_rules(settings: Settings, source: str) -> Settings:
    """The settings, if the rules can use them; raises SettingsError."""
    try:
        plan(settings)
    except SettingsError as error:
        raise SettingsError(f"{source}: {error}") from None
    return settings


def warn_of_unread_variables() -> None:
    """Write a line to standard error for each variable of the reference that is not read."""
    for text in not_read(os.environ):
        print(text, file=sys.stderr)
