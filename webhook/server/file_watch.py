"""Files that may change while the process runs: read again when they change.

The kubelet replaces a mounted volume by swapping a symlink and sends no event for the files
themselves, so their content is read four times a second. New content is proven before it is used.
Content that is invalid changes nothing but a metric and the log.
"""

import asyncio
import hashlib
import logging
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from webhook.observe.logs import failure
from webhook.observe.metrics import Metrics

# A changed setting takes three rounds of these.
SECONDS_BETWEEN_POLLS = 0.25
TRIES = 3

LOG = logging.getLogger(__name__)

Fingerprint = tuple[str, ...]
Swap = Callable[[], None]


class FileError(Exception):
    """Files that cannot be used; the message says which, why, and what is expected."""


@dataclass(frozen=True)
class FileSet:
    """Files that are used together.

    `load` reads them, raises FileError where they cannot be used, and returns a function that puts
    them into use. It runs on a thread of its own.
    """

    name: str
    paths: tuple[Path, ...]
    load: Callable[[], Swap]


class FileWatcher:
    """Reloads the files of a process when their content changes."""

    def __init__(
        self,
        file_sets: Sequence[FileSet],
        metrics: Metrics,
        after_poll: Callable[[], object] = lambda: None,
    ) -> None:
        self._after_poll = after_poll
        self._file_sets = file_sets
        self._metrics = metrics
        self._seen: dict[str, Fingerprint] = {}
        metrics.watched([files.name for files in file_sets])

    def load(self) -> None:
        """Load all files for the first time; raises FileError where one cannot be used."""
        for files in self._file_sets:
            self._read(files)

    async def run(self) -> None:
        """Poll until cancelled, without blocking the event loop."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)
            await asyncio.to_thread(self.poll)

    def poll(self) -> None:
        """Reload what has changed and can be used; then do what depends on the time alone."""
        for files in self._file_sets:
            if fingerprint_files(files.paths) != self._seen[files.name]:
                self._reload(files)
        self._after_poll()

    def _reload(self, files: FileSet) -> None:
        fields: dict[str, object] = {"file": files.name, "paths": [str(p) for p in files.paths]}
        problem: dict[str, object] = {}
        try:
            self._read(files)
        except FileError as error:
            problem = {"reason": str(error)}
        except Exception as error:  # noqa: BLE001 - no content of a file ends the process
            problem = failure(error)
        self._metrics.reloaded(files.name, taken=not problem)
        if problem:
            LOG.error("file reload failed", extra={"fields": fields | problem})
        else:
            LOG.info("file reloaded", extra={"fields": fields})

    def _read(self, files: FileSet) -> None:
        """Load files at a moment when none of them is being replaced."""
        for _ in range(TRIES):
            before = self._seen[files.name] = fingerprint_files(files.paths)
            problem: FileError | None = None
            try:
                swap = files.load()
            except FileError as error:
                problem = error
            if fingerprint_files(files.paths) != before:
                continue
            if problem:
                raise problem
            swap()
            return
        names = " and ".join(str(path) for path in files.paths)
        raise FileError(f"{names} changed {TRIES} times while being read: write them once")


def fingerprint_files(paths: Sequence[Path]) -> Fingerprint:
    """A digest of the content of each file, or why it cannot be read."""
    return tuple(_digest(path) for path in paths)


def _digest(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"error {error.errno}"
