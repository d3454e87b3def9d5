"""The settings in force, from a file and the environment."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from webhook.settings import documents, layers
from webhook.settings.documents import Document, DocumentError
from webhook.settings.environment import layer as layer_of_environment
from webhook.settings.errors import SettingsError
from webhook.settings.faults import Key, dotted
from webhook.settings.layers import Layer
from webhook.settings.model import Settings

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
        file = _layer(documents.read_file(path), str(path))
    except DocumentError as error:
        raise _unreadable(error) from None
    return [file, layer_of_environment(environment, file.values)]


def parse(text: bytes | str, source: str) -> Settings:
    """The settings in the text of one file, which errors call `source`; raises SettingsError."""
    try:
        return layers.settle([_layer(documents.read(text, source), source)])
    except DocumentError as error:
        raise _unreadable(error) from None


def _layer(found: list[Document], source: str) -> Layer:
    document, *more = found
    if more:
        raise SettingsError(
            f"{source}:{more[0].line('')}: a second document starts here: keep one, because "
            "settings are one mapping"
        )
    if not isinstance(document.value, dict):
        raise SettingsError(
            f"{source}:{document.line('')}: settings are a mapping of keys: {_DEFAULTS}"
        )

    def place(key: Key) -> str:
        return f"{source}:{document.line(_pointer(key))}: {dotted(key)}"

    return Layer(document.value, place)


def _pointer(key: Key) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in key)


def _unreadable(error: DocumentError) -> SettingsError:
    if error.sentence.startswith("there is no document"):
        return SettingsError(
            f"{error.source}:{error.line}: there are no settings here: {_DEFAULTS}"
        )
    return SettingsError(str(error))
