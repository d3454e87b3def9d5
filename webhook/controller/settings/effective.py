"""The settings in force: what is locked, over the resource, over what is built in."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from webhook.settings import (
    Overlay,
    Settings,
    SettingsByNamespace,
    SettingsError,
    Stage,
    WrittenSettings,
    chart_only_keys,
    dotted,
    layers,
    level,
    minor,
)

LARGEST = 900 * 1024  # in ASCII; a ConfigMap ends at a MiB

# Their JSON, or what is merged of them, takes less than a turn.
MOST_AT_ONCE = 10

Json = dict[str, Any]
Overlays = Mapping[str, Overlay]
Result = TypeVar("Result")


@dataclass(frozen=True)
class EffectiveSettings:
    """Settings that every rule can follow, and the spec of the resource that is in them.

    `overlays` are what is changed of them for namespaces.
    """

    settings: Settings
    spec: Json
    overlays: Mapping[str, Overlay] = field(default_factory=dict)

    def with_overlays(
        self, overlays: Mapping[str, Overlay], before: "EffectiveSettings | None"
    ) -> "EffectiveSettings":
        """These settings with other overlays; what was merged `before` of the same is kept."""
        found = EffectiveSettings(self.settings, self.spec, overlays)
        if before is not None and before.settings is self.settings:
            found.by_namespace.keep(before.by_namespace)
        return found

    @cached_property
    def by_namespace(self) -> SettingsByNamespace:
        """The settings of each namespace."""
        return SettingsByNamespace(self.settings, self.overlays)

    @cached_property
    def text(self) -> str:
        """The file that replicas read."""
        return layers.settings_text(self.settings)

    @cached_property
    def written(self) -> WrittenSettings:
        """What replicas read."""
        return WrittenSettings(self.text, self.overlays)

    @cached_property
    def source(self) -> str:
        """The spec as a file, for the controller that leads next."""
        return layers.sorted_yaml(self.spec)

    @cached_property
    def digest(self) -> str:
        """What replicas call these settings."""
        return Stage(self.written).digest


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


def asks_more(after: SettingsByNamespace, before: SettingsByNamespace) -> bool:
    """Whether the labels for `after` refuse pods anywhere that are filled in for `before`.

    Then replicas must be first, so that no pod is refused; otherwise namespaces may be.
    """
    if _asks_more(after.cluster, before.cluster):
        return True
    same = after.cluster == before.cluster
    names = {name for each in (after, before) for name in each.overlays if _labels(each, name)}
    return any(
        _asks_more(after.of(name), before.of(name))
        for name in names
        if not (same and after.overlays.get(name) == before.overlays.get(name))
    )


def differing_namespaces(
    after: SettingsByNamespace, before: SettingsByNamespace
) -> frozenset[str] | None:
    """The namespaces that have other settings now; None where all may have."""
    if after.cluster is not before.cluster:
        return None
    names = after.overlays.keys() | before.overlays.keys()
    return frozenset(
        name for name in names if after.overlays.get(name) != before.overlays.get(name)
    )


def _labels(settings: SettingsByNamespace, namespace: str) -> bool:
    """Whether a namespace sets what its labels depend on."""
    return not settings.overlays[namespace].values.keys().isdisjoint(("mode", "mcpNamespace"))


def _asks_more(after: Settings, before: Settings) -> bool:
    wanted, had = after.mcp_namespace.pod_security, before.mcp_namespace.pod_security
    if not (after.enforced and wanted.enabled):
        return False
    newer = minor(wanted.enforce_version) > minor(had.enforce_version)
    return newer or level(wanted.enforce) > level(had.enforce) or not before.enforced


async def worked_out(overlays: Overlays, work: Callable[[], Result]) -> Result:
    """What the work about these overlays results in; on a thread where they are many."""
    return await asyncio.to_thread(work) if len(overlays) > MOST_AT_ONCE else work()
