"""A reading that is looked at keeps its room; one that nobody looks at gives it away."""

from unittest.mock import AsyncMock

import pytest

from webhook.console.open_readings import IN_USE_SECONDS, MOST_OPEN, OpenReadings
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
