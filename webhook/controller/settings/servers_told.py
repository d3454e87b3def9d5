"""What the status of the settings says of servers: how many are in each state, and why some are.

Among ten thousand servers, that changes all the time: it is written now and then.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from webhook.controller.settings.distribution import condition_of, said
from webhook.health import INCOMPLETE, NOT_RUNNING, FleetCounts
from webhook.settings import COUNTED

SERVERS_RUNNING = "ServersRunning"
DOWN = {NOT_RUNNING: "NotRunning", INCOMPLETE: "Incomplete"}
"""The states of servers that do not run or lack something, and the reasons of the condition."""
# Counts of servers alone cause no more writes than this; nor does why some of them do not run.
SECONDS_BETWEEN_COUNTS, SECONDS_BETWEEN_REASONS = 15.0, 5.0

Json = dict[str, Any]


def counted(states: Mapping[str, int]) -> Mapping[str, int] | None:
    """The numbers of servers in a status; None while they are not known."""
    if not states:
        return None
    counts = {key: states[state] for state, key in COUNTED.items()}
    return {"total": sum(counts.values()), **counts}


def servers_condition(
    counts: FleetCounts | None, status: Mapping[str, Any], *, was_away: bool
) -> dict[str, Json]:
    """The condition that says whether servers run, for a status of the settings of a cluster.

    While that is not known, the one of the leader before stands, unless nobody led for a while.
    """
    if counts is None:
        stored = condition_of(status, SERVERS_RUNNING)
        if stored and not was_away:
            kept = ("status", "reason", "message", "observedGeneration")
            return {SERVERS_RUNNING: {key: stored[key] for key in kept if key in stored}}
        told = "the leading controller has not looked at every server yet"
        return {SERVERS_RUNNING: said("Unknown", "NotCounted", told)}
    words = counts.in_words(DOWN)
    if not words:
        return {SERVERS_RUNNING: said("True", "AllRun", "no server is not-running or incomplete")}
    reason = next(word for state, word in DOWN.items() if counts.states[state])
    options = " ".join(f"--state {state}" for state in DOWN)
    told = f"{words}: `mcp-admission audit {options}` names them"
    return {SERVERS_RUNNING: said("False", reason, told)}


class StatusPace:
    """How soon a status is written: at once, unless it says something else of servers alone.

    Which of ten thousand do not run changes all the time, and how many are current even more.
    """

    def __init__(self) -> None:
        self._wrote_at = -inf

    def wrote(self, now: float) -> None:
        """It was written at this time."""
        self._wrote_at = now

    def due_in(self, before: Json, wanted: Json, now: float) -> float:
        """In how many seconds; never, where it says this already."""
        if wanted == before:
            return inf
        if _without(wanted, messages=True) != _without(before, messages=True):
            return 0.0
        same = _without(wanted) == _without(before)
        pause = SECONDS_BETWEEN_COUNTS if same else SECONDS_BETWEEN_REASONS
        return max(0.0, self._wrote_at + pause - now)


def _without(status: Json, *, messages: bool = False) -> Json:
    """A status without the numbers of servers; and without what conditions say of those."""
    found = {key: value for key, value in status.items() if key != "servers"}
    if messages:
        found["conditions"] = [
            {**each, "message": ""} if each["type"] == SERVERS_RUNNING else each
            for each in found.get("conditions") or []
        ]
    return found
