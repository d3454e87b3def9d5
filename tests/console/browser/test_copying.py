"""A button copies the command that stands before it; without a script there is none."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.console.browser.chromium import Person
from tests.console.browser.played_console import PlayedConsole, played_console
from tests.console.granted import document
from tests.console.pages.test_server_page import play
from tests.console.server_view.one_server import deployment

NewPerson = Callable[..., Person]
REVOKE = "/exceptions/revoke/e1"
COMMAND = "kubectl delete mcpserverexceptions e1"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedConsole]:
    with played_console(tmp_path_factory.mktemp("console")) as found:
        play(found.cluster, deployment(), exceptions=[document("e1")])
        yield found


def test_a_command_is_copied_by_the_keyboard_and_said_to_be(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    person = new_person()
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.let_in(person)
    page = person.page
    page.goto(f"{console.address}{REVOKE}")

    page.get_by_role("button", name="Copy: how to end the exception").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".command [role=status]")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == COMMAND


def test_where_nothing_can_be_copied_it_is_said(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    person = new_person()
    person.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', "
        "{value: {writeText: () => Promise.reject(new Error('no'))}})"
    )
    console.let_in(person)
    person.page.goto(f"{console.address}{REVOKE}")

    person.page.get_by_role("button", name="Copy: how to end the exception").click()

    expect(person.page.locator(".command [role=status]")).to_contain_text("select the text")


def test_what_is_renewed_can_be_copied(console: PlayedConsole, new_person: NewPerson) -> None:
    person = new_person()
    console.let_in(person)
    page = person.page
    page.goto(f"{console.address}{REVOKE}")
    page.evaluate("() => { document.getElementById('main').dataset.before = 'true' }")

    way = "{target: '#main', select: '#main', swap: 'outerHTML'}"
    page.evaluate(f"path => htmx.ajax('GET', path, {way})", REVOKE)
    page.locator("#main:not([data-before])").wait_for()

    expect(page.get_by_role("button", name="Copy: how to end the exception")).to_be_visible()


def test_without_a_script_the_command_is_there_to_be_selected(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    person = new_person(scripts=False)
    console.let_in(person)
    person.page.goto(f"{console.address}{REVOKE}")

    expect(person.page.get_by_text(COMMAND)).to_be_visible()
    expect(person.page.get_by_role("button", name="Copy")).to_have_count(0)
