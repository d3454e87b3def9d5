"""What tests of pages rely on: a page with faults is told from one without."""

from collections.abc import Callable

import pytest

from tests.console.browser.chromium import WIDTHS, Person, overflows, structure, violations

SOUND = (
    '<html lang="en"><head><title>Sound</title></head><body><main><h1>Sound</h1>{}</main></body>'
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_sound_page_has_no_violation(new_person: Callable[..., Person], *, dark: bool) -> None:
    person = new_person(dark=dark)
    person.page.set_content(SOUND.format(""))

    assert violations(person.page) == []
    assert structure(person.page) == ["html", "head", "title", "body", "main", "h1"]
    assert person.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is dark


def test_a_picture_that_says_nothing_is_a_violation(new_person: Callable[..., Person]) -> None:
    person = new_person()
    person.page.set_content(SOUND.format('<img src="data:,">'))

    (found,) = violations(person.page)

    assert found.startswith("image-alt: ['img']: ")


@pytest.mark.parametrize(("width", "wide"), [(WIDTHS["phone"], True), (WIDTHS["laptop"], False)])
def test_a_page_wider_than_its_window_overflows(
    new_person: Callable[..., Person], width: int, *, wide: bool
) -> None:
    person = new_person(width=width)
    person.page.set_content(SOUND.format('<svg width="800" height="1"></svg>'))

    assert overflows(person.page) is wide


def test_a_script_that_fails_is_an_error(new_person: Callable[..., Person]) -> None:
    person = new_person()
    person.page.set_content(SOUND.format("<script>missing()</script>"))

    assert person.errors == ["missing is not defined"]
    person.errors.clear()
