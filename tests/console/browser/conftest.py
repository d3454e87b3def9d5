"""A browser for each module, and people in front of it.

Playwright keeps an event loop while it runs: a browser never outlives the tests of its module, of
which none is a coroutine.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.cluster.fixtures import browser_or_skip
from tests.console.browser.chromium import WIDTHS, Person, chromium


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium, shared by the people of a module."""
    with chromium(browser_or_skip(request.config)) as found:
        yield found


@pytest.fixture
def new_person(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Somebody at a window of this width, dark or light; no page may have reported an error."""
    people: list[Person] = []

    def new(*, width: int = WIDTHS["laptop"], dark: bool = False) -> Person:
        people.append(Person(browser, width=width, dark=dark))
        return people[-1]

    yield new
    for each in people:
        each.context.close()
    assert [each.errors for each in people] == [[] for _ in people]
