"""The settings in force in this process: those of its files, without the exceptions that ended.

A review reads neither a file nor a clock. The thread that polls the files decodes them, and also
takes out what has ended, so that an exception ends without the controller, and within a second. It
compares each time: a clock that jumps, in either direction, is followed. What it decodes can be
long, and reviews need the interpreter, so it rests often.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents import DocumentError, read_bytes
from webhook.server.decision import audit_settings
from webhook.server.file_watch import FileError, FileSet, Swap
from webhook.settings import (
    Settings,
    SettingsByNamespace,
    SettingsError,
    parse_accepted,
    parse_classes,
    parse_overlays,
    parse_settings,
    stage_digest,
    uncompressed,
    with_overlays,
)

BEGINNING, FOR_GOOD = float("-inf"), float("inf")
LOG = logging.getLogger(__name__)
SECONDS_OF_WORK, SECONDS_OF_REST = 0.001, 0.0001


@dataclass(frozen=True)
class InForce:
    """The settings to fill in by, and those by which an object is accepted, too.

    `digest` is what they are called; empty for the defaults. `locked` is what chart and environment
    set, which no resource changes.
    """

    current: SettingsByNamespace
    accepted: tuple[SettingsByNamespace, ...] = ()
    digest: str = ""
    locked: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def noted(self) -> bytes:
        """How audit annotations call them."""
        return audit_settings(self.digest)

    @property
    def until(self) -> float:
        """When the next exception ends, in seconds since 1970."""
        ends = (each.next_end for each in (self.current, *self.accepted))
        return min((end for end in ends if end is not None), default=FOR_GOOD)

    def without_ended(self, now: float) -> "InForce":
        """These settings without the exceptions that have ended by then; itself where none has."""
        if now < self.until:
            return self
        current, *accepted = (each.without_ended(now) for each in (self.current, *self.accepted))
        return replace(self, current=current, accepted=tuple(accepted))


class SettingsFiles(NamedTuple):
    """Where the settings are; of those but the first, each file may be absent or empty.

    `classes` has the names of the runtime classes that there are, which are no settings.
    """

    settings: Path
    accepted: Path | None = None
    namespaces: Path | None = None
    locked: Path | None = None
    classes: Path | None = None

    def read(self) -> InForce:
        """Read each file once, and prove what it says; raises DocumentError or SettingsError."""
        content = read_bytes(self.settings)
        accepted, namespaces, locked = map(_content, self[1:4])
        cluster = parse_settings(content, str(self.settings))
        beside = parse_accepted(accepted, str(self.accepted))
        overlays = uncompressed(namespaces, str(self.namespaces))
        written = parse_overlays(overlays, str(self.namespaces), resting())
        current, *others = with_overlays(cluster, beside, written)
        locks = parse_settings(locked, str(self.locked)) if locked.strip() else Settings()
        return InForce(
            current,
            tuple(others),
            stage_digest(content, accepted, overlays),
            locks.model_dump(by_alias=True, exclude_unset=True),
        )


def resting() -> Callable[[], None]:
    """What a long piece of work calls often: it lets other threads run once a millisecond.

    The interpreter itself would do so after five. It is a rest, because who gives the interpreter
    away for no time at all has it back before others are awake.
    """
    began = time.perf_counter()

    def rest() -> None:
        nonlocal began
        if time.perf_counter() - began > SECONDS_OF_WORK:
            time.sleep(SECONDS_OF_REST)
            began = time.perf_counter()

    return rest


def _content(path: Path | None) -> bytes:
    return read_bytes(path) if path and path.exists() else b""


class SettingsFile:
    """`in_force` follows the files; without a file it is the defaults, for good.

    `digest` is that of the content in force; `on_change` is called with each new one.
    `runtime_classes` are those of the cluster, None where they are not known.
    """

    runtime_classes: frozenset[str] | None = None

    def __init__(
        self,
        files: SettingsFiles | None = None,
        on_change: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.in_force = self._read = InForce(SettingsByNamespace(Settings()))
        self._right = BEGINNING, FOR_GOOD
        self._on_change, self._clock = on_change, clock
        self.file_sets: list[FileSet] = []
        if files is not None:
            paths = tuple(filter(None, files[:4]))
            self.file_sets.append(FileSet("settings", paths, partial(self._load, files)))
        if files is not None and files.classes is not None:
            load = partial(self._load_classes, files.classes)
            self.file_sets.append(FileSet("runtime-classes", (files.classes,), load))

    @property
    def current(self) -> Settings:
        """The settings of the cluster to fill in by."""
        return self.in_force.current.cluster

    @current.setter
    def current(self, settings: Settings) -> None:
        self.in_force = InForce(SettingsByNamespace(settings))

    @property
    def digest(self) -> str:
        """What the settings in force are called."""
        return self.in_force.digest

    def put(self, read: InForce) -> None:
        """Put into force what was read, as far as it has not ended."""
        self._apply(read, self._clock())
        self._on_change(read.digest)

    def follow_clock(self) -> None:
        """Take out the exceptions that have ended, and bring back what a wrong clock took out."""
        now = self._clock()
        since, until = self._right
        if not since <= now < until:
            self._apply(self._read, now)

    def _load(self, files: SettingsFiles) -> Swap:
        try:
            return partial(self.put, files.read())
        except (DocumentError, SettingsError) as error:
            raise FileError(str(error)) from None

    def _load_classes(self, path: Path) -> Swap:
        """Read which runtime classes there are; where that fails, they are not known.

        What only warns keeps no replica from starting.
        """
        try:
            found = parse_classes(_content(path), str(path))
        except (DocumentError, SettingsError) as error:
            LOG.warning("runtime classes not read", extra={"fields": {"reason": str(error)}})
            found = None
        return partial(setattr, self, "runtime_classes", found)

    def _apply(self, read: InForce, now: float) -> None:
        """Put into force what was read, as it is at this time, and note when that is right."""
        lasting = read.without_ended(now)
        self._read, self._right = read, (BEGINNING if lasting is read else now, lasting.until)
        # One assignment: a review on another thread never sees one half of it.
        self.in_force = lasting
