"""Settings as `control` writes them for the replicas: the cluster's file, and overlays.

The overlays of all namespaces are one file of compressed JSON. Each overlay stands in it once,
however many namespaces have it, and the settings that are accepted beside those in force are told
by what differs. The order of the JSON is fixed, so that the same settings are the same bytes. An
overlay is a line, so that it can be read alone: to read all at once would keep the interpreter
from reviews for too long.

What a namespace can take of the file is bounded, and so is the file as a whole: a ConfigMap ends at
a MiB. Exceptions have room of their own, because an administrator grants them: what the users of a
namespace set never takes it. The smallest come first, so that nobody's large one takes the place of
many others.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, NotRequired

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from webhook.settings.by_namespace import Overlay
from webhook.settings.faults import SettingsError
from webhook.settings.namespace_layer import LARGEST_VALUES
from webhook.settings.server_exception import ServerException

NAMESPACES_FILE = "namespaces.json.gz"
LARGEST_EXCEPTIONS = LARGEST_VALUES
"""What the exceptions in a namespace can have beside its settings, in characters of JSON."""
LARGEST_JSON = 8 * 1024 * 1024
"""What replicas read at most, uncompressed."""

_GZIP = 31  # what zlib calls it

Overlays = Mapping[str, Overlay]
_NOTHING: Overlays = {}


@dataclass(frozen=True)
class WrittenSettings:
    """The text of a settings file, and what is changed of it for namespaces."""

    text: str
    overlays: Overlays = field(default_factory=dict)


class WrittenOverlays(NamedTuple):
    """The overlays of the settings in force, of the next ones, and of those before."""

    current: Overlays = _NOTHING
    upcoming: Overlays | None = None
    before: tuple[Overlays, ...] = ()


_Number = Annotated[int, Field(ge=0)]


class _Owners(TypedDict):
    """The last line: by the overlays' numbers who has which, and what differs from that."""

    current: dict[str, _Number]
    next: NotRequired[dict[str, _Number | None]]
    before: NotRequired[list[dict[str, _Number | None]]]


_OVERLAY: TypeAdapter[Overlay] = TypeAdapter(Overlay)
_OWNERS: TypeAdapter[_Owners] = TypeAdapter(_Owners)
_NOT_WRITTEN = "is not what control writes"
_FIRST, _LAST = b'{"overlays":[', b"],"


def fitting_overlay(values: Mapping[str, Any], granted: Iterable[ServerException]) -> Overlay:
    """An overlay with what reviews need, and the first of the exceptions that there is room for."""
    room, fitting = LARGEST_EXCEPTIONS, []
    for each in granted:
        needed = each._replace(reason="")
        room -= len(json.dumps(_exception(needed))) + 1
        if room < 0:
            break
        fitting.append(needed)
    return Overlay(dict(values), tuple(fitting))


def fitting_overlays(overlays: Overlays, room: int) -> dict[str, Overlay]:
    """What a file of so many bytes has room for of the overlays: all, or the smallest.

    Exceptions come before the settings of any namespace.
    """
    if _fits(overlays, room):
        return {name: overlays[name] for name in sorted(overlays)}
    granted = {name: each._replace(values={}) for name, each in overlays.items() if each.exceptions}
    fitting = _smallest(granted, {}, room)
    whole = {
        name: each for name, each in overlays.items() if name in fitting or not each.exceptions
    }
    return _smallest(whole, fitting, room)


def _smallest(overlays: Overlays, beneath: Overlays, room: int) -> dict[str, Overlay]:
    """As many of the overlays as there is room for beside those beneath, which they replace."""
    sizes = {name: len(_text(overlay)) for name, overlay in overlays.items()}
    names = sorted(overlays, key=lambda name: (sizes[name], name))
    fit, over = 0, len(names) + 1
    while fit + 1 < over:
        trying = (fit + over) // 2
        found = {**beneath, **{name: overlays[name] for name in names[:trying]}}
        fit, over = (trying, over) if _fits(found, room) else (fit, trying)
    found = {**beneath, **{name: overlays[name] for name in names[:fit]}}
    return {name: found[name] for name in sorted(found)}


def _fits(overlays: Overlays, room: int) -> bool:
    content = _json(WrittenOverlays(overlays))
    return len(content) <= LARGEST_JSON and len(compressed(content)) <= room


