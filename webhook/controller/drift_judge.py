"""What each server would become if it rolled now, judged apart from the watch that saw it.

Who may create Deployments says how long one is judged. So the watch hands an object over and goes
on; objects are judged one at a time, others have turns in between, and a longer one is judged on a
thread. One that is larger than anybody would write is not judged at all.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from webhook.admission import Scope, drift
from webhook.kube import Turn
from webhook.observe.logs import failure
from webhook.settings import Settings

TOO_LARGE = "too-large"
# Objects and lists in a template; a server of ten containers has some hundred.
MOST_JUDGED, MOST_AT_ONCE = 10_000, 1_000

_ORDER = (*drift.STATES, TOO_LARGE)

LOG = logging.getLogger(__name__)

Json = dict[str, Any]
Place = tuple[str, str]
T = TypeVar("T")


class _Unjudged(NamedTuple):
    """An object that waits to be judged, by these settings."""

    found: Json
    settings: Settings
    scope: Scope
    size: int


class JudgementListener(Protocol):
    """Hears what becomes of each server."""

    def judged(self, found: Json, seen: drift.Drift | None) -> None:
        """A Deployment was judged; None where it is too large, or could not be."""

    def forgotten(self, namespace: str, name: str) -> None:
        """It is no server, or not any more."""

    def pods_judged(self, namespace: str, changed: Sequence[str]) -> None:
        """The pods of a namespace were judged; these of its Deployments have another verdict."""


class DriftJudge:
    """The verdicts about servers; `changed` is called with namespace and name of each new one.

    Nothing of a drift but the verdict is kept here: a listener hears it whole.
    """

    listener: JudgementListener | None = None

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self._unjudged: dict[Place, _Unjudged] = {}
        self._verdicts: dict[Place, str] = {}
        self._of_pods: dict[str, dict[str, str]] = {}
        self._handed_over = asyncio.Event()

    def verdict(self, namespace: str, name: str) -> str:
        """One of `drift.STATES`, or TOO_LARGE; current while it is not known.

        It is the worst of the template's and of its pods', where those are judged.
        """
        of_template = self._verdicts.get((namespace, name), drift.CURRENT)
        return worst(of_template, self.verdict_of_pods(namespace, name))

    def verdict_of_pods(self, namespace: str, name: str) -> str:
        """The worst of the verdicts about its pods, where they are judged."""
        return self._of_pods.get(namespace, {}).get(name, drift.CURRENT)

    def put_pods(self, namespace: str, verdicts: Mapping[str, str]) -> None:
        """Let these be the verdicts about the pods of a namespace, by their Deployments."""
        found = {name: each for name, each in verdicts.items() if each != drift.CURRENT}
        had = self._of_pods.pop(namespace, {})
        changed = sorted(
            name for name in had.keys() | found.keys() if had.get(name) != found.get(name)
        )
        if found:
            self._of_pods[namespace] = found
        for name in changed:
            self._changed(namespace, name)
        if self.listener is not None:
            self.listener.pods_judged(namespace, changed)

    def forget_pods(self, namespace: str) -> None:
        """Pods say nothing there any more."""
        if namespace in self._of_pods:
            self.put_pods(namespace, {})

    def hand_over(self, found: Json, settings: Settings, scope: Scope) -> None:
        """Judge a Deployment that is a server, soon."""
        place = found["metadata"]["namespace"], found["metadata"]["name"]
        size = template_size(found)
        self._unjudged.pop(place, None)
        if size > MOST_JUDGED:
            self._decide(place, TOO_LARGE, found)
            return
        self._unjudged[place] = _Unjudged(found, settings, scope, size)
        self._handed_over.set()

    def forget(self, namespace: str, name: str) -> None:
        """It is no server any more."""
        self._unjudged.pop((namespace, name), None)
        self._verdicts.pop((namespace, name), None)
        if self.listener is not None:
            self.listener.forgotten(namespace, name)

    async def run(self) -> None:
        """Judge what is handed over until cancelled."""
        while True:
            await self._handed_over.wait()
            await self.judge_all()

    async def judge_all(self) -> None:
        """Judge everything that was handed over; a list that awaits this keeps one object, not all.

        Others have turns between two objects.
        """
        turn = Turn()
        while self._unjudged:
            place = next(iter(self._unjudged))
            unjudged = self._unjudged.pop(place)
            found, settings, scope, size = unjudged
            work = partial(drift.drift_of, found, settings, scope)
            seen = await judged(work, size, found["metadata"])
            # It may have been handed over again, or forgotten, while it was on the thread.
            if place not in self._unjudged:
                self._decide(place, seen.state if seen else drift.CURRENT, found, seen)
            await turn.end()
        self._handed_over.clear()

    def _decide(
        self, place: Place, verdict: str, found: Json, seen: drift.Drift | None = None
    ) -> None:
        before = self._verdicts.get(place, drift.CURRENT)
        self._verdicts[place] = verdict
        if self.listener is not None:
            self.listener.judged(found, seen)
        if verdict != before:
            self._changed(*place)


async def drift_now(found: Json, settings: Settings, scope: Scope) -> drift.Drift | None:
    """What rolling a Deployment would do; None where it is too large, or could not be judged."""
    size = template_size(found)
    if size > MOST_JUDGED:
        return None
    return await judged(partial(drift.drift_of, found, settings, scope), size, found["metadata"])


def worst(*verdicts: str) -> str:
    """The worst of some verdicts."""
    return max(verdicts, key=_ORDER.index)


async def judged(work: Callable[[], T], size: int, metadata: Json) -> T | None:
    """What the work says about an object of this size; None where it fails, which is logged."""
    try:
        return work() if size <= MOST_AT_ONCE else await asyncio.to_thread(work)
    except Exception as error:  # noqa: BLE001 - the other servers are judged
        fields = {"namespace": metadata["namespace"], "name": metadata["name"], **failure(error)}
        LOG.error("server not judged", extra={"fields": fields})  # noqa: TRY400
        return None


def template_size(found: Json) -> int:
    """How many objects and lists a template has, or a pod; counted no further than matters."""
    count, inside = 0, [found["spec"].get("template", found)]
    while inside and count <= MOST_JUDGED:
        each = inside.pop()
        count += 1
        values = each.values() if isinstance(each, dict) else each
        inside.extend(value for value in values if isinstance(value, dict | list))
    return count
