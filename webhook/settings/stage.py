"""One step of a change of settings: those in force, and those accepted beside them.

Two replicas never change at the same moment. One that already works by new settings is asked about
an object that the other one has filled in by those before, and the other way round. So `control`
writes two files into one ConfigMap: the settings by which objects are filled in, and those by which
an object is accepted, too. `serve` reads both, and reports one digest for the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from webhook.documents import DocumentError, read_documents
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

ACCEPTED_FILE = "accepted.yaml"
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
    """The settings in force, the next ones, which are not in force anywhere, and those before.

    Each is the text of a settings file.
    """

    current: str
    upcoming: str | None = None
    before: tuple[str, ...] = ()

    @cached_property
    def accepted(self) -> str:
        """The second file; empty where nothing else is accepted."""
        found: dict[str, Any] = {}
        if self.upcoming is not None:
            found[NEXT] = _values(self.upcoming)
        if self.before:
            found[BEFORE] = [_values(each) for each in self.before]
        return sorted_yaml(found) if found else ""

    @cached_property
    def files(self) -> dict[str, str]:
        """Both files, by their names."""
        return {FILE: self.current, ACCEPTED_FILE: self.accepted}

    @cached_property
    def digest(self) -> str:
        """What a replica calls the two files."""
        return stage_digest(self.current.encode(), self.accepted.encode())

    @cached_property
    def filled_in_by(self) -> tuple[Settings, ...]:
        """The settings by which some replica may fill in."""
        return tuple(parse_settings(each, FILE) for each in (self.current, *self.before))


def stage_digest(current: bytes, accepted: bytes) -> str:
    """What these two files are called; without the second one, what the first is called alone."""
    return content_digest(current + b"\0" + accepted if accepted else current)


def parse_stage(current: str, accepted: str) -> Stage:
    """The step that two files say; raises SettingsError."""
    parse_settings(current, FILE)
    found = parse_accepted(accepted, ACCEPTED_FILE)
    upcoming = None if found.upcoming is None else settings_text(found.upcoming)
    return Stage(current, upcoming, tuple(map(settings_text, found.before)))


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
