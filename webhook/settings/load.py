"""The settings in force, from a file and the environment.

The file holds the settings alone, or the resource as kubectl prints it.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from webhook.documents import reader
from webhook.documents.reader import Document, DocumentError
from webhook.settings import exported, layers
from webhook.settings.environment import layer as layer_of_environment
from webhook.settings.faults import Key, dotted
from webhook.settings.layers import MOST_FAULTS, Layer
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DEFAULTS = "write {} for all defaults"


def load(path: Path | None, environment: Mapping[str, str] = _NOTHING) -> Settings:
    """The settings of the file, if there is one, under those of the environment.

    Raises SettingsError for whatever cannot be read or makes no sense: nothing is ever ignored.
    """
    return layers.settle(read(path, environment))


def read(path: Path | None, environment: Mapping[str, str] = _NOTHING) -> list[Layer]:
    """The layers of the file, if there is one, and of the environment; raises SettingsError."""
    if path is None:
        return [layer_of_environment(environment)]
    try:
        file = _layer(reader.read_file(path), str(path))
    except DocumentError as error:
        raise _unreadable(error) from None
    return [file, layer_of_environment(environment, file.values)]


def parse(text: bytes | str, source: str) -> Settings:
    """The settings in the text of one file, which errors call `source`; raises SettingsError."""
    try:
        return layers.settle([_layer(reader.read(text, source), source)])
    except DocumentError as error:
        raise _unreadable(error) from None


def _layer(found: list[Document], source: str) -> Layer:
    document, *more = found
    if more:
        raise SettingsError(
            f"{source}:{more[0].line('')}: a second document starts here: keep one, because "
            "settings are one mapping"
        )
    if exported.is_exported(document.value):
        return _exported(document)
    if not isinstance(document.value, dict):
        raise SettingsError(
            f"{source}:{document.line('')}: settings are a mapping of keys: {_DEFAULTS}"
        )

    return Layer(document.value, partial(_place, document))


def _exported(document: Document) -> Layer:
    """The settings of a resource, or of the list that holds it."""
    try:
        around, resource = exported.resource(document.value)
    except exported.NotOneResourceError as error:
        raise SettingsError(f"{_place(document, error.key)}: {error}") from None

    def place(key: Key) -> str:
        return _place(document, (*around, *key))

    found = [f"{place(fault.key)}: {fault.sentence}" for fault in exported.faults(resource)]
    if found:
        raise SettingsError("\n".join(found[:MOST_FAULTS]))
    return Layer(exported.spec(resource), lambda key: place(("spec", *key)))


def _place(document: Document, key: Key) -> str:
    line = document.line(pointer(key))
    return f"{document.source}:{line}: {dotted(key) or 'the object'}"


def pointer(key: Key) -> str:
    """The RFC 6901 pointer to a key."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in key)


def _unreadable(error: DocumentError) -> SettingsError:
    if error.sentence.startswith("there is no document"):
        return SettingsError(
            f"{error.source}:{error.line}: there are no settings here: {_DEFAULTS}"
        )
    return SettingsError(str(error))
