"""A server is in the worst state that holds."""

import pytest

from tests.health.objects import SINCE
from webhook.admission import CURRENT, OUT_OF_DATE, REFUSED, drift
from webhook.health import (
    INCOMPLETE,
    NOT_RUNNING,
    STATES,
    Cause,
    PodCounts,
    lasting,
    server_state,
    weighed,
)
from webhook.health.server_state import LONGEST_MESSAGE, in_one_line

GATED = Cause(NOT_RUNNING, "SchedulingGated", "held", "pod a", since=SINCE)
QUOTA = Cause(NOT_RUNNING, "QuotaExceeded", "exceeded quota", "Deployment", final=True, since=SINCE)
MISSING = Cause(INCOMPLETE, "SecretMissing", 'secret "a" not found', "pod a")


def test_states_are_those_of_drift_and_two_worse_ones() -> None:
    assert (*drift.STATES, "incomplete", "not-running") == STATES


@pytest.mark.parametrize(
    ("outlook", "causes", "state"),
    [
        pytest.param(CURRENT, (), CURRENT, id="nothing"),
        pytest.param(REFUSED, (), REFUSED, id="drift-alone"),
        pytest.param(REFUSED, (MISSING,), INCOMPLETE, id="incomplete-is-worse-than-refused"),
        pytest.param(CURRENT, (MISSING, GATED), NOT_RUNNING, id="the-worst-cause"),
        pytest.param(
            REFUSED, (QUOTA._replace(state=OUT_OF_DATE),), REFUSED, id="drift-is-worse-than-a-cause"
        ),
        pytest.param("too-large", (), "too-large", id="a-verdict-that-is-no-state"),
        pytest.param("too-large", (MISSING,), INCOMPLETE, id="any-cause-is-worse-than-that"),
    ],
)
def test_the_worst_counts(outlook: str, causes: tuple[Cause, ...], state: str) -> None:
    assert server_state(outlook, causes) == state


@pytest.mark.parametrize(
    ("counts", "states"),
    [
        pytest.param(PodCounts(1, 0), [INCOMPLETE, NOT_RUNNING], id="none-is-ready"),
        pytest.param(
            PodCounts(1, 1, rolled=False), [INCOMPLETE, OUT_OF_DATE], id="an-older-pod-serves"
        ),
        pytest.param(PodCounts(3, 2, rolled=True), [INCOMPLETE], id="others-serve"),
        pytest.param(PodCounts(0, 0), [INCOMPLETE], id="no-pod-is-wanted"),
    ],
)
def test_what_keeps_pods_from_running_matters_while_none_is_ready(
    counts: PodCounts, states: list[str]
) -> None:
    assert [each.state for each in weighed((MISSING, QUOTA), counts)] == states


def test_the_same_of_several_pods_is_one_cause() -> None:
    other = MISSING._replace(seen="pod b")

    assert weighed((MISSING, other), PodCounts(2, 0)) == (MISSING,)


def test_what_waiting_may_mend_counts_once_it_has_lasted() -> None:
    before, after = "2026-03-01T09:59:59Z", "2026-03-01T10:00:10Z"

    assert lasting((GATED, QUOTA, MISSING), before) == (QUOTA, MISSING)
    assert lasting((GATED, QUOTA, MISSING), after) == (GATED, QUOTA, MISSING)


def test_a_quote_is_one_line_and_not_long() -> None:
    assert in_one_line("a\n  b\tc") == "a b c"
    assert len(in_one_line("a" * 10_000)) == LONGEST_MESSAGE
