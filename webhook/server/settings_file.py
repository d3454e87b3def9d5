"""The settings in force in this process: those of its files, without the exceptions that ended.

A review reads neither a file nor a clock. The thread that polls the files also takes out what has
ended, so that an exception ends without the controller, and within a second. It compares each
time: a clock that jumps, in either direction, is followed.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from webhook.documents import DocumentError, read_bytes
from webhook.server.decision import audit_settings
from webhook.server.file_watch import FileError, FileSet, Swap
from webhook.settings import (
    Overlay,
    Settings,
    SettingsByNamespace,
    SettingsError,
    parse_accepted,
    parse_settings,
    stage_digest,
)

ALWAYS = float("-inf"), float("inf")


@dataclass(frozen=True)
class InForce:
    """The settings to fill in by, and those by which an object is accepted, too.

    `digest` is what they are called; empty for the defaults.
    """

    current: SettingsByNamespace
    accepted: tuple[SettingsByNamespace, ...] = ()
    digest: str = ""

    @cached_property
    def noted(self) -> bytes:
        """How audit annotations call them."""
        return audit_settings(self.digest)

    def ends(self) -> Iterator[float]:
        """When exceptions end, in seconds since 1970."""
        for settings in (self.current, *self.accepted):
            for overlay in settings.overlays.values():
                for granted in overlay.exceptions:
                    yield granted.expires

    def at(self, now: float) -> "InForce":
        """These settings without the exceptions that have ended by then."""
        return replace(
            self,
            current=_not_ended(self.current, now),
            accepted=tuple(_not_ended(each, now) for each in self.accepted),
        )


class SettingsFile:
    """`in_force` follows the files; without a file it is the defaults, for good.

    The second file may be absent or empty. `digest` is that of the content in force; `on_change`
    is called with each new one.
    """

    def __init__(
        self,
        path: Path | None,
        on_change: Callable[[str], object] = lambda _: None,
        accepted: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.in_force = self._read = InForce(SettingsByNamespace(Settings()))
        self._right = ALWAYS
        self._on_change, self._clock = on_change, clock
        paths = tuple(filter(None, (path, accepted)))
        load = partial(self._load, path, accepted) if path else None
        self.file_sets = [FileSet("settings", paths, load)] if load else []

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

    def follow_clock(self) -> None:
        """Take out the exceptions that have ended, and bring back what a wrong clock took out."""
        now = self._clock()
        since, until = self._right
        if not since <= now < until:
            self._apply(self._read, now)

    def put(self, read: InForce) -> None:
        """Put into force what was read, as far as it has not ended."""
        self._apply(read, self._clock())
        self._on_change(read.digest)

    def _load(self, path: Path, accepted: Path | None) -> Swap:
        """Read each file once and prove the settings in it."""
        try:
            content = read_bytes(path)
            settings = parse_settings(content, str(path))
            beside = read_bytes(accepted) if accepted and accepted.exists() else b""
            others = parse_accepted(beside, str(accepted)).settings
        except (DocumentError, SettingsError) as error:
            raise FileError(str(error)) from None
        found = InForce(
            SettingsByNamespace(settings),
            tuple(map(SettingsByNamespace, others)),
            stage_digest(content, beside),
        )
        return partial(self.put, found)

    def _apply(self, read: InForce, now: float) -> None:
        """Put into force what was read, as it is at this time, and until when that is right."""
        ends = sorted(read.ends())
        since = max((end for end in ends if end <= now), default=ALWAYS[0])
        until = min((end for end in ends if end > now), default=ALWAYS[1])
        self._read, self._right = read, (since, until)
        # One assignment: a review on another thread never sees one half of it.
        self.in_force = read if since == ALWAYS[0] else read.at(now)


def _not_ended(settings: SettingsByNamespace, now: float) -> SettingsByNamespace:
    overlays = {each: _lasting(held, now) for each, held in settings.overlays.items()}
    return SettingsByNamespace(settings.cluster, overlays)


def _lasting(overlay: Overlay, now: float) -> Overlay:
    lasting = tuple(each for each in overlay.exceptions if each.expires > now)
    return overlay._replace(exceptions=lasting) if lasting != overlay.exceptions else overlay
