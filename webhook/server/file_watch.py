"""Files that may change while the process runs: read again when their content does.

The kubelet replaces a mounted volume by swapping a symlink and sends no event for the files
themselves, so their content is asked for every second. New content is proven before it is put in
force; content that cannot be used changes nothing but a metric and the log.
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

SECONDS_BETWEEN_POLLS = 1.0
TRIES = 3

LOG = logging.getLogger(__name__)

Fingerprint = tuple[str, ...]
Swap = Callable[[], None]


class FileError(Exception):
    """Files that cannot be used; the message says which, why, and what is expected."""


@dataclass(frozen=True)
class Source:
    """Files that are used together.

    `load` reads them, raises FileError when they cannot be used, and returns what puts them in
    force. It runs on a thread of its own.
    """

    name: str
    paths: tuple[Path, ...]
    load: Callable[[], Swap]


class Watch:
    """The sources of a process, and what was last seen in each."""

    def __init__(self, sources: Sequence[Source], metrics: Metrics) -> None:
        self._sources = sources
        self._metrics = metrics
        self._seen: dict[str, Fingerprint] = {}
        metrics.watched([source.name for source in sources])

    def load(self) -> None:
        """Put all sources in force for the first time; raises FileError if one cannot be used."""
        for source in self._sources:
            self._read(source)

    async def run(self) -> None:
        """Poll until cancelled, without holding up the event loop."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)
            await asyncio.to_thread(self.poll)

    def poll(self) -> None:
        """Put in force what has changed and can be used."""
        for source in self._sources:
            if fingerprint(source.paths) != self._seen[source.name]:
                self._reload(source)

    def _reload(self, source: Source) -> None:
        fields: dict[str, object] = {"file": source.name, "paths": [str(p) for p in source.paths]}
        problem: dict[str, object] = {}
        try:
            self._read(source)
        except FileError as error:
            problem = {"reason": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever is in a file, the process serves on
            problem = failure(error)
        self._metrics.reloaded(source.name, taken=not problem)
        if problem:
            LOG.error(
                "a changed file is unusable: the one before stays in force",
                extra={"fields": fields | problem},
            )
        else:
            LOG.info("a changed file is in force", extra={"fields": fields})

    def _read(self, source: Source) -> None:
        """Load a source at a moment when none of its files is being replaced."""
        for _ in range(TRIES):
            before = self._seen[source.name] = fingerprint(source.paths)
            problem: FileError | None = None
            try:
                swap = source.load()
            except FileError as error:
                problem = error
            if fingerprint(source.paths) != before:
                continue
            if problem:
                raise problem
            swap()
            return
        names = " and ".join(str(path) for path in source.paths)
        raise FileError(f"{names} changed {TRIES} times while being read: write them once")


def fingerprint(paths: Sequence[Path]) -> Fingerprint:
    """What stands in these files, or why it cannot be read."""
    return tuple(_digest(path) for path in paths)


def _digest(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"error {error.errno}"
