"""What state each server is in: for the counts in metrics and status, and told by Events.

The causes are those of `webhook.health`, by what is followed anyway: no request is sent to find
them. What is only a moment old is looked at again and not told yet, because a gate is about to
open and a pod about to be scheduled. An Event is kept as it is while its cause holds, although
what Kubernetes says of it counts on.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
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
# What the reconciler of servers refuses; it writes the Events of that itself.
NOT_MADE = health.Cause(health.INCOMPLETE, "", "", "")
ASPECT = "state"


class _Note(NamedTuple):
    """What an Event says, and what is missing by it."""

    missing: frozenset[str]
    text: str


class StateReconciler:
    """Reconciles what is told of one server at a time.

    `refused` are the servers of which something could not be made; `secrets` is whether Secrets are
    followed: else nobody knows which are missing.
    """

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        recorder: EventRecorder,
        refused: Collection[NamespacedName],
        *,
        secrets: bool,
    ) -> None:
        self._api, self._state, self._recorder = api, state, recorder
        self._refused, self._secrets = refused, secrets
        self._told: dict[tuple[str, str], tuple[health.Cause, ...]] = {}
        self._notes: dict[NamespacedName, dict[str, _Note]] = {}

    async def reconcile(self, key: NamespacedName) -> float | None:
        """Say what is new of it; returns when to look again, where a cause is too young to tell."""
        found = self._state.deployment(key.namespace, key.name)
        if found is None or not found.covered:
            self._told.pop(key, None)
            self._notes.pop(key, None)
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
        return _next_look((each.since for each in causes if each not in told), now)

    def counts(self) -> Mapping[str, int]:
        """How many servers there are of each state, and `all` of them."""
        found: Counter[str] = Counter()
        for place in self._state.deployments:
            kept = self._state.deployments.get(*place)
            if kept is not None and kept.covered:
                outlook, told = self._state.judge.verdict(*place), self._told.get(place, ())
                if place in self._refused:
                    told = *told, NOT_MADE
                found[health.server_state(outlook, told) if told else outlook] += 1
        return {"all": found.total(), **{state: found[state] for state in health.STATES}}

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
