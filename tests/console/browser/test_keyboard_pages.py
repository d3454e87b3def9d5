"""What people come for on each page but the first, with a keyboard alone.

Nothing is clicked, and no field is filled in but by typing: what has the focus is always seen.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import page_faults
from tests.console.browser import shown_servers as servers
from tests.console.browser.asked_cluster import AskedCluster
from tests.console.browser.conftest import NewPerson, SignIn
from tests.console.browser.page_faults import press, reach
from tests.console.browser.shown_cluster import ADMINISTRATOR, ShownCluster
from webhook import settings

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
STUCK = ("a-tools", "b-tools", "c-tools")
"""Servers whose pods no node has room for: the first one that is rolled stays under way."""
SETTINGS = "/apis/mcp-admission.dev/v1alpha1/namespaces/{}/mcpnamespacesettings/" + settings.NAME


def button(page: Page, name: str) -> Any:
    return page.locator("main").get_by_role("button", name=name).first


def link(page: Page, name: str) -> Any:
    return page.get_by_role("link", name=name, exact=True).first


@pytest.fixture
def own(shown: ShownCluster) -> Iterator[str]:
    """A namespace of the test: servers that came while it was observed, with nothing filled in."""
    cluster = shown.release.cluster
    namespace = cluster.namespace("keyboard")
    named, observe = {"name": settings.NAME}, {"mode": "observe"}
    servers.applied(cluster, namespace, servers.document(settings.NAMESPACE_KIND, named, observe))
    shown.release.wait_for("settings in force", lambda: distributed(shown, namespace))
    nowhere = {"nodeSelector": {"accelerator": "none"}}
    servers.applied(cluster, namespace, *(servers.server(name, **nowhere) for name in STUCK))
    yield namespace
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def distributed(shown: ShownCluster, namespace: str) -> bool:
    """Whether every replica has the settings of the namespace as they are stored."""
    found = shown.release.cluster.get(SETTINGS.format(namespace))
    said = {
        each["type"]: each["status"]
        for each in (found.get("status") or {}).get("conditions") or []
        if each.get("observedGeneration") == found["metadata"]["generation"]
    }
    return said.get("Distributed") == "True"


def test_settings_are_saved_and_servers_rolled_until_a_stop(
    sign_in: SignIn, shown: ShownCluster, own: str
) -> None:
    page = sign_in(path=f"/settings/{own}").page
    cluster = shown.release.cluster

    reach(page, page.locator("#in-mode"))
    page.keyboard.type("enf")
    press(page, button(page, "Preview the change"))
    press(page, button(page, "Save"))
    expect(page.locator("#progress")).to_be_visible()
    assert cluster.get(SETTINGS.format(own))["spec"]["mode"] == "enforce"
    expect(page.locator("#progress [data-state=ok]").first).to_be_visible(timeout=120_000)

    press(page, link(page, "Apply"))
    page.wait_for_url("**/apply")
    press(page, page.get_by_label("All that are not current, in every namespace"), "ArrowDown")
    reach(page, page.locator("#namespace"))
    page.keyboard.type(own)
    reach(page, page.locator("#timeout"))
    page.keyboard.type("60")
    press(page, button(page, "Show what would change"))
    press(page, button(page, "Roll 3 servers"))
    expect(page.locator("#roll")).to_contain_text("1 under way, 2 not begun")
    assert page_faults.faults(page) == []

    press(page, button(page, "Pause"))
    press(page, button(page, "Go on"))
    # A page of a pause has the button "Stop" too.
    expect(page.locator("#roll > p .badge")).to_have_text("rolling")
    press(page, button(page, "Stop"), "Space")
    expect(page.locator("#roll > p .badge")).to_have_text("stopping")
    assert page_faults.faults(page) == []
    expect(page.locator("#roll > p .badge")).to_have_text("ended", timeout=180_000)
    expect(page.locator("#roll")).to_contain_text("2 were not begun")
    assert page_faults.faults(page) + page_faults.unreached(page) == []
    assert sum(rolled(shown, own, name) for name in STUCK) <= 1


def rolled(shown: ShownCluster, namespace: str, name: str) -> bool:
    """Whether its template has what the webhook fills in."""
    found = shown.release.cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return "securityContext" in found["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.usefixtures("no_exception")
def test_an_exception_is_granted_and_revoked(
    sign_in: SignIn, shown: ShownCluster, asked: AskedCluster
) -> None:
    page = sign_in(path=f"/servers/{servers.TEAM}/Deployment/{servers.REFUSED}").page

    press(page, link(page, "Draft an exception"))
    reach(page, page.get_by_label("Reason"))
    page.keyboard.type("its vendor mends it")
    press(page, page.get_by_role("checkbox", name="host-namespaces"), "Space")
    press(page, button(page, "Grant it"))
    page.wait_for_url("**/exceptions?granted=*")
    name = page.url.partition("granted=")[2]
    path = f"/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions/{name}"
    spec = shown.release.cluster.get(path)["spec"]
    assert {"privileged", "host-namespaces"} <= {*spec["rules"]}
    assert spec["reason"] == "its vendor mends it"
    asked.wait_until_excepted()

    press(page, link(page, f"Revoke {name}"))
    press(page, button(page, "Revoke it"))
    page.wait_for_url("**/exceptions?revoked=*")
    assert shown.release.cluster.raw("GET", path).status == 404


def test_a_server_is_looked_at(sign_in: SignIn) -> None:
    page = sign_in().page
    server = page.locator("#fleet tbody th a").filter(has_text=servers.CURRENT)
    press(page, server)
    page.wait_for_url(f"**/{servers.CURRENT}")

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, page.locator("summary"), "Space")
    expect(page.locator("details table")).to_be_visible()
    reach(page, page.get_by_label("Address"))
    page.keyboard.type("8.8.8.8")
    page.keyboard.press("Enter")
    expect(page.locator("main .note").filter(has_text="8.8.8.8")).to_be_visible()


def test_somebody_comes_in_goes_round_and_leaves(
    new_person: NewPerson, shown: ShownCluster
) -> None:
    person, console = new_person(), shown.console(ADMINISTRATOR)
    page, person.address = person.page, console.address
    person.visit("/sign-in")
    reach(page, page.get_by_label("Key"))
    page.keyboard.type(console.link().partition("key=")[2])
    page.keyboard.press("Enter")

    for name in ("Health", "About", "Exceptions", "Apply", "Settings"):
        press(page, link(page, name))
        expect(page.locator("nav.pages [aria-current=page]")).to_have_text(name)
    press(page, page.get_by_role("button", name="Sign out"))
    page.wait_for_url("**/sign-in")
