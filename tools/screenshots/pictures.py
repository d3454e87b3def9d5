"""Which pictures there are: the page of each, what is done on it first, and what is cut out."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tools.screenshots import shown_fleet

WIDTH, HIGHEST = 1280, 1000
"""Of a window, and of a picture in points."""
BEGUN = 2
"""So many servers have rolled in the picture of a roll that is half way."""


def _nothing(_page: Page) -> None:
    """The page is as it comes."""


@dataclass(frozen=True)
class Picture:
    """A file `NAME.png`, from the top of the page or of `first`, to its end or that of `last`.

    It is taken once there is `awaited`, and `prepare` has been done.
    """

    name: str
    path: str
    awaited: str
    prepare: Callable[[Page], None] = _nothing
    first: str = ""
    last: str = "main"
    dark: bool = False


def _choose_sandbox(page: Page) -> None:
    page.select_option(RUNTIME_CLASS, shown_fleet.SANDBOX)
    page.locator("button", has_text="Preview the change").first.click()
    page.get_by_role("heading", name="What it would do").wait_for()


def _roll_half_way(page: Page) -> None:
    """Roll a namespace one by one, and pause when some have ended."""
    page.fill("#parallel", "1")
    page.click("#try")
    page.click("#step-roll")
    page.locator(f"#progress[value='{BEGUN}']").wait_for()
    page.click("#step-pause")
    page.locator("#step-resume").wait_for()


RUNTIME_CLASS = "[name='mcpServerDefaults.runtimeClassName']"
FLEET = "#fleet table"
REFUSED = f"/servers/{shown_fleet.REFUSED}/Deployment/vpn-bridge"
OUTDATED = f"/servers/{shown_fleet.ROLLED}/Deployment/issues-bridge"
PICTURES = (
    Picture("fleet", "/", FLEET),
    Picture("fleet-dark", "/", FLEET, dark=True),
    Picture("server-refused", REFUSED, "#findings"),
    Picture("server-columns", OUTDATED, "#columns", first="#columns", last=".three-columns"),
    Picture("server-reach", OUTDATED, "#reach", first="#reach", last=".reach"),
    Picture("settings", "/settings", RUNTIME_CLASS, first="#group-mcpServerDefaults"),
    Picture("settings-preview", "/settings", RUNTIME_CLASS, _choose_sandbox),
    Picture("exceptions", "/exceptions", "main table"),
    Picture("health", "/health", "#health .tiles"),
    Picture("apply", f"/apply?namespace={shown_fleet.ROLLED}", "#try", _roll_half_way),
)
"""In this order: the last one changes the cluster."""
