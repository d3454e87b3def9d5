"""The settings that a command reads from a file and the environment."""

import os
import sys
from pathlib import Path

from webhook.settings.environment import not_read
from webhook.settings.load import load_settings
from webhook.settings.model import Settings


def read_settings(path: Path | None) -> Settings:
    """The settings of a file and the environment; raises SettingsError."""
    settings = load_settings(path, os.environ)
    warn_of_unread_variables()
    return settings


def warn_of_unread_variables() -> None:
    """Write a line to standard error for each variable of the reference that is not read."""
    for text in not_read(os.environ):
        print(text, file=sys.stderr)
