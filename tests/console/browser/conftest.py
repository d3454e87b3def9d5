"""A browser for each module, people in front of it, and the cluster that they look at.

Playwright keeps an event loop while it runs: a browser never outlives the tests of its module, of
which none is a coroutine.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.cluster.fixtures import binaries_or_skip, browser_or_skip, helm_or_skip
from tests.console.browser import shown_servers as servers
from tests.console.browser.asked_cluster import EXCEPTIONS, AskedCluster
from tests.console.browser.chromium import WIDTHS, Person, chromium
from tests.console.browser.few_clicks import Task
from tests.console.browser.shown_cluster import (
    ADMINISTRATOR,
    MEMBERS_NAMESPACE,
    ShownCluster,
    shown_on,
)
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import Release

NewPerson = Callable[..., Person]
SignIn = Callable[..., Person]
Begin = Callable[..., Task]


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium, shared by the people of a module."""
    with chromium(browser_or_skip(request.config)) as found:
        yield found


@pytest.fixture
def new_person(browser: Browser) -> Iterator[NewPerson]:
    """Somebody at a window of this width, dark or light; no page may have reported an error."""
    people: list[Person] = []

    def new(*, width: int = WIDTHS["laptop"], dark: bool = False, scripts: bool = True) -> Person:
        people.append(Person(browser, width=width, dark=dark, scripts=scripts))
        return people[-1]

    yield new
    for each in people:
        each.context.close()
    assert [each.errors for each in people] == [[] for _ in people]


@pytest.fixture(scope="package")
def shown(request: pytest.FixtureRequest) -> Iterator[ShownCluster]:
    """The chart on a real control plane, with servers and people, for all modules of the folder."""
    browser_or_skip(request.config)
    helm, binaries = helm_or_skip("4", request.config), binaries_or_skip(request.config)
    with (
        ControlPlane(binaries, kwok=False) as cluster,
        Kubelet(cluster) as kubelet,
        shown_on(Release(cluster, kubelet, helm)) as found,
    ):
        yield found


@pytest.fixture
def sign_in(new_person: NewPerson, shown: ShownCluster) -> SignIn:
    """Lets somebody in by the link of their console; they are at a path of it afterwards.

    Who it is comes first, then the path; keyword arguments are those of `new_person`.
    """

    def signed_in(
        who: str = ADMINISTRATOR,
        path: str = "/",
        *,
        width: int = WIDTHS["laptop"],
        dark: bool = False,
    ) -> Person:
        console, person = shown.console(who), new_person(width=width, dark=dark)
        person.page.goto(console.link())
        person.address = console.address
        if path != "/":
            person.visit(path)
        return person

    return signed_in


@pytest.fixture
def asked(shown: ShownCluster) -> AskedCluster:
    """The cluster itself, which says what has become of a click."""
    return AskedCluster(shown.release)


@pytest.fixture
def no_exception(asked: AskedCluster) -> Iterator[None]:
    """What is granted is revoked afterwards."""
    before = {each["metadata"]["name"] for each in asked.cluster.get(EXCEPTIONS)["items"]}
    yield
    for each in asked.cluster.get(EXCEPTIONS)["items"]:
        if each["metadata"]["name"] not in before:
            asked.delete(f"{EXCEPTIONS}/{each['metadata']['name']}")
    refused = servers.TEAM, servers.REFUSED
    asked.release.wait_for("refusal", lambda: asked.statuses(*refused) == {403})


@pytest.fixture
def begin(sign_in: SignIn) -> Begin:
    """Begins a task as somebody, who has named the namespace before if they see no other one."""

    def begun(who: str = ADMINISTRATOR, namespace: str = MEMBERS_NAMESPACE) -> Task:
        person = sign_in(who)
        if who != ADMINISTRATOR:
            person.page.get_by_label("Namespace").fill(namespace)
            person.page.get_by_role("button", name="Show").click()
            person.page.locator("#fleet table").wait_for()
        return Task(person)

    return begun
