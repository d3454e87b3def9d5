"""The settings that reviews are made with: the last good content of their file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from webhook.rules.registry import plan
from webhook.server.watch import FileError, Source, Swap
from webhook.settings.errors import SettingsError
from webhook.settings.load import load
from webhook.settings.model import Settings


class SettingsFile:
    """`current` follows the file; without a file it is the defaults, for good."""

    def __init__(self, path: Path | None) -> None:
        self.current = Settings()
        self.sources = [Source("settings", (path,), partial(self._load, path))] if path else []

    def _load(self, path: Path) -> Swap:
        """Prove the settings, and that the rules can follow them."""
        try:
            settings = load(path)
        except SettingsError as error:
            raise FileError(str(error)) from None
        try:
            plan(settings)
        except SettingsError as error:
            raise FileError(f"{path}: {error}") from None
        return partial(self._swap, settings)

    def _swap(self, settings: Settings) -> None:
        self.current = settings
