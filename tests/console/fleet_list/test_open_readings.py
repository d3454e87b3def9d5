"""A reading that is looked at keeps its room; one that nobody looks at gives it away."""

from unittest.mock import AsyncMock

import pytest

from webhook.console.fleet_list.open_readings import IN_USE_SECONDS, MOST_OPEN, OpenReadings
from webhook.kube import TooManyRequests


def test_the_one_that_was_looked_at_least_lately_makes_room() -> None:
    now = [0.0]
    opened = OpenReadings(lambda: now[0])
    ends = [AsyncMock() for _ in range(MOST_OPEN)]
    for number, end in enumerate(ends):
        assert opened.look(number, end) is None
    now[0] = IN_USE_SECONDS - 1
    opened.look(0, ends[0])
    with pytest.raises(TooManyRequests):
        opened.look("new", AsyncMock())

    now[0] = IN_USE_SECONDS
    assert opened.look("new", AsyncMock()) is ends[1]

    opened.leave(2)
    assert opened.look("newer", AsyncMock()) is None


def test_one_household_does_not_keep_all_others_out() -> None:
    opened = OpenReadings(lambda: 0.0)
    tenant = [AsyncMock() for _ in range(MOST_OPEN)]
    for number, end in enumerate(tenant):
        opened.look(number, end, "accounts of a tenant")

    assert opened.look("admin", AsyncMock(), "admin") is tenant[0]
    with pytest.raises(TooManyRequests):
        opened.look("one more", AsyncMock(), "accounts of a tenant")


def test_nobody_loses_a_reading_to_who_would_have_as_many() -> None:
    opened = OpenReadings(lambda: 0.0)
    for number in range(MOST_OPEN):
        opened.look(number, AsyncMock(), f"person {number // 2}")

    assert opened.look("first", AsyncMock(), "somebody") is not None
    with pytest.raises(TooManyRequests):
        opened.look("second", AsyncMock(), "somebody")
