"""Which settings are in force for the cluster: those of the resource, or the last good ones.

A resource that is not valid changes nothing. The last valid settings stay in force: those of this
process or, for the next leader, those in the ConfigMap. What is locked is in force in any case.
"""

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.settings_store import Files
from webhook.documents import DocumentError, reader
from webhook.settings import FILE, Layer, SettingsError, layers

SOURCE_FILE = "resource.yaml"

LOG = logging.getLogger(__name__)

Json = dict[str, Any]


class SettingsDecision:
    """Decides under these locks; it is called again and again with what is known."""

    def __init__(self, locks: Sequence[Layer]) -> None:
        self.locks = locks
        self._decided: tuple[Json, EffectiveSettings, str | None] | None = None

    @cached_property
    def locked(self) -> str:
        """The file of what is locked, for replicas that say so when somebody sets it elsewhere."""
        return layers.settings_text(layers.merge_layers(self.locks))

    def decide(self, spec: Json, files: Files) -> tuple[EffectiveSettings, str | None]:
        """The settings for this spec, or the last good ones and what is wrong with the spec.

        For the same spec they are the same object. `files` are those of the ConfigMap.
        """
        if self._decided is None or self._decided[0] != spec:
            try:
                self._decided = spec, effective_settings(spec, self.locks), None
            except SettingsError as error:
                LOG.error(  # noqa: TRY400 - its sentences are ours
                    "settings resource not valid: the last valid settings stay in force",
                    extra={"fields": {"reason": str(error)}},
                )
                good = self._decided[1] if self._decided else self._last_good(files)
                self._decided = spec, good, str(error)
        return self._decided[1:]

    def _last_good(self, files: Files) -> EffectiveSettings:
        """What the controller before has written, under the locks of this one.

        What it accepted may depend on its own locks; what came of both is in force by itself.
        """
        for name in (SOURCE_FILE, FILE):
            if name not in files:
                continue
            try:
                (document,) = reader.read_documents(files[name], name)
                return effective_settings(document.value, self.locks)
            except (DocumentError, SettingsError, ValueError) as error:
                LOG.error(  # noqa: TRY400 - its sentences are ours
                    "last valid settings not usable",
                    extra={"fields": {"file": name, "reason": str(error)}},
                )
        return effective_settings({}, self.locks)
