"""Which replicas are ready, and which work by settings that nobody distributed.

A change of settings takes a while to reach every replica. What one of them reports that was to be
in force a minute ago is on its way; anything else is not.
"""

import asyncio

from webhook.controller.probe.verdict import SeenReplicas
from webhook.controller.settings.distribution import Progress

# Kubelets bring a changed ConfigMap within a minute.
SECONDS_ON_THE_WAY = 60.0


class ReplicaSettings:
    """What the distribution of settings has told of the replicas so far."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._until: dict[str, float] = {}
        self._any_told = False

    def saw(self, progress: Progress) -> None:
        """The distribution has come so far."""
        until = asyncio.get_running_loop().time() + SECONDS_ON_THE_WAY
        digests = progress.answers.digests
        if digests and not self._any_told:
            # The leader before may just have written other settings.
            self._any_told = True
            self._until |= {each: until for each in digests.values() if each}
        self._until[progress.stage.digest] = until
        self._progress = progress

    @property
    def known(self) -> SeenReplicas:
        """What is known of the replicas now."""
        if self._progress is None:
            return SeenReplicas()
        others = (name for name, digest in self._differing() if not self._on_the_way(digest))
        return SeenReplicas(self._progress.answers.ready, tuple(sorted(others)))

    @property
    def changing(self) -> bool:
        """Whether settings are on their way to some replica."""
        if self._progress is None:
            return False
        stepping = bool(self._progress.stage.accepted)
        return stepping or any(self._on_the_way(digest) for _, digest in self._differing())

    def _differing(self) -> list[tuple[str, str]]:
        progress = self._progress
        found = {} if progress is None else progress.answers.digests
        wanted = "" if progress is None else progress.stage.digest
        return [(name, each) for name, each in found.items() if each and each != wanted]

    def _on_the_way(self, digest: str) -> bool:
        now = asyncio.get_running_loop().time()
        self._until = {each: until for each, until in self._until.items() if until > now}
        return digest in self._until
