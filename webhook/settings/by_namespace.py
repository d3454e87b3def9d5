"""The settings in force for each namespace: those of the cluster, and what is changed of them.

A namespace may have settings of its own, and exceptions that were granted in it. Reviews, the
controller and the commands all ask here, so that they agree. Nothing here reads a clock: who has
one takes out the exceptions that have ended.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from webhook.settings.model import Settings
from webhook.settings.namespace_layer import NamespaceLayer, namespace_layer
from webhook.settings.server_exception import ServerException

_NOTHING: Mapping[str, Any] = {}


class Overlay(NamedTuple):
    """What is changed for a namespace: the keys that it may set, and the exceptions in it."""

    values: Mapping[str, Any] = _NOTHING
    exceptions: tuple[ServerException, ...] = ()


class SettingsByNamespace:
    """`cluster` are the settings of namespaces without an overlay.

    What an overlay sets is merged when it is asked for. A key that the namespace may not set has
    no effect, so an overlay may hold what somebody wrote as it is. A `mode` is that of every
    namespace, whatever is set: commands ask what it would do.
    """

    def __init__(
        self, cluster: Settings, overlays: Mapping[str, Overlay] = _NOTHING, mode: str = ""
    ) -> None:
        self.cluster = cluster
        self.overlays = overlays
        self._mode = mode
        self._without_overlay = self._in_mode(cluster)
        # By the identity of the overlay: namespaces can share one.
        self._held: dict[int, Settings] = {}
        self._ends = sorted(
            (each.expires, name)
            for name, overlay in overlays.items()
            for each in overlay.exceptions
        )

    def of(self, namespace: str) -> Settings:
        """The settings of a namespace, the same object each time."""
        overlay = self.overlays.get(namespace)
        if overlay is None:
            return self._without_overlay
        held = self._held.get(id(overlay))
        if held is None:
            settings = self.layer_of(namespace).settings
            if overlay.exceptions:
                settings = settings.with_exceptions(overlay.exceptions)
            settings = self._in_mode(settings)
            # Of two threads that ask at once, both get the object of the first one.
            held = self._held.setdefault(id(overlay), settings)
        return held

    def in_mode(self, mode: str) -> "SettingsByNamespace":
        """The same settings with this mode in every namespace."""
        return SettingsByNamespace(self.cluster, self.overlays, mode)

    def _in_mode(self, settings: Settings) -> Settings:
        if self._mode in {"", settings.mode}:
            return settings
        return settings.model_copy(update={"mode": self._mode})

    def layer_of(self, namespace: str) -> NamespaceLayer:
        """What the namespace sets, without exceptions, and what is not in force of it."""
        overlay = self.overlays.get(namespace)
        return namespace_layer(self.cluster, overlay.values if overlay else {})

    @property
    def next_end(self) -> float | None:
        """When the next exception ends, in seconds since 1970."""
        return self._ends[0][0] if self._ends else None

    def without_ended(self, now: float) -> "SettingsByNamespace":
        """The same without the exceptions that have ended; itself where none has."""
        count = bisect_right(self._ends, now, key=lambda end: end[0])
        if not count:
            return self
        overlays = dict(self.overlays)
        for name in dict.fromkeys(name for _, name in self._ends[:count]):
            overlay = overlays[name]
            left = tuple(each for each in overlay.exceptions if not each.ended(now))
            if left or overlay.values:
                overlays[name] = overlay._replace(exceptions=left)
            else:
                del overlays[name]
        found = SettingsByNamespace(self.cluster, overlays, self._mode)
        found.keep(self)
        return found

    def keep(self, before: "SettingsByNamespace") -> None:
        """Hold what was held under the same cluster's settings of overlays that are the same."""
        for overlay in self.overlays.values():
            held = before._held.get(id(overlay))  # noqa: SLF001 - of its own class
            if held is not None:
                self._held[id(overlay)] = held
