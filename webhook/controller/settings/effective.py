"""The settings in force: what is locked, over the resource, over what is built in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webhook.settings import (
    Settings,
    SettingsByNamespace,
    SettingsError,
    WrittenSettings,
    chart_only_keys,
    dotted,
    layers,
    level,
    minor,
)

LARGEST = 900 * 1024  # in ASCII; a ConfigMap ends at a MiB

Json = dict[str, Any]


@dataclass(frozen=True)
class EffectiveSettings:
    """Settings that every rule can follow, and the spec of the resource that is in them."""

    settings: Settings
    spec: Json

    @cached_property
    def by_namespace(self) -> SettingsByNamespace:
        """The settings of each namespace."""
        return SettingsByNamespace(self.settings)

    @cached_property
    def text(self) -> str:
        """The file that replicas read."""
        return layers.settings_text(self.settings)

    @cached_property
    def written(self) -> WrittenSettings:
        """What replicas read."""
        return WrittenSettings(self.text)

    @cached_property
    def source(self) -> str:
        """The spec as a file, for the controller that leads next."""
        return layers.sorted_yaml(self.spec)

    @cached_property
    def digest(self) -> str:
        """What replicas call these settings."""
        return layers.content_digest(self.text.encode())


def effective_settings(spec: Json, locks: Sequence[layers.Layer]) -> EffectiveSettings:
    """The settings of this resource under these locks; raises SettingsError with every fault."""
    if not layers.is_nested_within(spec):
        raise SettingsError(f"spec is nested more than {layers.DEEPEST} levels deep: nest it less")
    settings = layers.merge_layers([_layer(spec), *locks])
    found = EffectiveSettings(settings, spec)
    if len(found.text) + len(found.source) > LARGEST:
        raise SettingsError(
            f"spec is too long: written as YAML, it and what it comes to have at most {LARGEST} "
            "characters, so that a ConfigMap can hold both"
        )
    return found


def locked(locks: Sequence[layers.Layer]) -> frozenset[str]:
    """The keys of the resource that have no effect."""
    return frozenset().union(*map(layers.keys_set, locks)) - chart_only_keys()


def ignored(spec: Json, locks: Sequence[layers.Layer]) -> frozenset[str]:
    """The locked keys that the resource sets without effect."""
    return layers.keys_set(_layer(spec)) & locked(locks)


def _layer(spec: Json) -> layers.Layer:
    return layers.Layer(spec, lambda key: f"spec.{dotted(key)}")


def asks_more(after: Settings, before: Settings) -> bool:
    """Whether the labels for `after` refuse pods that are filled in for `before`.

    Then replicas must be first, so that no pod is refused; otherwise namespaces may be.
    """
    wanted, had = after.mcp_namespace.pod_security, before.mcp_namespace.pod_security
    if not (after.enforced and wanted.enabled):
        return False
    newer = minor(wanted.enforce_version) > minor(had.enforce_version)
    return newer or level(wanted.enforce) > level(had.enforce) or not before.enforced
