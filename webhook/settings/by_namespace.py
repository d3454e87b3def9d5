"""The settings in force for each namespace: those of the cluster, and what is changed of them.

A namespace may have settings of its own, and exceptions that were granted in it. Reviews, the
controller and the commands all ask here, so that they agree.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

_NOTHING: Mapping[str, Any] = {}


class Overlay(NamedTuple):
    """What is changed for a namespace: the keys that it may set, and the exceptions in it."""

    values: Mapping[str, Any] = _NOTHING
    exceptions: tuple[ServerException, ...] = ()


class SettingsByNamespace:
    """`cluster` are the settings of namespaces without an overlay."""

    def __init__(self, cluster: Settings, overlays: Mapping[str, Overlay] = _NOTHING) -> None:
        self.cluster = cluster
        self.overlays = overlays
        self._held: dict[str, Settings] = {}

    def of(self, namespace: str) -> Settings:
        """The settings of a namespace, the same object each time."""
        overlay = self.overlays.get(namespace)
        if overlay is None:
            return self.cluster
        held = self._held.get(namespace)
        if held is None:
            held = self._held[namespace] = self.cluster.with_exceptions(overlay.exceptions)
        return held