def overlays_json(written: WrittenOverlays) -> bytes:
    """What the file says, before it is compressed; empty where there are no overlays at all."""
    some = written.current or written.upcoming or any(written.before)
    return _json(written) if some else b""


def compressed(content: bytes) -> bytes:
    """The file that says this."""
    return gzip.compress(content, mtime=0) if content else b""


def uncompressed(file: bytes, source: str) -> bytes:
    """What a file says, by which it is known whoever has compressed it; raises SettingsError."""
    if not file:
        return b""
    reader = zlib.decompressobj(_GZIP)
    try:
        content = reader.decompress(file, LARGEST_JSON + 1)
    except zlib.error as error:
        raise SettingsError(f"{source}: {_NOT_WRITTEN} ({error})") from None
    if len(content) > LARGEST_JSON or not reader.eof:
        raise SettingsError(f"{source}: has more than {LARGEST_JSON} bytes, or is cut off")
    return content


def parse_overlays(
    content: bytes, source: str, between: Callable[[], object] = lambda: None
) -> WrittenOverlays:
    """What the JSON of a file says; raises SettingsError. `between` is called for each overlay."""
    if not content:
        return WrittenOverlays()
    first, *lines = content.split(b"\n")
    overlays: list[Overlay] = []
    at: tuple[str | int, ...] = ()
    try:
        if first != _FIRST or not lines or not lines[-1].startswith(_LAST):
            raise SettingsError(f"{source}: {_NOT_WRITTEN} (each overlay is a line)")
        for number, line in enumerate(lines[:-1]):
            at = "overlays", number
            overlays.append(_OVERLAY.validate_json(line.removesuffix(b","), strict=True))
            between()
        at = ()
        owners = _OWNERS.validate_json(b"{" + lines[-1].removeprefix(_LAST), strict=True)
        return _read(overlays, owners)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        place = ".".join(map(str, (*at, *detail["loc"]))) or "the last line"
        problem = f"{place}: {detail['msg']}"
    except IndexError:
        problem = "a namespace has an overlay that is not there"
    raise SettingsError(f"{source}: {_NOT_WRITTEN} ({problem})")


def _read(overlays: Sequence[Overlay], found: _Owners) -> WrittenOverlays:
    def changed(differing: Mapping[str, int | None]) -> dict[str, Overlay]:
        copy = {name: overlays[at] for name, at in found["current"].items()}
        for name, at in differing.items():
            if at is None:
                copy.pop(name, None)
            else:
                copy[name] = overlays[at]
        return copy

    upcoming = changed(found["next"]) if "next" in found else None
    before = tuple(changed(each) for each in found.get("before", ()))
    return WrittenOverlays(changed({}), upcoming, before)


def _json(written: WrittenOverlays) -> bytes:
    numbers: dict[str, int] = {}
    # The text of an overlay that several of the settings have is made once.
    texts: dict[int, str] = {}

    def numbered(overlays: Overlays) -> dict[str, int]:
        found = {}
        for name in sorted(overlays):
            overlay = overlays[name]
            text = texts.get(id(overlay))
            if text is None:
                text = texts[id(overlay)] = _text(overlay)
            found[name] = numbers.setdefault(text, len(numbers))
        return found

    current = numbered(written.current)
    found: dict[str, Any] = {"current": current}
    if written.upcoming is not None:
        found["next"] = _differing(current, numbered(written.upcoming))
    if written.before:
        found["before"] = [_differing(current, numbered(each)) for each in written.before]
    rest = json.dumps(found, separators=(",", ":"))
    lines = ",\n".join(numbers) + "\n" if numbers else ""
    return f'{{"overlays":[\n{lines}],{rest[1:]}'.encode()


def _differing(current: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int | None]:
    differing: dict[str, int | None] = {
        name: at for name, at in other.items() if current.get(name) != at
    }
    return differing | dict.fromkeys(sorted(current.keys() - other.keys()))


def _text(overlay: Overlay) -> str:
    found: dict[str, Any] = {"values": overlay.values}
    if overlay.exceptions:
        found["exceptions"] = [_exception(each) for each in overlay.exceptions]
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def _exception(granted: ServerException) -> dict[str, Any]:
    return {**granted._asdict(), "rules": sorted(granted.rules)}
