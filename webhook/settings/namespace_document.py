"""The resource `MCPNamespaceSettings` in a file: the settings of a namespace, and where they stand.

A file holds the settings alone, or the resource as kubectl prints it, as a file with the settings
of the cluster does. What the namespace may set of them depends on the cluster, and is decided in
`namespace_layer`: a file that can be read is no error, whatever it asks for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents import reader
from webhook.settings.faults import KeyFault
from webhook.settings.layers import Layer
from webhook.settings.load import (
    exported_resource,
    fault_of_kind,
    faults_beside_spec,
    file_error,
    is_exported,
    place_in,
    single_document,
    spec_of,
)
from webhook.settings.namespace_layer import NAMESPACE_KIND


class NamespaceDocument(NamedTuple):
    """What a file sets for a namespace, which is empty where the file does not name it."""

    namespace: str
    layer: Layer


def load_namespace_settings(path: Path) -> NamespaceDocument:
    """The settings in a file for a namespace; raises SettingsError."""
    try:
        document = single_document(reader.read_file(path), str(path))
    except reader.DocumentError as error:
        raise file_error(error) from None
    if not is_exported(document.value):
        return NamespaceDocument("", Layer(document.value, lambda key: place_in(document, key)))
    found, layer = exported_resource(document, NAMESPACE_KIND, faults_of_namespace_settings)
    return NamespaceDocument(found["metadata"].get("namespace", ""), layer)


def faults_of_namespace_settings(found: Any) -> Iterator[KeyFault]:
    """What is wrong with the resource itself, whatever its namespace may set."""
    problem = fault_of_kind(found, NAMESPACE_KIND)
    if problem is not None:
        yield problem
        return
    yield from faults_beside_spec(found, NAMESPACE_KIND, "a namespace")
    metadata = found.get("metadata")
    if isinstance(metadata, dict) and not isinstance(metadata.get("namespace", ""), str):
        yield KeyFault(("metadata", "namespace"), "must be the name of a namespace")
    if not isinstance(spec_of(found), dict):
        yield KeyFault(("spec",), "must be a mapping of keys and values")
