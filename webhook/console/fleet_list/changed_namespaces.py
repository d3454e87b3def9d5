"""Which namespaces of a fleet are to be judged anew, and when.

A change is judged after a short quiet, and once more when what it caused is told: why a pod waits
is said of one that has waited for ten seconds, and no Deployment shows that it goes on to wait.
Judging takes a part of the time at most, however often something changes.
"""

import asyncio
from collections.abc import Iterator

QUIET_SECONDS, PART_OF_TIME = 2.0, 5
"""A namespace is judged so long after a change, and at most a fifth of the time is spent so."""
SETTLED_SECONDS = 15.0
"""After which time the pods of a change run, or are told to wait."""
MOST_CHANGED = 50
"""Where more namespaces have changed, all is read again instead."""


class ChangedNamespaces:
    """The namespaces that have changed, each with the time of its next judgement."""

    def __init__(self) -> None:
        self._changed: dict[str, float] = {}
        self._settling: dict[str, float] = {}
        self._free_at = 0.0

    @property
    def many(self) -> bool:
        """Whether so many have changed that reading all is less work."""
        return len(self._changed) > MOST_CHANGED

    def note(self, namespace: str) -> None:
        """Something has changed there; a change that waits already does not wait longer."""
        self._changed.setdefault(namespace, _now() + QUIET_SECONDS)
        self._settling.pop(namespace, None)

    def due(self) -> tuple[str, float] | None:
        """Which namespace is judged next, and in how many seconds; None where none has changed."""
        times = self._times()
        first = min(times, default=None)
        if first is None:
            return None
        at, namespace = first
        return namespace, max(0.0, max(at, self._free_at) - _now())

    def judging(self, namespace: str) -> None:
        """It is judged now: what changes from now on is judged again."""
        self._settling.pop(namespace, None)
        if self._changed.pop(namespace, None) is not None:
            self._settling[namespace] = _now() + SETTLED_SECONDS

    def judging_all(self) -> None:
        """All are judged now; if few have changed, these once more."""
        few = () if self.many else (*self._changed,)
        self._settling.clear()
        for namespace in few:
            self.judging(namespace)
        self._changed.clear()

    def spent(self, seconds: float) -> None:
        """A judgement took so long: the next one waits for its part of the time."""
        self._free_at = _now() + seconds * (PART_OF_TIME - 1)

    def _times(self) -> Iterator[tuple[float, str]]:
        for each in (self._changed, self._settling):
            # In the order of their times: each was put last with one delay for all.
            for namespace, at in each.items():
                yield at, namespace
                break


def _now() -> float:
    return asyncio.get_running_loop().time()
