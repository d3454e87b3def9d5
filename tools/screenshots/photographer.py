"""Takes the pictures: a browser before the console of an administrator, with the fleet in it."""

from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, ViewportSize, sync_playwright

from tools.browser import ARGUMENTS
from tools.release.release import Release
from tools.release.running_console import RunningConsole
from tools.screenshots.palette import with_palette
from tools.screenshots.pictures import HIGHEST, WIDTH, Picture
from tools.screenshots.shown_fleet import show_fleet

MARGIN = 16
SECONDS_TO_WAIT = 120


def take_all(release: Release, program: Path, folder: Path, pictures: Iterable[Picture]) -> None:
    """Put the fleet there, and write a file for each picture."""
    show_fleet(release)
    cluster = release.cluster
    with RunningConsole(cluster, cluster.admin) as console, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        people = {dark: Photographer(browser, console, dark=dark) for dark in (False, True)}
        for picture in pictures:
            file = folder / f"{picture.name}.png"
            file.write_bytes(people[picture.dark].take(picture))
            print(f"{file.name}: {file.stat().st_size // 1000} KB", flush=True)
        browser.close()


class Photographer:
    """Somebody who is signed in, with a window of the width of the pictures."""

    def __init__(self, browser: Browser, console: RunningConsole, *, dark: bool) -> None:
        self._context = browser.new_context(
            viewport=ViewportSize(width=WIDTH, height=HIGHEST),
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        self._context.set_default_timeout(SECONDS_TO_WAIT * 1000)
        self._page, self._console = self._context.new_page(), console
        self._page.goto(console.link())

    def take(self, picture: Picture) -> bytes:
        """The picture as a PNG with a palette."""
        page = self._page
        page.goto(f"{self._console.address}{picture.path}")
        page.locator(picture.awaited).first.wait_for()
        picture.prepare(page)
        clip = self._cut(picture)
        return with_palette(page.screenshot(clip=clip, full_page=True, animations="disabled"))

    def _cut(self, picture: Picture) -> FloatRect:
        top = self._edge(picture.first, "top") - MARGIN if picture.first else 0
        end = self._edge(picture.last, "bottom") + MARGIN
        height = min(HIGHEST, round(end - top))
        return FloatRect(x=0, y=top, width=WIDTH, height=height)

    def _edge(self, selector: str, name: str) -> float:
        edge = "(each, name) => each.getBoundingClientRect()[name] + scrollY"
        return float(self._page.locator(selector).first.evaluate(edge, name))
