"""What became of the objects of one server, and when it was last all as it should be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from webhook.controller.deployment_state import DeploymentState
from webhook.controller.owned import Live, ObjectKey
from webhook.kube import ApiError, NamespacedName
from webhook.settings import Settings

LONGEST_PAUSE = 600.0


class Settled(NamedTuple):
    """A server as it was when all was right: no request is sent before something changes.

    `source` is what there was of others that matters to it. `until` is when it has to be looked at
    though nothing has changed.
    """

    deployment: DeploymentState
    settings: Settings
    source: str | None
    lives: tuple[Live | None, ...]
    until: float = inf

    def is_settled(
        self,
        found: DeploymentState,
        settings: Settings,
        source: str | None,
        lives: tuple[Live | None, ...],
        now: float,
    ) -> bool:
        """Whether nothing has changed; the end of a rollout may change nothing that matters."""
        same = self.deployment in (found, found.rolled_out) and self.settings is settings
        return same and (self.source, self.lives) == (source, lives) and now < self.until


class Patience:
    """How long to wait for what only others can end: longer each time, up to ten minutes.

    A change that ends it asks for the server at once. This is for one that nobody reports.
    """

    def __init__(self) -> None:
        self._times: dict[NamespacedName, int] = {}

    def next(self, key: NamespacedName, first: float) -> float:
        """The seconds until the next look; the first time `first`."""
        times = self._times.get(key, 0)
        self._times[key] = times + 1
        return min(LONGEST_PAUSE, first * 2.0 ** min(times, 16))

    def forget(self, key: NamespacedName) -> None:
        """It has ended."""
        self._times.pop(key, None)


@dataclass
class WriteOutcome:
    """What a reconcile came to; `troubles` and `news` are notes by the reasons of their Events."""

    troubles: dict[str, str]
    news: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    going: list[str] = field(default_factory=list)
    failures: list[ApiError] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    ends_in: float = inf

    @property
    def written(self) -> bool:
        """Whether everything could be written that was to be."""
        return not (self.failures or self.held or self.pauses)

    @property
    def held(self) -> bool:
        """Whether somebody else has to give way."""
        return bool(self.taken or self.going)

    @property
    def right(self) -> bool:
        """Whether nothing is missing."""
        return self.written and not self.troubles

    @property
    def again(self) -> float | None:
        """After how many seconds the server has to be looked at, though nothing changes."""
        soonest = min([*self.pauses, self.ends_in])
        return None if soonest == inf else soonest

    def add_put_backs(
        self, note: Callable[[ObjectKey], str | None], places: Iterable[ObjectKey]
    ) -> None:
        """Add what was put back lately in these places."""
        for place in places:
            found = note(place)
            if found is not None:
                reason = f"{place.kind}PutBack"
                self.news[reason] = "; ".join(filter(None, (self.news.get(reason), found)))
