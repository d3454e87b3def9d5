"""The settings that reviews are made with: the last good content of their file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from webhook.rules.registry import plan_rules
from webhook.server.file_watch import FileError, Source, Swap
from webhook.settings.effective_file import digest
from webhook.settings.load import load
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError


def _nobody(_digest: str) -> None:
    """Nobody asked."""


class SettingsFile:
    """`current` follows the file; without a file it is the defaults, for good.

    `digest` is that of the content in force; `told` is called with each new one.
    """

    def __init__(self, path: Path | None, told: Callable[[str], None] = _nobody) -> None:
        self.current, self.digest = Settings(), ""
        self._told = told
        self.sources = [Source("settings", (path,), partial(self._load, path))] if path else []

    def _load(self, path: Path) -> Swap:
        """Prove the settings, and that the rules can follow them."""
        try:
            settings = load(path)
            content = path.read_bytes()
        except (SettingsError, OSError) as error:
            raise FileError(str(error)) from None
        try:
            plan_rules(settings)
        except SettingsError as error:
            raise FileError(f"{path}: {error}") from None
        return partial(self._swap, settings, digest(content))

    def _swap(self, settings: Settings, called: str) -> None:
        self.current, self.digest = settings, called
        self._told(called)
