"""Where each value that is in force comes from, and why another one that somebody set is not.

Settings have many sources. Who wonders why a key has its value must not have to merge them by
hand: the strongest source that sets a key is its origin, and a weaker one has no effect.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import ValidationError

from webhook.settings.environment import VARIABLES, environment_layer
from webhook.settings.layers import MERGED_BY_KEY, Layer, leaf_keys, leaf_of, without_nulls
from webhook.settings.model import Settings
from webhook.settings.model_keys import NOT_THERE, Key, dotted, held_value, is_set
from webhook.settings.namespace_layer import (
    MERGED_IN_NAMESPACES,
    NamespaceLayer,
    namespace_layer,
)

CHART, FILE_ORIGIN, ENVIRONMENT = "chart", "file", "environment"
CLUSTER, NAMESPACE_ORIGIN, BUILT_IN = "cluster", "namespace", "built-in"

Values = Mapping[str, Any]


class SettingsSource(NamedTuple):
    """What one source sets, under the name of its kind."""

    origin: str
    layer: Layer

    def place(self, key: Key) -> str:
        """Where the source sets the key: a file with its line, a variable, or an object."""
        said = self.layer.place(key)
        return said.rpartition(": ")[0] or said


class EffectiveValue(NamedTuple):
    """A value in force, and the source that sets it."""

    key: str
    value: Any
    origin: str
    place: str


class ValueNotInForce(NamedTuple):
    """A value that a source sets, and why it is not in force; the key of all is empty."""

    key: str
    value: Any
    origin: str
    place: str
    reason: str


def variable_source(environment: Mapping[str, str]) -> SettingsSource:
    """What the environment itself sets; raises SettingsError."""
    return SettingsSource(ENVIRONMENT, environment_layer(environment))


def variable_of(key: Key) -> str:
    """The environment variable that sets a key or something around it; empty without one."""
    named = (name for name, held in VARIABLES.items() if key[: len(held)] == held)
    return next(named, "")


def effective_values(
    settings: Settings, sources: Sequence[SettingsSource], *, all_keys: bool = False
) -> Iterator[EffectiveValue]:
    """Each value of these settings that a source sets, the strongest source last.

    With `all_keys`, also those that nobody sets. Keys are in the order of the model.
    """
    whole, held = settings.model_dump(by_alias=True), set_values(settings)
    given = [(source, _canonical(source.layer.values)) for source in reversed(sources)]
    inside: dict[Key, list[Key]] = {}
    for key in leaf_keys(held, MERGED_IN_NAMESPACES):
        inside.setdefault(leaf_of(key, frozenset()), []).append(key)
    for around in leaf_keys(whole, frozenset()):
        for key in inside.get(around, [around]):
            value = held_value(held, key, held_value(whole, key))
            setting = (source for source, values in given if is_set(values, key))
            source = next(setting, None)
            if source is not None:
                yield EffectiveValue(dotted(key), value, source.origin, source.place(key))
            elif all_keys:
                yield EffectiveValue(dotted(key), value, BUILT_IN, "")


@dataclass(frozen=True)
class SettingsOrigins:
    """The settings of a cluster or of a namespace, and what is written for them.

    `sources` are those of the cluster's settings in force, the strongest one last, and `written`
    what they say now where that is not yet in force. `namespace` is what is written for the
    namespace, and `distributed` what replicas have of it; without it, they have what they may.
    `waiting` says by origin why something that nobody overrules is not in force.
    """

    cluster: Settings
    sources: tuple[SettingsSource, ...]
    written: tuple[SettingsSource, ...] | None = None
    namespace: SettingsSource | None = None
    distributed: Values | None = None
    waiting: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def layer(self) -> NamespaceLayer:
        """The settings in force, and what is not in force of those that were distributed."""
        return self._asked if self.distributed is None else self._under(self.distributed)

    @cached_property
    def _asked(self) -> NamespaceLayer:
        return self._under(self.namespace.layer.values if self.namespace else {})

    def _under(self, values: Values) -> NamespaceLayer:
        return namespace_layer(self.cluster, dict(values))

    def values(self, *, all_keys: bool = False) -> list[EffectiveValue]:
        """Each value in force; with `all_keys`, also those that nobody sets."""
        sources = [*self.sources]
        if self.namespace is not None:
            layer = Layer(dict(self.layer.values), self.namespace.layer.place)
            sources.append(SettingsSource(self.namespace.origin, layer))
        return list(effective_values(self.layer.settings, sources, all_keys=all_keys))

    def not_in_force(self) -> Iterator[ValueNotInForce]:
        """Each value that somebody sets and that is not in force, with the reason."""
        sources = self.sources if self.written is None else self.written
        held = set_values(self.cluster)
        for at, source in enumerate(sources):
            values = _canonical(source.layer.values)
            for key in _keys_beside(values, held):
                reason = _overruled(key, sources[at + 1 :]) or self.waiting.get(source.origin, "")
                yield _not_in_force(source, key, values, reason)
        if self.namespace is None:
            return
        given = self.namespace.layer.values
        for fault in self._asked.faults:
            yield _not_in_force(self.namespace, fault.key, given, fault.sentence)
        for key in _keys_beside(self._asked.values, self.layer.values):
            reason = self.waiting.get(self.namespace.origin, "")
            yield _not_in_force(self.namespace, key, self._asked.values, reason)


def _not_in_force(source: SettingsSource, key: Key, values: Values, why: str) -> ValueNotInForce:
    value = held_value(values, key) if key else None
    return ValueNotInForce(dotted(key), value, source.origin, source.place(key), why)


def _keys_beside(values: Values, held: Values) -> Iterator[Key]:
    """The keys of values that are not held, or not with the same value."""
    for key in leaf_keys(dict(values), MERGED_IN_NAMESPACES):
        if held_value(values, key) != held_value(held, key, NOT_THERE):
            yield key


def differing_values(values: Values, others: Sequence[Values]) -> dict[str, Any]:
    """The part of the values that none of the others has alike."""
    found: dict[str, Any] = {}
    for key in leaf_keys(dict(values), MERGED_IN_NAMESPACES):
        value = held_value(values, key)
        if all(held_value(each, key, NOT_THERE) != value for each in others):
            inner = found
            for step in key[:-1]:
                inner = inner.setdefault(str(step), {})
            inner[str(key[-1])] = value
    return found


def set_values(settings: Settings) -> dict[str, Any]:
    """The values of settings that somebody set, as a settings file has them."""
    return settings.model_dump(by_alias=True, exclude_unset=True)


def _canonical(values: dict[str, Any]) -> dict[str, Any]:
    """The values as the model writes them; as they are where it does not accept them."""
    given = without_nulls(values, MERGED_IN_NAMESPACES)
    try:
        return set_values(Settings.model_validate(given))
    except ValidationError:
        return given


def _overruled(key: Key, stronger: Sequence[SettingsSource]) -> str:
    """Which stronger source sets the key, or all that is around it; empty where none does."""
    around = leaf_of(key, MERGED_BY_KEY)
    for source in reversed(stronger):
        values = without_nulls(source.layer.values)
        if is_set(values, key):
            return f"the {source.origin} sets it, too, and is stronger ({source.place(key)})"
        if is_set(values, around):
            place = source.place(around)
            return (
                f"the {source.origin} sets {dotted(around)} as a whole, and is stronger ({place})"
            )
    return ""
