"""Waiting for the cluster to come round: ask often, stop at a deadline, say what was last seen."""

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS_BETWEEN_QUESTIONS = 0.05

Found = TypeVar("Found")


class WaitedInVainError(AssertionError):
    """The deadline passed."""


def wait_for(what: str, question: Callable[[], Found], seconds: float = 60) -> Found:
    """Ask until the answer is true-ish, and return it.

    An AssertionError or OSError in the question counts as "not yet", any other is raised. When
    time is up, `WaitedInVainError` says `what` was waited for and what the last answer was.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = question()
        except (AssertionError, OSError) as error:
            last: object = error
        else:
            if answer:
                return answer
            last = answer
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"no {what} after {seconds:g} s; last seen: {last!r}")
        time.sleep(SECONDS_BETWEEN_QUESTIONS)
