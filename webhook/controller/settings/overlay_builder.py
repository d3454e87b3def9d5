"""What is distributed for each namespace: what it may set, and the exceptions in it.

One changed resource costs a merge of its own namespace. All are merged anew when the settings of
the cluster change. Where there is no room for all overlays, the smallest are in force, and the
others are told in the status of what they come from.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Any, NamedTuple

from webhook.controller.settings.change_budget import ChangeBudget
from webhook.controller.settings.effective import Overlays, worked_out
from webhook.controller.settings.namespace_store import NamespaceStore
from webhook.kube import NamespacedName, Turn
from webhook.settings import (
    ENDED,
    ENDING,
    IN_FORCE,
    NAME,
    NOT_VALID,
    KeyFault,
    Overlay,
    ServerException,
    Settings,
    fitting_overlay,
    fitting_overlays,
    read_exception,
)

DAYS_OF_NOTICE = 7
SECONDS_OF_NOTICE = DAYS_OF_NOTICE * 24 * 60 * 60.0


class ReadSettings(NamedTuple):
    """What was made of the settings of a namespace, in this generation."""

    generation: int
    values: Mapping[str, Any]
    faults: tuple[KeyFault, ...]


class ReadException(NamedTuple):
    """What was made of an exception in this generation, as far as time has come.

    `until` is when that changes. `expires` is when it ends, as its author wrote it.
    """

    generation: int
    state: str
    granted: ServerException | None
    faults: tuple[KeyFault, ...]
    until: float
    expires: str


class OverlayBuilder:
    """Follows the store; `read` is what was made of each resource, by its key.

    `fitting` are the overlays that there is room for. `told` is called with the key of each
    resource of which something else is to be told than before.
    """

    def __init__(
        self,
        store: NamespaceStore,
        clock: Callable[[], float],
        told: Callable[[NamespacedName], None],
    ) -> None:
        self.read: dict[NamespacedName, ReadSettings | ReadException] = {}
        self.fitting: Overlays = {}
        self.states: Counter[str] = Counter()
        self._store, self._clock, self._told = store, clock, told
        self._cluster: Settings | None = None
        self._room = 0
        self._overlays: dict[str, Overlay] = {}
        self._exceptions: dict[str, set[NamespacedName]] = {}
        self._due = inf
        self._budget = ChangeBudget()

    @property
    def known(self) -> bool:
        """Whether it is known what users say."""
        return self._store.known

    def stale(self, cluster: Settings, room: int) -> bool:
        """Whether something has changed, or has come to its end."""
        now = self._clock()
        if cluster is not self._cluster or room != self._room or now >= self._due:
            return True
        return bool(self._budget.ready(self._store.unread, now))

    @property
    def seconds(self) -> float:
        """In how many seconds an exception ends or comes near that, or a change need not wait."""
        now = self._clock()
        return max(0.0, min(self._due, self._budget.next_due(self._store.unread, now)) - now)

    def waits(self, key: NamespacedName) -> bool:
        """Whether a resource has changed too often, and is read a little later."""
        now = self._clock()
        return key in self._store.unread and self._budget.due(key, now) > now

    async def build(self, cluster: Settings, room: int) -> Overlays:
        """The overlays under these settings of the cluster, as many as fit into so many bytes.

        Overlays in which nothing has changed are the same objects as before.
        """
        now = self._clock()
        keys = self._keys(cluster, now)
        try:
            return await self._build(keys, cluster, room, now)
        except BaseException:
            # What was not done is done the next time.
            self._store.unread.update(dict.fromkeys(keys))
            raise

    async def _build(
        self, keys: list[NamespacedName], cluster: Settings, room: int, now: float
    ) -> Overlays:
        namespaces: set[str] = set()
        turn_of_others = Turn()
        for key in keys:
            namespaces |= self._read(key, cluster, now)
            await turn_of_others.end()
        changed = set()
        for namespace in namespaces:
            if self._overlay(namespace):
                changed.add(namespace)
                if cluster is self._cluster and NamespacedName(namespace, NAME) in keys:
                    self._budget.spend(namespace, now)
            await turn_of_others.end()
        self._cluster = cluster
        exceptions = [each for each in self.read.values() if isinstance(each, ReadException)]
        self.states = Counter(each.state for each in exceptions)
        self._due = min((each.until for each in exceptions), default=inf)
        if changed or room != self._room:
            before, self._room = self.fitting, room
            fitting = partial(fitting_overlays, dict(self._overlays), room)
            self.fitting = await worked_out(self._overlays, fitting)
            names = before.keys() | self.fitting.keys()
            changed |= {name for name in names if before.get(name) != self.fitting.get(name)}
        told = dict.fromkeys(keys)
        for namespace in changed:
            told.update(dict.fromkeys(self.keys_in(namespace)))
        for key in told:
            self._told(key)
        return self.fitting

    def fits(self, namespace: str) -> bool:
        """Whether what a namespace sets is distributed."""
        nothing = Overlay()
        wanted = self._overlays.get(namespace, nothing).values
        return self.fitting.get(namespace, nothing).values == wanted

    def grants(self, granted: ServerException) -> bool:
        """Whether an exception is among what is distributed."""
        overlay = self.fitting.get(granted.namespace)
        return overlay is not None and any(each.name == granted.name for each in overlay.exceptions)

    def keys_in(self, namespace: str) -> Iterator[NamespacedName]:
        """The keys of whatever is about a namespace."""
        settings = NamespacedName(namespace, NAME)
        if settings in self.read:
            yield settings
        yield from self._exceptions.get(namespace, ())

    def _keys(self, cluster: Settings, now: float) -> list[NamespacedName]:
        """What is to be read: all, or what has changed or come to its end."""
        unread = self._store.unread
        every = cluster is not self._cluster
        keys = dict.fromkeys(unread if every else self._budget.ready(unread, now))
        for key in keys:
            del unread[key]
        for key, read in self.read.items():
            ends = isinstance(read, ReadException) and read.until <= now
            if ends or every:
                keys[key] = None
        return list(keys)

    def _read(self, key: NamespacedName, cluster: Settings, now: float) -> set[str]:
        """Read a resource; returns the namespaces whose overlay may be another one now."""
        was = self.read.pop(key, None)
        if key.namespace:
            stored = self._store.settings.get(*key)
            if stored is not None:
                layer = stored.layer(cluster)
                self.read[key] = ReadSettings(stored.generation, layer.values, layer.faults)
            return {key.namespace}
        touched = set()
        if isinstance(was, ReadException) and was.granted is not None:
            touched.add(was.granted.namespace)
            self._exceptions[was.granted.namespace].discard(key)
        now_read = self._read_exception(key, cluster, now)
        if now_read is not None:
            self.read[key] = now_read
            if now_read.granted is not None:
                touched.add(now_read.granted.namespace)
                self._exceptions.setdefault(now_read.granted.namespace, set()).add(key)
        return touched

    def _read_exception(
        self, key: NamespacedName, cluster: Settings, now: float
    ) -> ReadException | None:
        stored = self._store.exceptions.get(*key)
        if stored is None:
            return None
        document = stored.document
        days = cluster.exceptions.longest_days
        found = read_exception(document, now=now, longest_days=days)
        state, until = _state(found.in_force, found.granted, now)
        expires = str(document["spec"].get("expires"))
        return ReadException(stored.generation, state, found.granted, found.faults, until, expires)

    def _overlay(self, namespace: str) -> bool:
        """Keep the overlay of a namespace; returns whether it says something else now."""
        keys = self._exceptions.get(namespace, set())
        if not keys:
            self._exceptions.pop(namespace, None)
        read = (self.read.get(each) for each in keys)
        granted = [
            each.granted
            for each in read
            if isinstance(each, ReadException) and each.granted and not each.faults
        ]
        settings = self.read.get(NamespacedName(namespace, NAME))
        values = settings.values if isinstance(settings, ReadSettings) else {}
        # Who comes first is the same in each process.
        granted.sort(key=lambda each: (len(each.rules) + len(each.images), each.name))
        overlay = fitting_overlay(values, granted)
        if not (overlay.values or overlay.exceptions):
            return self._overlays.pop(namespace, None) is not None
        differs = overlay != self._overlays.get(namespace)
        if differs:
            self._overlays[namespace] = overlay
        return differs


def _state(
    in_force: ServerException | None, granted: ServerException | None, now: float
) -> tuple[str, float]:
    """What becomes of an exception, and until when."""
    if in_force is None:
        ended = granted is not None and granted.ended(now)
        return (ENDED if ended else NOT_VALID), inf
    if now < in_force.expires - SECONDS_OF_NOTICE:
        return IN_FORCE, in_force.expires - SECONDS_OF_NOTICE
    return ENDING, in_force.expires
