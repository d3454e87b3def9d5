"""The state of a server: what a rollout would do with it, and why it does not run or lacks a part.

States, from the best to the worst; a server is in the worst that holds:

current      a rollout would change nothing, and nothing keeps its pods from running
out-of-date  a rollout would change fields; or one is stuck while pods of an older template serve
unprotected  a protection is missing
refused      its pods run on, but new ones would be refused by a rule
incomplete   something that it asks for is not there: a Secret, a key of one, a runtime class, an
             account, a port. Whether pods of it run is not said by this
not-running  pods are wanted, none is ready, and nothing that it asks for is missing

A rollout that makes progress is none of these: a server is not-running once a cause is there, or
once none of its pods is ready though its last rollout is over, complete or given up.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from webhook.admission import CURRENT, OUT_OF_DATE, drift
from webhook.health.pod_counts import PodCounts

INCOMPLETE, NOT_RUNNING = "incomplete", "not-running"
STATES = (*drift.STATES, INCOMPLETE, NOT_RUNNING)
"""From the best to the worst; tables, JSON, metrics and Events say these words."""

LONGEST_MESSAGE = 500
GENERAL = frozenset(("NoPodReady", "RolloutTimedOut"))
"""Reasons that only say that it does not run: another one explains it."""


class HasState(Protocol):
    """A cause, or a finding of a report."""

    @property
    def state(self) -> str:
        """One of STATES."""


class Cause(NamedTuple):
    """Why a server is in a state, and where that was seen.

    `reason` is a stable CamelCase word, `message` what Kubernetes says. `final` is whether waiting
    cannot mend it. `since` is when Kubernetes saw it first, as Kubernetes writes times; empty where
    it does not say.
    """

    state: str
    reason: str
    message: str
    seen: str
    final: bool = False
    since: str = ""


def server_state(outlook: str, causes: Iterable[HasState]) -> str:
    """One of STATES: the worst of what a rollout would make of it, and of what has a state.

    `outlook` is a state of drift. Where it is a word of none of STATES, any cause is worse.
    """
    return max((outlook, *(each.state for each in causes)), key=_badness)


def weighed(causes: Iterable[Cause], counts: PodCounts) -> tuple[Cause, ...]:
    """The causes that matter while so many pods are ready, each reason with its message once.

    One that says no more than that it does not run is left out where another one explains it.
    What keeps one pod from running leaves a server with a ready one out-of-date while it rolls, and
    is left out afterwards: the others serve.
    """
    kept: dict[tuple[str, str], Cause] = {}
    for each in causes:
        cause = each
        if each.state == NOT_RUNNING and counts.ready:
            if counts.rolled:
                continue
            cause = each._replace(state=OUT_OF_DATE)
        if counts.wanted or cause.state == INCOMPLETE:
            kept.setdefault((cause.reason, cause.message), cause)
    found = tuple(kept.values())
    return tuple(each for each in found if each.reason not in GENERAL) or found


def lasting(causes: Iterable[Cause], before: str) -> tuple[Cause, ...]:
    """Those that are final, or were seen before a time, written as Kubernetes writes times.

    A gate that is about to open, or a pod that is about to be scheduled, is nothing to tell.
    """
    return tuple(each for each in causes if each.final or each.since <= before)


def in_one_line(message: str) -> str:
    """What Kubernetes says in one line, cut where it is long."""
    text = " ".join(message.split())
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 3]}..."


def _badness(state: str) -> int:
    return STATES.index(state) if state in STATES else STATES.index(CURRENT)
