"""What is said of a fleet in a sentence, however many reasons it has."""

import pytest

from webhook.health.state_counts import MOST_REASONS, FleetCounts

STATES = {"all": 12, "current": 6, "incomplete": 1, "not-running": 5}
MANY = {f"reason-{number}": number for number in range(1, MOST_REASONS + 3)}
FIRST = [f"{number} reason-{number}" for number in range(MOST_REASONS + 2, 2, -1)]


@pytest.mark.parametrize(
    ("states", "reasons", "words"),
    [
        pytest.param(["refused"], {}, "", id="in none"),
        pytest.param(["not-running"], {}, "5 of 12 servers are not-running", id="no reason"),
        pytest.param(
            ["incomplete"],
            {"incomplete": {"secret-missing": 1}},
            "1 of 12 servers is incomplete (1 secret-missing)",
            id="one",
        ),
        pytest.param(
            ["not-running", "refused", "incomplete"],
            {"not-running": {"unschedulable": 1, "crash-loop": 1, "quota-exceeded": 3}},
            "5 of 12 servers are not-running (3 quota-exceeded, 1 crash-loop, 1 unschedulable) and "
            "1 of 12 servers is incomplete",
            id="two states",
        ),
        pytest.param(
            ["not-running"],
            {"not-running": MANY},
            f"5 of 12 servers are not-running ({', '.join(FIRST)}, 2 more reasons)",
            id="more reasons than a sentence has room for",
        ),
    ],
)
def test_states_are_told_with_their_most_frequent_reasons(
    states: list[str], reasons: dict[str, dict[str, int]], words: str
) -> None:
    assert FleetCounts(STATES, reasons).in_words(states) == words
