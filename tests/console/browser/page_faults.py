"""What a page owes to whoever looks at it: at every width, light and dark, by keyboard, in time.

A page that is there is looked at as it is: nothing is loaded again, so that what was typed, or what
is under way, is seen too.
"""

import re
from contextlib import suppress

from playwright.sync_api import Locator, Page, expect

from tests.console.browser.chromium import WIDTHS, overflows, violations
from tools.cluster.waiting import WaitedInVainError, wait_for

_TABS = 400
# How long a part of a page that has come may be without the reader's times.
_SECONDS_TO_SETTLE = 0.5
# How often a page is gone through again because a part of it was replaced meanwhile.
_TIMES = 4
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_FOCUSABLE = (
    ":is(a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'])"
    ":not(:disabled, [type=radio]:not(:checked))"
)


def faults(page: Page) -> list[str]:
    """What keeps people out of a page, in sentences; it is left at the width that it had."""
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({**before, "width": WIDTHS["phone"]})
    found = [*_too_wide(page), *violations(page)]
    page.set_viewport_size({**before, "width": WIDTHS["wall"]})
    page.emulate_media(color_scheme="dark")
    # Of all rules, that of contrast alone depends on colours.
    found += [*_too_wide(page), *violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)
    return found + _lasting_times_at_fault(page)


def _too_wide(page: Page) -> list[str]:
    return [f"the page is wider than its window: {page.viewport_size}"] if overflows(page) else []


def _times_at_fault(page: Page) -> list[str]:
    """Times that are not in the reader's zone, or do not say UTC on hover."""
    times = page.evaluate(
        "() => [...document.querySelectorAll('time')].map(each => [each.innerText, each.title])"
    )
    found = [f"{text} for {title}" for text, title in times if "UTC" in text or "UTC" not in title]
    # Commands and resources have the times that machines read.
    told: str = page.evaluate(
        """() => {
            const main = document.querySelector('main').cloneNode(true);
            main.querySelectorAll('pre, code, textarea').forEach(each => each.remove());
            return main.textContent;
        }"""
    )
    return found + _ISO_TIME.findall(told)


def _lasting_times_at_fault(page: Page) -> list[str]:
    """The same without what a live page has just got: its script writes those times soon."""
    with suppress(WaitedInVainError):
        wait_for("times", lambda: not _times_at_fault(page), _SECONDS_TO_SETTLE)
    return _times_at_fault(page)


def reach(page: Page, wanted: Locator) -> None:
    """Press the tabulator until this is focused, and seen to be."""
    wanted.wait_for()
    for _ in range(_TABS):
        if wanted.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    assert wanted.evaluate("each => getComputedStyle(each).outlineStyle") != "none"


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """The same, then press a key on it."""
    reach(page, wanted)
    page.keyboard.press(key)


def unreached(page: Page) -> list[str]:
    """What can be used on a page, and is not reached by the tabulator, or not seen when it is.

    A live page replaces parts of itself: it is gone through again where one that was left had gone.
    """
    for _ in range(_TIMES):
        found = _left_out(page)
        if not page.evaluate("() => [...window.left].some(each => !each.isConnected)"):
            break
    return found


def _left_out(page: Page) -> list[str]:
    count: int = page.evaluate(
        """selector => {
            window.left = new Set([...document.querySelectorAll(selector)]
                .filter(each => each.checkVisibility({visibilityProperty: true})));
            document.addEventListener("focusin", ({target}) => {
                if (getComputedStyle(target).outlineStyle !== "none") window.left.delete(target);
            });
            return window.left.size;
        }""",
        _FOCUSABLE,
    )
    left = "() => [...window.left].map(each => each.outerHTML.slice(0, 200))"
    # A date has several stops, and after the last element of a page there is one of the browser.
    for number in range(2 * count + 10):
        page.keyboard.press("Tab")
        if number > count and not page.evaluate(left):
            break
    found: list[str] = page.evaluate(left)
    return found
