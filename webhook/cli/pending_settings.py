"""Files of settings that may not be in force yet: those of the cluster, of namespaces, exceptions.

A file holds any number of documents, as people apply them or as kubectl prints them: one resource
of the cluster's settings or a settings file, and any number of `MCPNamespaceSettings` and
`MCPServerException`. What a namespace may not set, or an exception may not grant, would have no
effect in a cluster: it is told, and the rest counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from webhook.documents import Document
from webhook.settings import (
    API_VERSION,
    EXCEPTION_KIND,
    KIND,
    NAMESPACE_KIND,
    KeyFault,
    Overlay,
    Settings,
    SettingsByNamespace,
    SettingsError,
    faults_of_namespace_settings,
    is_exported,
    namespace_layer,
    place_in,
    read_exception,
    read_settings_documents,
    settings_at,
)

Key = tuple[str | int, ...]
KINDS = (KIND, NAMESPACE_KIND, EXCEPTION_KIND)
_LISTS = ("List", *(f"{kind}List" for kind in KINDS))
_NOTHING: Mapping[str, str] = {}


class _Resource(NamedTuple):
    """A resource in a document, at this key."""

    document: Document
    key: Key
    value: Any

    @property
    def kind(self) -> str:
        kind = self.value.get("kind", KIND) if is_exported(self.value) else KIND
        return KIND if kind in _LISTS else kind

    def place(self, key: Key = ()) -> str:
        """File, line and key, as errors name them."""
        return place_in(self.document, (*self.key, *key))

    def name(self) -> tuple[str, str, str]:
        """What no two resources share; raises SettingsError where it is not there."""
        metadata = self.value.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        namespaced = self.kind == NAMESPACE_KIND
        for part in ("name", "namespace") if namespaced else ("name",):
            if not isinstance(metadata.get(part), str) or not metadata[part]:
                raise SettingsError(
                    f"{self.place(('metadata', part))}: this key is required: add it"
                )
        return self.kind, metadata.get("namespace", "") if namespaced else "", metadata["name"]


class PendingSettings(NamedTuple):
    """What files say; `cluster` is None where they say nothing about the cluster's settings."""

    cluster: Settings | None
    namespaces: tuple[_Resource, ...] = ()
    exceptions: tuple[_Resource, ...] = ()

    def over(self, below: SettingsByNamespace, now: float) -> tuple[SettingsByNamespace, list[str]]:
        """The settings below changed by what the files say, and what of it is not in force."""
        cluster = self.cluster or below.cluster
        overlays, told = dict(below.overlays), list[str]()
        for found in self.namespaces:
            name, spec = found.value["metadata"]["namespace"], found.value.get("spec")
            layer = namespace_layer(cluster, {} if spec is None else spec)
            overlays[name] = overlays.get(name, Overlay())._replace(values=layer.values)
            told += [_told(found, ("spec", *fault.key), fault) for fault in layer.faults]
        longest = cluster.exceptions.longest_days
        for found in self.exceptions:
            read = read_exception(found.value, now=now, longest_days=longest)
            told += [_told(found, fault.key, fault) for fault in read.faults]
            granted = read.in_force
            if granted is not None:
                overlay = overlays.get(granted.namespace, Overlay())
                others = [each for each in overlay.exceptions if each.name != granted.name]
                overlays[granted.namespace] = overlay._replace(exceptions=(*others, granted))
        return SettingsByNamespace(cluster, overlays), told


def read_pending_settings(
    paths: Iterable[Path], environment: Mapping[str, str] = _NOTHING
) -> PendingSettings:
    """What the files say, the cluster's settings under those of the environment.

    Raises SettingsError for what cannot be read, is another object, or comes twice.
    """
    found = [
        resource
        for path in paths
        for document in read_settings_documents(path)
        for resource in _resources(document)
    ]
    of_cluster = [each for each in found if each.kind == KIND]
    if len(of_cluster) > 1:
        raise SettingsError(
            f"{of_cluster[1].place()}: a second document starts here: keep one, because settings "
            "of the cluster are one mapping"
        )
    settings = None
    for each in of_cluster:
        settings = settings_at(each.document, each.key, environment)
    others = [each for each in found if each.kind != KIND]
    _refuse_twice(others)
    return PendingSettings(
        settings,
        tuple(each for each in others if each.kind == NAMESPACE_KIND),
        tuple(each for each in others if each.kind == EXCEPTION_KIND),
    )


def _resources(document: Document) -> Iterator[_Resource]:
    """The resources in a document, which is one or is a list of them."""
    value = document.value
    items = value.get("items") if isinstance(value, dict) and value.get("kind") in _LISTS else None
    if not items or not isinstance(items, list):
        found = [_Resource(document, (), value)]
    else:
        found = [_Resource(document, ("items", at), each) for at, each in enumerate(items)]
    for each in found:
        if each.key and not isinstance(each.value, dict):
            raise SettingsError(f"{each.place()}: must be an object")
        if each.kind not in KINDS:
            kinds = " or ".join(KINDS)
            raise SettingsError(f"{each.place(('kind',))}: must be {kinds}: name a file with these")
        faults = []
        if each.kind == NAMESPACE_KIND:
            faults = [*faults_of_namespace_settings(each.value)]
        elif each.kind == EXCEPTION_KIND and each.value.get("apiVersion") != API_VERSION:
            faults = [KeyFault(("apiVersion",), f"must be {API_VERSION}")]
        for fault in faults:
            raise SettingsError(f"{each.place(fault.key)}: {fault.sentence}")
        yield each


def _refuse_twice(found: Iterable[_Resource]) -> None:
    seen: dict[tuple[str, str, str], _Resource] = {}
    for each in found:
        before = seen.setdefault(each.name(), each)
        if before is not each:
            raise SettingsError(f"{each.place()}: stands at {before.place()} already: keep one")


def _told(found: _Resource, key: Key, fault: KeyFault) -> str:
    return f"{found.place(key)} is not in force: {fault.sentence}"
