"""The resource of settings as it is stored: read by whoever may, written as it was seen.

A save is a server-side apply of the keys that people set in the console, over the version that the
person saw. Whoever set the other keys keeps them. An apply leaves what another manager owns, too,
so to take such a key out needs a replacement of the whole object, by the same version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webhook.console.settings_form.settings_subject import Json
from webhook.kube import Api, Conflict, NotFound, cluster_wide, namespaced
from webhook.settings import (
    API_VERSION,
    KIND,
    NAME,
    NAMESPACE_KIND,
    NAMESPACE_PLURAL,
    PLURAL,
    layers,
    model_keys,
)
from webhook.settings.namespace_layer import MERGED_IN_NAMESPACES

MANAGER = "mcp-admission-console"
"""Who manages the fields that people set in the console."""
MOST_TRIES = 5
_OWNER, _FIELD = "Apply", "f:"


@dataclass(frozen=True)
class SettingsObject:
    """The resource of the cluster, or of a namespace; `found` is None where there is none yet."""

    namespace: str
    found: Json | None

    @property
    def version(self) -> str:
        """What changes with each write of the spec; empty where there is no resource."""
        metadata = self._metadata
        return f"{metadata['uid']}/{metadata.get('generation')}" if metadata else ""

    @cached_property
    def spec(self) -> Json:
        """What it says, without nulls, which mean "not set"."""
        spec = (self.found or {}).get("spec")
        given = spec if isinstance(spec, dict) else {}
        return layers.without_nulls(given, MERGED_IN_NAMESPACES)

    @property
    def path(self) -> str:
        """Where the API server has it."""
        if self.namespace:
            return namespaced(API_VERSION, NAMESPACE_PLURAL, self.namespace, NAME)
        return cluster_wide(API_VERSION, PLURAL, NAME)

    @property
    def _metadata(self) -> Json:
        return dict((self.found or {}).get("metadata") or {})

    def applied(self, spec: Json) -> Json:
        """The configuration to apply: what the console set before, and what is another now."""
        mine = {path for found in self._owned(mine=True) for path in found}
        values: Json = {}
        for key in layers.leaf_keys(spec, MERGED_IN_NAMESPACES):
            value = model_keys.held_value(spec, key)
            if key in mine or value != model_keys.held_value(self.spec, key):
                values = layers.merged_values(values, _nested(key, value), MERGED_IN_NAMESPACES)
        return self._body(values)

    def replaced(self, spec: Json) -> Json:
        """The whole object with another spec."""
        return {**(self.found or {}), "spec": spec}

    def needs_replacement(self, spec: Json) -> bool:
        """Whether an apply could not store the spec.

        It lacks something that another manager owns, or has an empty mapping where there was
        something: an apply that takes all of it out leaves null there, which is not accepted.
        """
        wanted, held = dict(_paths(spec)), dict(_paths(self.spec))
        emptied = any(value == {} and held.get(path) for path, value in wanted.items())
        gone = held.keys() - wanted.keys()
        return emptied or any(not gone.isdisjoint(found) for found in self._owned(mine=False))

    def _body(self, spec: Json) -> Json:
        metadata = {"name": NAME}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if self.found is not None:
            metadata["resourceVersion"] = self._metadata["resourceVersion"]
        kind = NAMESPACE_KIND if self.namespace else KIND
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}

    def _owned(self, *, mine: bool) -> Iterator[set[model_keys.Key]]:
        """The paths in the spec that each manager owns: the console's applies, or all others."""
        for entry in self._metadata.get("managedFields") or []:
            by_console = (entry.get("manager"), entry.get("operation")) == (MANAGER, _OWNER)
            if by_console is mine:
                yield set(_owned_paths((entry.get("fieldsV1") or {}).get(f"{_FIELD}spec")))


class ChangedMeanwhile(Exception):  # noqa: N818 - it is no fault
    """Somebody has written the settings since they were seen; `now` is what they are."""

    def __init__(self, now: SettingsObject) -> None:
        super().__init__("somebody has changed these settings since you opened them")
        self.now = now


async def read_settings_object(api: Api, namespace: str = "") -> SettingsObject:
    """The resource as it is stored now; raises ApiError."""
    missing = SettingsObject(namespace, None)
    try:
        return SettingsObject(namespace, await api.get(missing.path))
    except NotFound:
        return missing


async def save_settings(
    api: Api, namespace: str, seen: str, spec: Json, tries: int = MOST_TRIES
) -> SettingsObject:
    """Store this spec in the place of the version that was seen; returns what is stored.

    Raises ChangedMeanwhile where somebody has written another one since, and ApiError.
    """
    now = await read_settings_object(api, namespace)
    if now.version != seen:
        raise ChangedMeanwhile(now)
    try:
        return SettingsObject(namespace, await _written(api, now, spec))
    except Conflict:
        # The controller writes the status, and that makes a new version of the object, too.
        if tries == 1:
            raise
    return await save_settings(api, namespace, seen, spec, tries - 1)


async def _written(api: Api, now: SettingsObject, spec: Json) -> Json:
    if now.needs_replacement(spec):
        return await api.replace(now.path, now.replaced(spec), manager=MANAGER)
    # Where there is no version to compare, what somebody sets at this moment is not taken over.
    force = now.found is not None
    return await api.apply(now.path, now.applied(spec), force=force, manager=MANAGER)


def _nested(key: model_keys.Key, value: Any) -> Json:
    for step in reversed(key):
        value = {str(step): value}
    return dict(value)


def _paths(value: Any, at: model_keys.Key = ()) -> Iterator[tuple[model_keys.Key, Any]]:
    """Every value in mappings by its path, themselves included; lists are values as a whole."""
    yield at, value
    for step, held in value.items() if isinstance(value, dict) else ():
        yield from _paths(held, (*at, step))


def _owned_paths(fields: Any, at: model_keys.Key = ()) -> Iterator[model_keys.Key]:
    """The paths that a manager owns, by the format of `fieldsV1`."""
    for name, inner in fields.items() if isinstance(fields, Mapping) else ():
        if name.startswith(_FIELD):
            path = (*at, name.removeprefix(_FIELD))
            yield path
            yield from _owned_paths(inner, path)
