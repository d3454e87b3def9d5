"""The settings in force, from a file and the environment.

The file holds the settings alone, or the resource as kubectl prints it.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from webhook.documents.pointer import pointer_to
from webhook.documents.reader import (
    Document,
    DocumentError,
    EmptyDocumentError,
    read_documents,
    read_file,
)
from webhook.settings import resource
from webhook.settings.environment import environment_layer
from webhook.settings.faults import SettingsError
from webhook.settings.layers import MOST_FAULTS, Layer, merge_layers
from webhook.settings.model import Settings
from webhook.settings.model_keys import Key, dotted

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DEFAULTS = "write {} for all defaults"


def load_settings(path: Path | None, environment: Mapping[str, str] = _NOTHING) -> Settings:
    """The settings of the file, if there is one, under those of the environment.

    Raises SettingsError for whatever cannot be read or makes no sense: nothing is ever ignored.
    """
    return merge_layers(read_layers(path, environment))


def read_layers(path: Path | None, environment: Mapping[str, str] = _NOTHING) -> list[Layer]:
    """The layers of the file, if there is one, and of the environment; raises SettingsError."""
    if path is None:
        return [environment_layer(environment)]
    try:
        file = _layer(read_file(path), str(path))
    except DocumentError as error:
        raise _unreadable(error) from None
    return [file, environment_layer(environment, file.values)]


def parse_settings(text: bytes | str, source: str) -> Settings:
    """The settings in the text of one file, which errors call `source`; raises SettingsError."""
    try:
        return merge_layers([_layer(read_documents(text, source), source)])
    except DocumentError as error:
        raise _unreadable(error) from None


def _layer(found: list[Document], source: str) -> Layer:
    document, *more = found
    if more:
        raise SettingsError(
            f"{source}:{more[0].line('')}: a second document starts here: keep one, because "
            "settings are one mapping"
        )
    if resource.is_exported(document.value):
        return _exported(document)
    if not isinstance(document.value, dict):
        raise SettingsError(
            f"{source}:{document.line('')}: settings are a mapping of keys: {_DEFAULTS}"
        )

    return Layer(document.value, partial(_place, document))


def _exported(document: Document) -> Layer:
    """The settings of a resource, or of the list that holds it."""
    try:
        around, found = resource.single_resource(document.value)
    except resource.NotOneResourceError as error:
        raise SettingsError(f"{_place(document, error.key)}: {error}") from None

    def place(key: Key) -> str:
        return _place(document, (*around, *key))

    faults = resource.faults_of_resource(found)
    lines = [f"{place(fault.key)}: {fault.sentence}" for fault in faults]
    if lines:
        raise SettingsError("\n".join(lines[:MOST_FAULTS]))
    return Layer(resource.spec_of(found), lambda key: place(("spec", *key)))


def _place(document: Document, key: Key) -> str:
    line = document.line(pointer_to(key))
    return f"{document.source}:{line}: {dotted(key) or 'the object'}"


def _unreadable(error: DocumentError) -> SettingsError:
    if isinstance(error, EmptyDocumentError):
        return SettingsError(
            f"{error.source}:{error.line}: there are no settings here: {_DEFAULTS}"
        )
    return SettingsError(str(error))
