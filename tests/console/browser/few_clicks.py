"""A task that somebody begins on the first page, and the clicks that it takes."""

from playwright.sync_api import Locator

from tests.console.browser.chromium import Person

MOST_CLICKS = 3


class Task:
    """Somebody on the first page: typing and choosing is free, the fourth click fails."""

    def __init__(self, person: Person) -> None:
        self.person, self.page, self.clicks = person, person.page, 0
        person.visit("/")
        self.page.locator("#fleet table").wait_for()

    def click(self, wanted: Locator) -> None:
        """A button, or a link."""
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
        wanted.click()

    def click_server(self, name: str) -> None:
        """The link of the list that leads to its page."""
        self.click(self.page.get_by_role("link", name=name, exact=True))
