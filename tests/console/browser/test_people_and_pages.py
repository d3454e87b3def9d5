"""What each person is offered on each page, and what the cluster says where they may not.

The administrator may do everything, a member has `view` and `edit` in one namespace, a stranger has
no right at all. A button that somebody may not use is absent; what the API server refuses is shown
as it says it.
"""

from collections.abc import Mapping

import pytest
from playwright.sync_api import expect

from tests.console.browser import shown_servers as servers
from tests.console.browser.asked_cluster import DEPLOYMENTS, AskedCluster
from tests.console.browser.chromium import Person
from tests.console.browser.conftest import Begin, SignIn
from tests.console.browser.shown_cluster import ADMINISTRATOR, MEMBER, STRANGER, ShownCluster
from tools.chart.helm import NAMESPACE

pytestmark = pytest.mark.control_plane

FLEET = f"/?namespace={servers.TEAM}"
SERVER = f"/servers/{servers.TEAM}/Deployment/{servers.OLDER}"
REFUSED = f"/servers/{servers.TEAM}/Deployment/{servers.REFUSED}"
SETTINGS = f"/settings/{servers.TEAM}"
PREVIEW = f"{SETTINGS}?preview&mode=enforce"
APPLY = f"/apply?namespace={servers.TEAM}"
GRANT = f"/exceptions/grant?namespace={servers.TEAM}&kind=Deployment&name={servers.REFUSED}"
REVOKE = f"/exceptions/revoke/{servers.EXCEPTED}"

OFFERED: Mapping[tuple[str, str], set[str]] = {
    ("/", "See what a roll would change"): {ADMINISTRATOR},
    (FLEET, "See what a roll of this namespace would change"): {ADMINISTRATOR, MEMBER},
    (SERVER, "Roll it"): {ADMINISTRATOR, MEMBER},
    (REFUSED, "Roll it"): set(),
    (REFUSED, "Draft an exception"): {ADMINISTRATOR, MEMBER},
    ("/settings", "Preview the change"): {ADMINISTRATOR},
    (SETTINGS, "Preview the change"): {ADMINISTRATOR, MEMBER},
    (PREVIEW, "Save"): {ADMINISTRATOR},
    ("/apply", "Show what would change"): {ADMINISTRATOR},
    (APPLY, "Show what would change"): {ADMINISTRATOR, MEMBER},
    ("/exceptions", "Grant an exception"): {ADMINISTRATOR},
    (GRANT, "Grant it"): {ADMINISTRATOR},
    (GRANT, "Show what to send"): {MEMBER},
    (REVOKE, "Revoke it"): {ADMINISTRATOR},
}
"""By page and the words of a button or a link: who is offered it."""

OF_DEPLOYMENTS = f'"deployments" in API group "apps" in the namespace "{servers.TEAM}"'
REFUSALS: Mapping[str, str] = {
    FLEET: f"cannot list resource {OF_DEPLOYMENTS}",
    SERVER: f"cannot get resource {OF_DEPLOYMENTS}",
    "/settings": 'cannot get resource "mcpserversettings" in API group "mcp-admission.dev" at the',
    SETTINGS: f'cannot get resource "mcpnamespacesettings" in API group "mcp-admission.dev" in the '
    f'namespace "{servers.TEAM}"',
    APPLY: f"You may not change Deployments in {servers.TEAM}: ask for the role edit there.",
    "/exceptions": 'cannot list resource "mcpserverexceptions" in API group "mcp-admission.dev" at',
    GRANT: f"cannot get resource {OF_DEPLOYMENTS}",
    "/health": f'cannot list resource "pods" in API group "" in the namespace "{NAMESPACE}"',
}
"""What a stranger is told, by page: the API server's words, or which right to ask for."""
READ = "#fleet table, #fleet .empty, #needs, main:not(:has(#fleet, #health))"


def look(person: Person, path: str) -> None:
    """Go there, and wait until what the page shows is read."""
    person.visit(path)
    person.page.locator(READ).first.wait_for()


@pytest.mark.parametrize("who", [ADMINISTRATOR, MEMBER, STRANGER])
def test_nobody_is_offered_what_they_may_not_do(sign_in: SignIn, who: str) -> None:
    person = sign_in(who)
    main, wrong = person.page.locator("main"), []
    for (path, words), people in OFFERED.items():
        look(person, path)
        button = main.get_by_role("button", name=words, exact=True)
        offered = button.or_(main.get_by_role("link", name=words, exact=True)).count() > 0
        if offered is not (who in people):
            wrong.append((path, words, offered))
        if who == ADMINISTRATOR:
            expect(main).not_to_contain_text("forbidden", ignore_case=True)

    assert wrong == []


def test_a_stranger_sees_no_button_and_reads_what_the_cluster_says(sign_in: SignIn) -> None:
    person = sign_in(STRANGER)
    for path, sentence in REFUSALS.items():
        look(person, path)
        expect(person.page.locator("main")).to_contain_text(sentence)
        expect(person.page.locator("main form[method=post]")).to_have_count(0)


def test_everybody_reads_who_the_cluster_takes_them_for(sign_in: SignIn) -> None:
    for who, name in ((MEMBER, MEMBER), (STRANGER, "<b>stranger</b> \\u{202e}")):
        person = sign_in(who, "/about")
        expect(person.page.locator("dl.facts").last).to_contain_text(name)


def test_a_right_that_ends_meanwhile_is_refused_by_the_cluster(
    begin: Begin, asked: AskedCluster, shown: ShownCluster
) -> None:
    namespace = asked.cluster.namespace("withdrawn")
    asked.outdated_servers(namespace, "only-tools")
    task = begin(shown.member_of(namespace), namespace)
    expect(task.page.locator("#try")).to_be_visible()
    asked.delete(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings")
    member, path = shown.people[f"member-of-{namespace}"], DEPLOYMENTS.format(namespace)
    asked.release.wait_for(
        "end of the right", lambda: asked.cluster.raw("GET", path, as_user=member).status == 403
    )

    task.click(task.page.locator("#try"))

    expect(task.page.locator("#roll .note")).to_contain_text(
        f'cannot list resource "deployments" in API group "apps" in the namespace "{namespace}"'
    )
