"""The settings that reviews are made with: the last good content of their file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from webhook.documents.reader import DocumentError, read_bytes
from webhook.server.file_watch import FileError, FileSet, Swap
from webhook.settings.effective_file import content_digest
from webhook.settings.faults import SettingsError
from webhook.settings.load import parse_settings
from webhook.settings.model import Settings


def _nobody(_digest: str) -> None:
    """The default: nobody is called."""


class SettingsFile:
    """`current` follows the file; without a file it is the defaults, for good.

    `digest` is that of the content in force; `told` is called with each new one.
    """

    def __init__(self, path: Path | None, told: Callable[[str], None] = _nobody) -> None:
        self.current, self.digest = Settings(), ""
        self._told = told
        self.file_sets = [FileSet("settings", (path,), partial(self._load, path))] if path else []

    def _load(self, path: Path) -> Swap:
        """Read the file once and prove the settings in it."""
        try:
            content = read_bytes(path)
            settings = parse_settings(content, str(path))
        except (DocumentError, SettingsError) as error:
            raise FileError(str(error)) from None
        return partial(self._swap, settings, content_digest(content))

    def _swap(self, settings: Settings, called: str) -> None:
        self.current, self.digest = settings, called
        self._told(called)
