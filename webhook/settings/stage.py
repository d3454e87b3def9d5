"""One step of a change of settings: those in force, and those accepted beside them.

Two replicas never change at the same moment. One that already works by new settings is asked about
an object that the other one has filled in by those before, and the other way round. So `control`
writes files into one ConfigMap: the settings by which objects are filled in, and those by which
an object is accepted, too. What differs in namespaces is a third file, for all of these settings.
`serve` reads them, and reports one digest for all.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from webhook.documents import DocumentError, read_documents
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.faults import SettingsError
from webhook.settings.layers import (
    FILE,
    Layer,
    content_digest,
    merge_layers,
    settings_text,
    sorted_yaml,
)
from webhook.settings.load import parse_settings, place_in
from webhook.settings.model import Settings
from webhook.settings.written_settings import (
    LARGEST_JSON,
    NAMESPACES_FILE,
    WrittenOverlays,
    WrittenSettings,
    compressed,
    overlays_json,
    parse_overlays,
    uncompressed,
)

ACCEPTED_FILE = "accepted.yaml"
LOCKED_FILE = "locked.yaml"
"""What chart and environment set, beside the files of the stage."""
NEXT, BEFORE = "next", "before"


class Accepted(NamedTuple):
    """What is accepted beside the settings in force: those to come, and those before."""

    upcoming: Settings | None = None
    before: tuple[Settings, ...] = ()

    @property
    def settings(self) -> tuple[Settings, ...]:
        """All of them, the likeliest first."""
        return self.before if self.upcoming is None else (self.upcoming, *self.before)


@dataclass(frozen=True)
class Stage:
    """The settings in force, the next ones, which are not in force anywhere, and those before."""

    current: WrittenSettings
    upcoming: WrittenSettings | None = None
    before: tuple[WrittenSettings, ...] = ()

    @cached_property
    def accepted(self) -> str:
        """The second file; empty where nothing else is accepted."""
        found: dict[str, Any] = {}
        if self.upcoming is not None:
            found[NEXT] = _values(self.upcoming.text)
        if self.before:
            found[BEFORE] = [_values(each.text) for each in self.before]
        return sorted_yaml(found) if found else ""

    @cached_property
    def files(self) -> dict[str, str]:
        """The files that are text, by their names."""
        return {FILE: self.current.text, ACCEPTED_FILE: self.accepted}

    @cached_property
    def binary_files(self) -> dict[str, str]:
        """The third file by its name, as a ConfigMap holds it: in base64."""
        return {NAMESPACES_FILE: base64.b64encode(self._namespaces).decode()}

    @cached_property
    def size(self) -> int:
        """How much room all files take in a ConfigMap, in bytes; text is ASCII."""
        return len(self.current.text) + len(self.accepted) + len(self._namespaces)

    @property
    def is_readable(self) -> bool:
        """Whether a replica reads as much as the third file holds."""
        return len(self._overlays) <= LARGEST_JSON

    @cached_property
    def digest(self) -> str:
        """What a replica calls the files."""
        return stage_digest(self.current.text.encode(), self.accepted.encode(), self._overlays)

    @cached_property
    def filled_in_by(self) -> tuple[SettingsByNamespace, ...]:
        """The settings by which some replica may fill in."""
        return tuple(
            SettingsByNamespace(parse_settings(each.text, FILE), each.overlays)
            for each in (self.current, *self.before)
        )

    @cached_property
    def _overlays(self) -> bytes:
        upcoming = None if self.upcoming is None else self.upcoming.overlays
        before = tuple(each.overlays for each in self.before)
        return overlays_json(WrittenOverlays(self.current.overlays, upcoming, before))

    @cached_property
    def _namespaces(self) -> bytes:
        return compressed(self._overlays)


def stage_digest(current: bytes, accepted: bytes, overlays: bytes = b"") -> str:
    """What these files are called, the third one uncompressed.

    Files that say nothing do not count: the first one alone is called what its content is called.
    """
    parts = [current, accepted, overlays] if overlays else [current, accepted]
    return content_digest(b"\0".join(parts) if accepted or overlays else current)


def parse_stage(current: str, accepted: str, namespaces: bytes = b"") -> Stage:
    """The step that the files say; raises SettingsError."""
    parse_settings(current, FILE)
    found = parse_accepted(accepted, ACCEPTED_FILE)
    written = parse_overlays(uncompressed(namespaces, NAMESPACES_FILE), NAMESPACES_FILE)
    _belong_together(found, written)
    upcoming = None
    if found.upcoming is not None:
        upcoming = WrittenSettings(settings_text(found.upcoming), written.upcoming or {})
    before = (
        WrittenSettings(settings_text(each), written.before[at] if written.before else {})
        for at, each in enumerate(found.before)
    )
    return Stage(WrittenSettings(current, written.current), upcoming, tuple(before))


def with_overlays(
    current: Settings, accepted: Accepted, written: WrittenOverlays
) -> tuple[SettingsByNamespace, ...]:
    """The settings in force, then those that are accepted, the likeliest first.

    Raises SettingsError where the files do not belong together.
    """
    _belong_together(accepted, written)
    upcoming = () if accepted.upcoming is None else (written.upcoming or {},)
    before = written.before or ({},) * len(accepted.before)
    return tuple(
        SettingsByNamespace(settings, overlays)
        for settings, overlays in zip(
            (current, *accepted.settings), (written.current, *upcoming, *before), strict=True
        )
    )


def _belong_together(accepted: Accepted, written: WrittenOverlays) -> None:
    if written == WrittenOverlays():
        return
    one = (accepted.upcoming is None, len(accepted.before))
    if one != (written.upcoming is None, len(written.before)):
        raise SettingsError(
            f"{ACCEPTED_FILE} and {NAMESPACES_FILE} are of two steps: control writes both at once"
        )


def parse_accepted(text: bytes | str, source: str) -> Accepted:
    """What the second file says, which errors call `source`; raises SettingsError."""
    if not text.strip():
        return Accepted()
    try:
        document, *more = read_documents(text, source)
    except DocumentError as error:
        raise SettingsError(str(error)) from None
    found = document.value
    if more or not isinstance(found, dict) or found.keys() - {NEXT, BEFORE}:
        raise SettingsError(f"{source}: must be one mapping of the keys {NEXT} and {BEFORE} alone")
    layers = dict(_layers(found, lambda key: place_in(document, key)))
    upcoming = layers.pop((NEXT,), None)
    before = tuple(merge_layers([layer]) for layer in layers.values())
    return Accepted(None if upcoming is None else merge_layers([upcoming]), before)


def _layers(found: dict[str, Any], place: Any) -> Iterator[tuple[tuple[str | int, ...], Layer]]:
    """The settings in the mapping, each by its key; raises SettingsError for anything else."""
    before = found.get(BEFORE, [])
    if not isinstance(before, list):
        raise SettingsError(f"{place((BEFORE,))}: must be a list of settings")
    given = [((NEXT,), found[NEXT])] if NEXT in found else []
    for at, values in (*given, *(((BEFORE, at), each) for at, each in enumerate(before))):
        if not isinstance(values, dict):
            raise SettingsError(f"{place(at)}: must be a mapping of keys and values")
        yield at, Layer(values, lambda key, at=at: place((*at, *key)))  # type: ignore[misc]


def _values(text: str) -> dict[str, Any]:
    return parse_settings(text, FILE).model_dump(by_alias=True, exclude_unset=True)
