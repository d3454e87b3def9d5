"""The settings in force, from a file, `MCPServerSettings` and the environment.

A file holds the settings alone, or the resource as kubectl prints it: by itself or in a list.
There is one resource for the cluster. What the API server writes into it (status, managed fields)
says nothing about settings.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from webhook.documents import pointer_to, reader, value_at
from webhook.settings.environment import environment_layer
from webhook.settings.faults import MOST_FAULTS, KeyFault, SettingsError
from webhook.settings.layers import Layer, faults_of_source, keys_set, merge_layers
from webhook.settings.model import Settings
from webhook.settings.model_keys import Key, chart_only_keys, dotted
from webhook.settings.values import nearest

GROUP = "mcp-admission.dev"
VERSION = "v1alpha1"
KIND = "MCPServerSettings"
PLURAL = "mcpserversettings"
NAME = "default"
COUNTED = {
    "current": "current",
    "out-of-date": "outOfDate",
    "unprotected": "unprotected",
    "refused": "refused",
    "incomplete": "incomplete",
    "not-running": "notRunning",
}
"""Where the status counts the servers of a state; every server is in one."""

API_VERSION = f"{GROUP}/{VERSION}"
_PARTS = ("apiVersion", "kind", "metadata", "spec", "status")


class NotOneResourceError(Exception):
    """A list that does not hold the one resource: where, and in one sentence why."""

    def __init__(self, key: Key, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


def is_exported(value: Any) -> bool:
    """Whether this is an object of Kubernetes and no settings file."""
    return isinstance(value, dict) and ("apiVersion" in value or "kind" in value)


def single_resource(value: dict[str, Any], kind: str = KIND) -> tuple[Key, Any]:
    """The resource in what kubectl printed, and the key that leads to it.

    Raises NotOneResourceError.
    """
    if value.get("kind") not in {"List", f"{kind}List"}:
        return (), value
    items = value.get("items")
    if not isinstance(items, list) or len(items) != 1:
        raise NotOneResourceError(
            ("items",), f"must hold one {kind}, and nothing else: name a file with settings"
        )
    return ("items", 0), items[0]


def faults_of_resource(found: Any) -> Iterator[KeyFault]:
    """What an API server or a controller would not accept of the resource."""
    problem = fault_of_kind(found, KIND)
    if problem is not None:
        yield problem
        return
    yield from faults_beside_spec(found, KIND, "the cluster")
    yield from _of_spec(found)


def fault_of_kind(found: Any, kind: str) -> KeyFault | None:
    """Why this is no object of the kind; None where it is one, or does not say."""
    if not isinstance(found, dict):
        return KeyFault((), f"must be an {kind}")
    if found.get("kind", kind) != kind:
        return KeyFault(("kind",), f"must be {kind}")
    return None


def faults_beside_spec(found: dict[str, Any], kind: str, owner: str) -> Iterator[KeyFault]:
    """What is wrong with a settings resource of an owner, apart from its settings."""
    if found.get("apiVersion", API_VERSION) != API_VERSION:
        yield KeyFault(("apiVersion",), f"must be {API_VERSION}")
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") != NAME:
        yield KeyFault(("metadata", "name"), f"must be {NAME}: there is one {kind} for {owner}")
    for key in found.keys() - _PARTS:
        near = nearest(key, _PARTS)
        yield KeyFault((key,), f"unknown key{f': did you mean {near}?' if near else ''}")


def spec_of(found: dict[str, Any]) -> dict[str, Any]:
    """The settings of a resource without faults."""
    held = found.get("spec")
    return {} if held is None else held


def _of_spec(found: dict[str, Any]) -> Iterator[KeyFault]:
    values = spec_of(found)
    if not isinstance(values, dict):
        yield KeyFault(("spec",), "must be a mapping of keys and values")
        return
    for fault in faults_of_source(values):
        yield KeyFault(("spec", *fault.key), fault.sentence)
    for key in sorted(keys_set(Layer(values, dotted)) & chart_only_keys()):
        yield KeyFault(("spec", *key.split(".")), "is read by the chart alone: set it there")


_NOTHING: Mapping[str, str] = {}
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
    file = _layer(read_settings_documents(path), str(path))
    return [file, environment_layer(environment, file.values)]


def read_settings_documents(path: Path) -> list[reader.Document]:
    """The documents of a file, one at least; raises SettingsError."""
    try:
        return reader.read_file(path)
    except reader.DocumentError as error:
        raise file_error(error) from None


def settings_at(
    document: reader.Document, key: Key, environment: Mapping[str, str] = _NOTHING
) -> Settings:
    """The settings of a document, or of the resource at a key in it, under the environment's.

    Raises SettingsError.
    """
    if key:
        found = value_at(document.value, pointer_to(key))
        layer = _resource(document, key, found, faults_of_resource)
    else:
        layer = _layer([document], document.source)
    return merge_layers([layer, environment_layer(environment, layer.values)])


def parse_settings(text: bytes | str, source: str) -> Settings:
    """The settings in the text of one file, which errors call `source`; raises SettingsError."""
    return merge_layers([parse_layer(text, source)])


def parse_layer(text: bytes | str, source: str) -> Layer:
    """What the text of one file sets; raises SettingsError where it is no mapping."""
    try:
        return _layer(reader.read_documents(text, source), source)
    except reader.DocumentError as error:
        raise file_error(error) from None


def _layer(found: list[reader.Document], source: str) -> Layer:
    document = single_document(found, source)
    if is_exported(document.value):
        return _exported(document)
    return Layer(document.value, lambda key: place_in(document, key))


def single_document(found: list[reader.Document], source: str) -> reader.Document:
    """The one document of a settings file, which is a mapping; raises SettingsError."""
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
    return document


def _exported(document: reader.Document) -> Layer:
    return exported_resource(document, KIND, faults_of_resource)[1]


def exported_resource(
    document: reader.Document, kind: str, faults: Callable[[Any], Iterable[KeyFault]]
) -> tuple[dict[str, Any], Layer]:
    """A resource, or the one of a list, and its settings; raises SettingsError for its faults."""
    try:
        around, found = single_resource(document.value, kind)
    except NotOneResourceError as error:
        raise SettingsError(f"{place_in(document, error.key)}: {error}") from None
    return found, _resource(document, around, found, faults)


def _resource(
    document: reader.Document,
    around: Key,
    found: Any,
    faults: Callable[[Any], Iterable[KeyFault]],
) -> Layer:
    """The settings of the resource that stands at a key."""

    def place(key: Key) -> str:
        return place_in(document, (*around, *key))

    lines = [f"{place(fault.key)}: {fault.sentence}" for fault in faults(found)]
    if lines:
        raise SettingsError("\n".join(lines[:MOST_FAULTS]))
    return Layer(spec_of(found), lambda key: place(("spec", *key)))


def place_in(document: reader.Document, key: Key) -> str:
    """File, line and key, as errors name them."""
    line = document.line(pointer_to(key))
    return f"{document.source}:{line}: {dotted(key) or 'the object'}"


def file_error(error: reader.DocumentError) -> SettingsError:
    """The error of a settings file that cannot be read."""
    if isinstance(error, reader.EmptyDocumentError):
        return SettingsError(
            f"{error.source}:{error.line}: there are no settings here: {_DEFAULTS}"
        )
    return SettingsError(str(error))
