"""Every page but the first, as each person meets it: nobody is kept out, and each says what next.

A state of a page is an address, and what is done there. It is looked at narrow and wide, light and
dark, and gone through by the tabulator.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import playwright.sync_api
import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import page_faults
from tests.console.browser import shown_servers as servers
from tests.console.browser.asked_cluster import AskedCluster
from tests.console.browser.chromium import Person
from tests.console.browser.conftest import NewPerson, SignIn
from tests.console.browser.shown_cluster import (
    ADMINISTRATOR,
    MEMBER,
    STRANGER,
    ShownCluster,
)
from tools.release.running_console import RunningConsole
from webhook import settings
from webhook.console.frame.request_guards import ATTEMPTS_EACH

pytestmark = pytest.mark.control_plane

Do = Callable[[Page], object]
INCOMPLETE = "unconfigured-tools"
IN_TEAM = f"/servers/{servers.TEAM}/Deployment"
IN_OBSERVED = f"/servers/{servers.OBSERVED_TEAM}/Deployment"
OWN = "OWN"
"""Stands for the namespace of the module, which no other one looks at."""
MEMORY = '[id="in-mcpServerDefaults.resources.requests:memory"]'


class State(NamedTuple):
    """Where somebody is, what they do there, and a word that they read then."""

    path: str
    says: str
    who: str = ADMINISTRATOR
    do: Do = lambda _: None


def pressed(name: str) -> Do:
    """Press the button of this name."""
    return lambda page: page.locator("main").get_by_role("button", name=name).first.click()


def typed(selector: str, text: str, then: Do) -> Do:
    """Type a text into a field, then do something."""

    def do(page: Page) -> None:
        page.fill(selector, text)
        then(page)

    return do


def reads(page: Page, words: str) -> bool:
    """Whether the page says this, or does soon."""
    said = page.locator("main").filter(has_text=words)
    with contextlib.suppress(playwright.sync_api.TimeoutError):
        said.wait_for()
    return said.count() == 1


def tried(page: Page) -> None:
    """Wait for the end of a dry run."""
    pressed("Show what would change")(page)
    page.locator("#roll .badge[data-state=done]").first.wait_for()


def grant_filled(page: Page) -> None:
    """Send a form of an exception without a rule."""
    page.fill("#namespace", servers.TEAM)
    page.fill("#workload", servers.REFUSED)
    page.fill("#reason", "its vendor mends it")
    page.locator("main form button").last.click()


DRAFT = f"/exceptions/grant?namespace={servers.TEAM}&kind=Deployment&name={servers.REFUSED}"

PAGES: Mapping[str, Mapping[str, State]] = {
    "server": {
        "current": State(f"{IN_TEAM}/{servers.CURRENT}", "current"),
        "older": State(f"{IN_TEAM}/{servers.OLDER}?address=8.8.8.8", "a roll would change it"),
        "refused": State(f"{IN_TEAM}/{servers.REFUSED}?address=none", "Draft an exception"),
        "not-running": State(f"{IN_TEAM}/{servers.WAITING}", "not-running"),
        "incomplete": State(f"/servers/{OWN}/Deployment/{INCOMPLETE}", "incomplete"),
        "observed": State(f"{IN_OBSERVED}/{servers.OBSERVED}", "in the mode observe"),
        "excepted": State(f"{IN_OBSERVED}/{servers.EXCEPTED}", "it ends on"),
        "of the member": State(f"{IN_TEAM}/{servers.REFUSED}", "refused", MEMBER),
        "not the member's": State(f"{IN_OBSERVED}/{servers.OBSERVED}", "cannot get", MEMBER),
        "of a stranger": State(f"{IN_TEAM}/{servers.CURRENT}", "cannot", STRANGER),
        "gone": State(f"{IN_TEAM}/nobody", "not there"),
    },
    "settings": {
        "cluster": State("/settings", "Settings of the cluster"),
        "namespace": State(f"/settings/{servers.OBSERVED_TEAM}", "See what enforcing would do"),
        "typed": State("/settings?mcpServerDefaults.runtimeClassName=gvisor", "gvisor"),
        "wrong": State("/settings", "not valid", do=typed(MEMORY, "x", pressed("Preview"))),
        "of the member": State(f"/settings/{servers.TEAM}", "You may not", MEMBER),
        "of a stranger": State("/settings", "cannot", STRANGER),
        "no name": State("/settings/UPPER", "No namespace can have this name"),
    },
    "preview": {
        "cluster": State("/settings?preview&mode=warn", "Nothing is saved yet"),
        "namespace": State(f"/settings/{servers.OBSERVED_TEAM}?preview&mode=enforce", "Save"),
        "nothing": State("/settings?preview", "Nothing is changed by this"),
    },
    "apply": {
        "choose": State("/apply", "Rolls of yours"),
        "wrong": State("/apply", "whole number", do=typed("#parallel", "0", pressed("Show what"))),
        "selection": State(f"/apply?server={servers.TEAM}/{servers.OLDER}", "These:"),
        "tried": State(f"/apply?namespace={servers.TEAM}", "Roll 1 server", do=tried),
        "tried by a member": State(f"/apply?namespace={servers.TEAM}", "Roll", MEMBER, do=tried),
        "member": State("/apply", "name one in which you may", MEMBER),
        "stranger": State(f"/apply?namespace={servers.TEAM}", "You may not change", STRANGER),
        "gone": State("/apply/9999", "not kept any more"),
    },
    "exceptions": {
        "list": State("/exceptions", servers.EXCEPTED),
        "nothing": State("/exceptions?search=nothing-is-like-this", "No exception is like that"),
        "grant": State("/exceptions/grant", "Grant an exception"),
        "drafted": State(DRAFT, "Filled in from what refuses"),
        "wrong": State("/exceptions/grant", "at least", do=grant_filled),
        "sent": State(DRAFT, "What to send", MEMBER, typed("#reason", "x", pressed("Show what"))),
        "revoke": State(f"/exceptions/revoke/{servers.EXCEPTED}", "Revoke it"),
        "gone": State("/exceptions/revoke/nobody", "no exception of this name any more"),
        "member": State("/exceptions", "Draft an exception", MEMBER),
        "stranger": State("/exceptions", "cannot", STRANGER),
    },
    "health": {
        "administrator": State("/health", "All checks"),
        "member": State("/health", "All checks", MEMBER),
        "stranger": State("/health", "cannot", STRANGER),
    },
    "about": {
        "administrator": State("/about", "Groups"),
        "stranger": State("/about", "<b>stranger</b> \\u{202e}", STRANGER),
        "nowhere": State("/nowhere", "This is not there"),
    },
}


@pytest.fixture(scope="module")
def own(shown: ShownCluster) -> Iterator[str]:
    """A namespace of the module, with a server that lacks what it asks for."""
    cluster = shown.release.cluster
    namespace = cluster.namespace("every-page")
    asks = {"config-from": "nothing"}
    servers.applied(cluster, namespace, servers.server(INCOMPLETE, asks=asks))
    yield namespace
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_kept_out(sign_in: SignIn, own: str, page: str) -> None:
    people: dict[str, Person] = {}
    found = {}
    for name, state in PAGES[page].items():
        person = people.get(state.who) or people.setdefault(state.who, sign_in(state.who))
        person.visit(state.path.replace(OWN, own))
        state.do(person.page)
        found[name] = [] if reads(person.page, state.says) else [person.page.inner_text("main")]
        found[name] += page_faults.faults(person.page) + page_faults.unreached(person.page)

    assert {name: each for name, each in found.items() if each} == {}


def test_a_change_that_somebody_else_was_faster_with(
    sign_in: SignIn, shown: ShownCluster, own: str
) -> None:
    page = sign_in(path=f"/settings/{own}").page
    page.select_option("#in-mode", "warn")
    named, observe = {"name": settings.NAME}, {"mode": "observe"}
    document = servers.document(settings.NAMESPACE_KIND, named, observe)
    servers.applied(shown.release.cluster, own, document)

    pressed("Preview")(page)
    expect(page.locator("main")).to_contain_text("yours would replace theirs")
    assert page_faults.faults(page) + page_faults.unreached(page) == []

    pressed("Preview your change")(page)
    pressed("Save")(page)
    expect(page.locator("#progress")).to_be_visible()
    assert page_faults.faults(page) == []
    expect(page.locator("#progress [data-state=ok]").first).to_be_visible(timeout=120_000)
    assert page_faults.faults(page) == []


@pytest.mark.usefixtures("no_exception")
def test_the_door_keeps_nobody_out(
    sign_in: SignIn, shown: ShownCluster, asked: AskedCluster
) -> None:
    person = sign_in(path=DRAFT)
    page, found = person.page, {}
    page.fill("#reason", "typed <b>before</b> it ended")

    person.context.clear_cookies()
    page.locator("main form button").last.click()
    expect(page.locator("main")).to_contain_text("What you typed is kept in this page")
    found["asked"] = page_faults.faults(page) + page_faults.unreached(page)

    page.fill("#secret", "no key")
    page.keyboard.press("Enter")
    expect(page.locator("#wrong")).to_be_visible()
    found["wrong"] = page_faults.faults(page)

    page.fill("#secret", shown.console(ADMINISTRATOR).link().partition("key=")[2])
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("What you typed")
    found["kept"] = page_faults.faults(page) + page_faults.unreached(page)
    assert {name: each for name, each in found.items() if each} == {}

    page.locator("main form button").click()
    page.wait_for_url("**/exceptions?granted=*")
    asked.wait_until_excepted()


def test_who_tries_too_often_is_told_to_wait(new_person: NewPerson, shown: ShownCluster) -> None:
    person = new_person()
    cluster = shown.release.cluster
    with RunningConsole(cluster, cluster.user("tried-too-often")) as console:
        person.address = console.address
        person.visit("/sign-in")
        for _ in range(ATTEMPTS_EACH + 1):
            person.page.fill("#secret", "no key")
            with person.page.expect_navigation():
                person.page.keyboard.press("Enter")

        expect(person.page.locator("main")).to_contain_text("Wait a minute, then try again")
        assert page_faults.faults(person.page) + page_faults.unreached(person.page) == []
        person.page.goto("about:blank")
