"""Who changes something all the time waits, at most for half a minute, and together with others."""

from webhook.controller.settings.change_budget import (
    AT_ONCE,
    MOST_KEPT,
    SECONDS_FOR_EACH,
    ChangeBudget,
)
from webhook.kube import NamespacedName

TEAM, OTHER = NamespacedName("team", "default"), NamespacedName("other", "default")
EXCEPTION = NamespacedName("", "crm-root")
NOW = 1_000_007.0


def spent(changes: int, now: float = NOW, *namespaces: str) -> ChangeBudget:
    budget = ChangeBudget()
    for namespace in namespaces or ("team",):
        for _ in range(changes):
            budget.spend(namespace, now)
    return budget


def test_some_changes_in_a_row_do_not_wait() -> None:
    budget = spent(AT_ONCE - 1)

    assert budget.ready([TEAM, OTHER, EXCEPTION], NOW) == [TEAM, OTHER, EXCEPTION]


def test_later_ones_wait_for_the_same_moment_as_those_of_others() -> None:
    budget = spent(AT_ONCE + 1, NOW, "team", "other")

    assert budget.ready([TEAM, OTHER, EXCEPTION], NOW) == [EXCEPTION]
    due = budget.due(TEAM, NOW)
    assert due == budget.due(OTHER, NOW + 1) == budget.next_due([TEAM, OTHER], NOW)
    assert due % SECONDS_FOR_EACH == 0
    assert NOW < due <= NOW + 2 * SECONDS_FOR_EACH
    assert budget.ready([TEAM, OTHER], due) == [TEAM, OTHER]


def test_who_waits_a_while_has_changes_again() -> None:
    budget = spent(AT_ONCE)
    later = NOW + AT_ONCE * SECONDS_FOR_EACH

    assert budget.due(TEAM, later) == later
    assert budget.next_due([], later) == float("inf")


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    budget = spent(AT_ONCE + 1)

    assert budget.due(TEAM, NOW - 3600) == NOW - 3600


def test_nothing_is_kept_of_namespaces_that_changed_long_ago() -> None:
    budget = spent(1, NOW, *(f"team-{at}" for at in range(MOST_KEPT + 1)))
    budget.spend("team", NOW + 2 * SECONDS_FOR_EACH)

    assert budget._paid.keys() == {"team"}
