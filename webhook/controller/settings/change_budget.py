"""How often the settings of one namespace are distributed.

Each change lets every replica read its files three times. The users of a namespace may change its
settings as often as they like: some changes in a row go out at once, later ones wait. Those of all
namespaces that wait go out together, at the next full half minute. Nobody else waits for them.
"""

from collections.abc import Iterable
from math import ceil, inf

from webhook.kube import NamespacedName

AT_ONCE = 10
"""Changes of a namespace in a row that do not wait."""
SECONDS_FOR_EACH = 30.0
"""In this time a namespace gains one change."""


MOST_KEPT = 100
LONGEST = (AT_ONCE + 2) * SECONDS_FOR_EACH


class ChangeBudget:
    """The changes that each namespace has left; times are in seconds since 1970.

    Exceptions, whose keys have no namespace, are an administrator's and never wait.
    """

    def __init__(self) -> None:
        # Until when the changes so far would have taken, were they made one after the other.
        self._paid: dict[str, float] = {}
        self._most = MOST_KEPT

    def spend(self, namespace: str, now: float) -> None:
        """The settings of a namespace have changed what is distributed."""
        if len(self._paid) > self._most:
            self._paid = {name: until for name, until in self._paid.items() if until > now}
            self._most = 2 * max(MOST_KEPT, len(self._paid))
        self._paid[namespace] = max(self._paid.get(namespace, now), now) + SECONDS_FOR_EACH

    def due(self, key: NamespacedName, now: float) -> float:
        """When a change of this resource goes out: now, or at the next half minute."""
        paid = self._paid.get(key.namespace)
        # A clock that was set back keeps nobody waiting.
        if paid is None or paid > now + LONGEST:
            return now
        free = ceil(paid / SECONDS_FOR_EACH - AT_ONCE) * SECONDS_FOR_EACH
        return max(now, free)

    def ready(self, keys: Iterable[NamespacedName], now: float) -> list[NamespacedName]:
        """Those that need not wait."""
        return [key for key in keys if self.due(key, now) <= now]

    def next_due(self, keys: Iterable[NamespacedName], now: float) -> float:
        """When the first of them goes out."""
        return min((self.due(key, now) for key in keys), default=inf)
