"""The pages of a server and of exceptions in a browser: for everybody, and with hostile words."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests import builders
from tests.console.browser.chromium import WIDTHS, Person, overflows, structure, violations
from tests.console.browser.played_console import PlayedConsole, played_console
from tests.console.granted import document
from tests.console.pages.test_server_page import EXCEPTIONS, PAGE, play, with_words
from tests.console.played_cluster import HOSTILE
from tests.console.server_view.one_server import deployment
from tests.controller.servers.live import memory, settings, stored
from webhook.settings import Settings

NewPerson = Callable[..., Person]
GRANT = "/exceptions/grant?namespace=team&kind=Deployment&name=crm"
PAGES = (f"{PAGE}?address=8.8.8.8", "/exceptions", GRANT, "/exceptions/revoke/e1")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedConsole]:
    with played_console(tmp_path_factory.mktemp("console")) as found:
        yield found


def asked(given: Settings) -> str:
    return given.model_dump_json(by_alias=True, exclude_unset=True)


def outdated(console: PlayedConsole) -> None:
    found = deployment(settings(**memory("400Mi")))
    said = asked(settings(**memory("800Mi")))
    play(console.cluster, found, said=said, exceptions=[document("e1")])


def opened(console: PlayedConsole, new_person: NewPerson) -> Page:
    """The page of an outdated server, before somebody who has come in."""
    outdated(console)
    person = new_person()
    console.let_in(person)
    person.page.goto(f"{console.address}{PAGE}")
    return person.page


@pytest.mark.parametrize(
    ("width", "dark"), [("phone", False), ("wall", True)], ids=["phone-light", "wall-dark"]
)
def test_they_keep_nobody_out(
    console: PlayedConsole, new_person: NewPerson, width: str, *, dark: bool
) -> None:
    outdated(console)
    person = new_person(width=WIDTHS[width], dark=dark)
    console.let_in(person)

    for path in PAGES:
        person.page.goto(f"{console.address}{path}")
        assert violations(person.page) == []
        assert not overflows(person.page), path


def test_hostile_words_change_no_structure(console: PlayedConsole, new_person: NewPerson) -> None:
    person = new_person()
    console.let_in(person)
    found: list[list[str]] = []
    for word in ("harmless", *HOSTILE, "w" * 51_200):
        play(console.cluster, **with_words(word))
        person.page.goto(f"{console.address}{PAGE}")
        found.append(structure(person.page))
        assert not overflows(person.page)

    assert all(each == found[0] for each in found)


def test_a_refused_server_gets_an_exception_in_three_clicks(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    refused = stored(builders.server("crm", replicas=1, hostPID=True))
    play(console.cluster, refused, pods=[], replicasets=[])
    console.cluster.written.clear()
    person = new_person()
    console.let_in(person)
    page = person.page
    page.goto(f"{console.address}{PAGE}")

    page.get_by_role("link", name="Draft an exception").click()
    assert page.get_by_role("checkbox", name="host-namespaces").is_checked()
    page.get_by_label("Reason").fill("its vendor mends it")
    page.get_by_role("button", name="Grant it").click()
    page.wait_for_url("**/exceptions?granted=*")

    ((_, path, created),) = console.cluster.written
    assert path == EXCEPTIONS
    assert created["spec"]["rules"] == ["host-namespaces"]


def test_a_page_that_is_open_follows_what_changes(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    page = opened(console, new_person)
    badge = page.locator("#now .badge").first
    assert badge.inner_text() == "out-of-date"

    play(console.cluster, deployment())
    console.publish("fleet")

    page.locator("#now .badge[data-state=current]").first.wait_for()
    assert page.locator("#address").is_visible()


def test_a_change_while_a_part_is_renewed_is_shown_too(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    page = opened(console, new_person)

    def changed_after_it_was_read(route: Route) -> None:
        answer = route.fetch()
        play(console.cluster, deployment())
        console.publish("fleet")
        route.fulfill(response=answer)

    page.route(f"**{PAGE}", changed_after_it_was_read, times=1)
    console.publish("fleet")

    page.locator("#now .badge[data-state=current]").first.wait_for()


def test_a_part_that_is_renewed_keeps_the_focus_and_what_was_opened(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    page = opened(console, new_person)
    page.locator("#now summary").press("Enter")
    page.locator("#now details[open]").wait_for()
    page.evaluate("() => { document.querySelector('#now').dataset.before = 'yes' }")
    console.publish("fleet")

    page.locator("#now:not([data-before])").wait_for()
    expect(page.locator("#now summary")).to_be_focused()
    expect(page.locator("#now details")).to_have_attribute("open", "")
    # Of what is renewed, htmx finds the element again by its id.
    assert page.locator("#now :is(a, summary, [tabindex='0']):not([id])").count() == 0


def test_a_tile_has_the_colours_of_its_state(console: PlayedConsole, new_person: NewPerson) -> None:
    outdated(console)
    person = new_person()
    console.let_in(person)
    person.page.goto(f"{console.address}/exceptions")

    grounds = person.page.locator("a.tile").evaluate_all(
        "tiles => tiles.map(each => getComputedStyle(each).backgroundColor)"
    )
    assert len({*grounds}) == len(grounds) - 1, "two states are a warning"
