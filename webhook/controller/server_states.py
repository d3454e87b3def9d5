"""What state each server is in: for the counts in metrics and status, and told by Events.

The causes are those of `webhook.health`, by what is followed anyway: no request is sent to find
them. What is only a moment old is looked at again and not told yet, because a gate is about to
open and a pod about to be scheduled. An Event is kept as it is while its cause holds, although
what Kubernetes says of it counts on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from webhook import health, names
from webhook.controller.cluster_state import ClusterState
from webhook.controller.deployment_state import DeploymentState
from webhook.controller.event_recorder import EventRecorder, regarding_deployment
from webhook.controller.owned import SECRET
from webhook.kube import Api, NamespacedName, time_text

MOMENT = timedelta(seconds=10)
# What is not told yet is looked at again then at the earliest; times have whole seconds.
SOONEST = 0.5
# A cause that was young at the first look is told so long after it has become old enough.
SOON = timedelta(seconds=2)
PATIENCE = timedelta(seconds=60)
ASPECT = "state"


class _Note(NamedTuple):
    """What an Event says, and what is missing by it."""

    missing: frozenset[str]
    text: str


class FirstLook:
    """Whether each server that was there at first has been looked at since.

    Before that, nobody knows how many do not run. One in a namespace that refuses all that is
    written there may not be looked at for long: it is not waited for longer than a minute.
    """

    def __init__(self) -> None:
        self._left: set[tuple[str, str]] = set()
        self._until = self._longest = datetime.max.replace(tzinfo=UTC)

    def begin(self, servers: Iterable[tuple[str, str]], now: datetime) -> None:
        """These were there at first."""
        self._left, self._until, self._longest = set(servers), now, now + PATIENCE

    def saw(self, server: tuple[str, str], known_at: datetime | None = None) -> None:
        """It was looked at; all that it lacks is known at a later time, where one is given."""
        if server in self._left:
            self._left.discard(server)
            self._until = max(self._until, known_at or self._until)

    def over(self, now: datetime) -> bool:
        """Whether all is known now."""
        return now >= self._longest or (not self._left and now >= self._until)


class StateReconciler:
    """Reconciles what is told of one server at a time.

    `refused` are the servers of which something could not be made, with the reason; its Events are
    written by who refuses. `secrets` is whether Secrets are followed: else nobody knows which are
    missing.
    """

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        recorder: EventRecorder,
        refused: Mapping[NamespacedName, str],
        *,
        secrets: bool,
    ) -> None:
        self._api, self._state, self._recorder = api, state, recorder
        self._refused, self._secrets = refused, secrets
        self._told: dict[tuple[str, str], tuple[health.Cause, ...]] = {}
        self._notes: dict[NamespacedName, dict[str, _Note]] = {}
        self.first_look = FirstLook()

    async def reconcile(self, key: NamespacedName) -> float | None:
        """Say what is new of it; returns when to look again, where a cause is too young to tell."""
        found = self._state.deployment(key.namespace, key.name)
        if found is None or not found.covered:
            self._told.pop(key, None)
            self._notes.pop(key, None)
            self.first_look.saw(key)
            return None
        if not self._state.complete:
            return None
        now = self._api.server_time()
        causes = self._causes(key, found, now)
        told = health.lasting(causes, time_text(now - MOMENT))
        if told:
            self._told[key] = told
        else:
            self._told.pop(key, None)
        notes = self._notes_of(key, told if self._is_to_be_told(key.namespace) else ())
        if notes or key in self._notes:
            regarding = regarding_deployment(key.namespace, key.name, found.uid)
            await self._recorder.record(
                regarding._replace(aspect=ASPECT),
                {reason: each.text for reason, each in notes.items()},
            )
        if notes:
            self._notes[key] = notes
        else:
            self._notes.pop(key, None)
        again = _next_look((each.since for each in causes if each not in told), now)
        self.first_look.saw(key, None if again is None else now + MOMENT + SOON)
        return again

    def counts(self) -> health.FleetCounts:
        """How many servers there are of each state, and for which reasons."""
        found: Counter[str] = Counter()
        reasons: dict[str, Counter[str]] = {}
        for place in self._state.deployments:
            kept = self._state.deployments.get(*place)
            if kept is not None and kept.covered:
                state, told = self._state.judge.verdict(*place), self._causes_told(place)
                if told:
                    state = health.server_state(state, told)
                    words = {health.cause_id(each.reason) for each in told if each.state == state}
                    reasons.setdefault(state, Counter()).update(words)
                found[state] += 1
        states = {"all": found.total(), **{state: found[state] for state in health.STATES}}
        return health.FleetCounts(states, reasons)

    def _causes_told(self, place: tuple[str, str]) -> tuple[health.Cause, ...]:
        told, refused = self._told.get(place, ()), self._refused.get(NamespacedName(*place))
        if refused is None:
            return told
        return *told, health.Cause(health.INCOMPLETE, refused, "", "")

    def _is_to_be_told(self, namespace: str) -> bool:
        return self._state.settings(namespace).enforced and self._state.here(namespace)

    def _causes(
        self, key: NamespacedName, found: DeploymentState, now: datetime
    ) -> tuple[health.Cause, ...]:
        """The causes that hold, without Secrets that will be made, or of which it is said why not.

        With ten thousand servers it may take a minute until one is made.
        """
        own = names.config_secret_of(key.name), names.files_secret_of(key.name)
        made = found.config_from is not None and self._state.settings(key.namespace).enforced
        others = key not in self._refused and not made
        said = () if others else {f'secret "{each}" not found' for each in own}

        def exists(name: str) -> bool | None:
            there = (self._state.sources, self._state.made[SECRET.kind])
            known = any(each.get(key.namespace, name) is not None for each in there)
            return known if self._secrets else None

        causes = self._state.observed.causes(*key, exists, time_text(now))
        return tuple(each for each in causes if each.message not in said)

    def _notes_of(self, key: NamespacedName, told: Iterable[health.Cause]) -> dict[str, _Note]:
        """One note for each reason; the former one while nothing else is missing by it."""
        by_reason: dict[str, list[health.Cause]] = {}
        for each in told:
            by_reason.setdefault(each.reason, []).append(each)
        had, found = self._notes.get(key, {}), {}
        for reason, causes in by_reason.items():
            lacks = frozenset(each.message for each in causes if each.state == health.INCOMPLETE)
            before = had.get(reason)
            same = before is not None and before.missing == lacks
            found[reason] = before if before and same else _Note(lacks, _sentence(key, causes))
        return found


def _sentence(key: NamespacedName, causes: list[health.Cause]) -> str:
    """What Kubernetes says, where that was seen, and how to mend it."""
    first, more = causes[0], len(causes) - 1
    others = f", and {more} more" if more else ""
    return (
        f"{first.message} ({first.seen}){others}: {health.REMEDIES[first.reason]}; "
        f"`mcp-admission audit -n {key.namespace}` tells all that holds now"
    )


def _next_look(since: Iterable[str], now: datetime) -> float | None:
    """In how many seconds the next of these times is long enough ago."""
    ages = [now - datetime.fromisoformat(each) for each in since]
    return min((max(SOONEST, (MOMENT - age).total_seconds()) for age in ages), default=None)
