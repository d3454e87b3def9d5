"""How many servers of a fleet are in each state, and for which reasons, counted and in words.

The controller counts so for metrics, the status and its condition; `check` and `status` tell what
`audit` has found in the same words.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

MOST_REASONS = 8
"""So many reasons are named; how many more there are is counted."""


class FleetCounts(NamedTuple):
    """How many servers there are of each state, with `all`; and of each state, the reasons for it.

    A server that is in its state for several reasons counts for each of them.
    """

    states: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]

    def in_words(self, states: Iterable[str]) -> str:
        """Of these states, how many servers are in each, and why; empty where none is in any."""
        told = (_of_state(self, each) for each in states if self.states.get(each))
        return " and ".join(told)


def _reasons_in_words(reasons: Mapping[str, int]) -> str:
    """`2 quota-exceeded, 1 crash-loop`: the most frequent first."""
    found = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    words = [f"{count} {reason}" for reason, count in found[:MOST_REASONS]]
    more = len(found) - MOST_REASONS
    return ", ".join([*words, f"{more} more reasons"] if more > 0 else words)


def _of_state(counts: FleetCounts, state: str) -> str:
    count, why = counts.states[state], _reasons_in_words(counts.reasons.get(state, {}))
    verb = "is" if count == 1 else "are"
    told = f"{count} of {counts.states['all']} servers {verb} {state}"
    return f"{told} ({why})" if why else told
