"""Debian's Chromium driven by Playwright, and what axe-core finds on a page.

Whatever a page reports as an error counts: a script that fails, or something that the
Content-Security-Policy kept away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tools.browser import ARGUMENTS

WIDTHS = {"phone": 360, "laptop": 1280, "wall": 1920}
SECONDS_TO_WAIT = 30
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@contextmanager
def chromium(program: Path) -> Iterator[Browser]:
    """A browser; one process serves all the people of a test."""
    expect.set_options(timeout=SECONDS_TO_WAIT * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody with a browser profile of their own; `page` is the page before them.

    `address` is that of the console where they have signed in.
    """

    def __init__(self, browser: Browser, *, width: int, dark: bool, scripts: bool = True) -> None:
        self.context = browser.new_context(
            viewport=ViewportSize(width=width, height=900),
            color_scheme="dark" if dark else "light",
            ignore_https_errors=True,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        self.context.set_default_timeout(SECONDS_TO_WAIT * 1000)
        self.errors: list[str] = []
        self.address = ""
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)

    def visit(self, path: str) -> None:
        """Go to an address of the console by hand."""
        self.page.goto(f"{self.address}{path}")

    def _said(self, message: Any) -> None:
        # An answer that is an error is a page too; it is asserted by what it says.
        if message.type == "error" and "status of" not in message.text:
            self.errors.append(message.text)


def violations(page: Page, *rules: str) -> list[str]:
    """What keeps people out, by WCAG 2.2 A and AA: rule, element and what is wrong.

    With names of axe's rules, these alone are asked.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    kind, values = ("rule", rules) if rules else ("tag", STANDARDS)
    asked = {"type": kind, "values": [*values]}
    # What passes is only counted: its details are for nobody.
    found = page.evaluate("asked => axe.run({runOnly: asked, resultTypes: ['violations']})", asked)
    return [
        f"{each['id']}: {node['target']}: {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def structure(page: Page) -> list[str]:
    """The elements of a page in order, by name, without what they say."""
    page.wait_for_load_state()
    names: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('*')].map(each => each.tagName.toLowerCase())"
    )
    return names


def overflows(page: Page) -> bool:
    """Whether the page as a whole is wider than its window."""
    page.wait_for_load_state()
    return bool(page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth"))


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
