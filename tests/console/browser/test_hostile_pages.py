"""What people write who mean harm changes no page: not what is stored, typed, or in an address.

The same pages are compared with harmless words at the same places. A script that ran, or that the
Content-Security-Policy kept away, would be an error of the page, which `new_person` finds.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import shown_servers as servers
from tests.console.browser.chromium import WIDTHS, overflows, structure
from tests.console.browser.conftest import SignIn
from tests.console.browser.shown_cluster import ADMINISTRATOR, ShownCluster
from tests.console.played_cluster import HOSTILE
from webhook import settings

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
Structure = list[str]

WORDS: Mapping[str, Sequence[str]] = {
    servers.HARMLESS_NAMESPACE: ["harmless".ljust(len(each), "s") for each in HOSTILE],
    servers.HOSTILE_NAMESPACE: HOSTILE,
}
"""What stands in the objects of which namespace."""
LONG_NOTE = 50_000

STORED = {
    "server": "/servers/{namespace}/Deployment/tools-{number}",
    "exception": "/exceptions?search={namespace}-{number}",
    "revocation": "/exceptions/revoke/{namespace}-{number}",
    "draft": "/exceptions/grant?namespace={namespace}&kind=Deployment&name=tools-{number}",
}
ADDRESSES = {
    "reach": f"/servers/{servers.TEAM}/Deployment/{servers.CURRENT}?address={{text}}",
    "no server": "/servers/{text}/Deployment/{text}",
    "search": "/exceptions?state=unused&search={text}",
    "revoked": "/exceptions?revoked={text}",
    "draft": "/exceptions/grant?namespace={text}&kind=Deployment&name={text}",
    "no exception": "/exceptions/revoke/{text}",
    "bounds": "/apply?namespace={text}&parallel={text}&failures={text}&timeout={text}",
    "selection": "/apply?server={text}&server=team/{text}",
    "no namespace": "/settings/{text}",
    "typed": "/settings?mcpServerDefaults.image={text}&isolation.breakGlassGroups={text}",
    "preview": "/settings?preview&mcpServerDefaults.image={text}",
    "sign-in": "/sign-in?then=/{text}",
    "nowhere": "/{text}",
}


def node_affinity(texts: Sequence[str]) -> Json:
    """An affinity whose values are these; nobody checks them before a server has them."""
    terms = [{"matchExpressions": [{"key": "disk", "operator": "In", "values": [*texts]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


def namespace_settings(texts: Sequence[str]) -> Json:
    """Settings of a namespace with the words at every place that takes any text."""
    spec = {"mcpServerDefaults": {"image": texts[0], **node_affinity(texts)}}
    return servers.document(settings.NAMESPACE_KIND, {"name": settings.NAME}, spec)


def excepted(namespace: str, number: int, text: str) -> Json:
    """An exception for a server of the namespace, with the text as its reason and image."""
    spec = {
        "workload": {"namespace": namespace, "name": f"tools-{number}"},
        "rules": ["privileged"],
        "images": [text],
        "reason": text,
        "expires": "2000-01-01T00:00:00Z",
    }
    return servers.document(settings.EXCEPTION_KIND, {"name": f"{namespace}-{number}"}, spec)


@pytest.fixture(scope="module", autouse=True)
def written(shown: ShownCluster) -> Iterator[None]:
    """The words in settings, exceptions and annotations; afterwards none of it is there."""
    cluster = shown.release.cluster
    for namespace, texts in WORDS.items():
        note = "".join(texts)
        note *= LONG_NOTE // len(note)
        cluster.kubectl("annotate", "namespace", namespace, f"example.com/note={note}")
        granted = [excepted(namespace, number, text) for number, text in enumerate(texts)]
        servers.applied(cluster, namespace, namespace_settings(texts), *granted)
    yield
    for namespace, texts in WORDS.items():
        cluster.kubectl("annotate", "namespace", namespace, "example.com/note-")
        names = [f"{namespace}-{number}" for number in range(len(texts))]
        cluster.kubectl("delete", "mcpserverexceptions", *names)
        cluster.kubectl("delete", "mcpnamespacesettings", settings.NAME, "-n", namespace)


@pytest.mark.parametrize("place", STORED)
def test_what_is_stored(sign_in: SignIn, place: str) -> None:
    person = sign_in(width=WIDTHS["phone"])

    def shown(namespace: str, number: int) -> Structure:
        person.visit(STORED[place].format(namespace=namespace, number=number))
        assert not overflows(person.page), person.page.url
        return structure(person.page)

    for number in range(len(HOSTILE)):
        harmless = shown(servers.HARMLESS_NAMESPACE, number)
        assert shown(servers.HOSTILE_NAMESPACE, number) == harmless, HOSTILE[number]
        assert "\u202e" not in person.page.inner_text("body")


def test_a_name_of_250_characters(sign_in: SignIn) -> None:
    person = sign_in(width=WIDTHS["phone"])
    person.visit(f"/servers/{servers.HOSTILE_NAMESPACE}/Deployment/{servers.LONGEST_NAME}")

    expect(person.page.locator("h1")).to_contain_text(servers.LONGEST_NAME)
    assert not overflows(person.page)


@pytest.mark.parametrize("place", ADDRESSES)
def test_what_an_address_says(sign_in: SignIn, place: str) -> None:
    person, found = sign_in(width=WIDTHS["phone"]), []
    for text in ("No Name", *HOSTILE):
        person.visit(ADDRESSES[place].format(text=quote(text, safe="")))
        # What has braces in its path leads to no page, and then nobody is asked who it is.
        found.append(structure_of(person.page, "main"))
        assert not overflows(person.page), text

    assert all(each == found[0] for each in found)


def test_settings_of_a_namespace(sign_in: SignIn) -> None:
    person, found = sign_in(width=WIDTHS["phone"]), []
    page = person.page
    for namespace in WORDS:
        person.visit(f"/settings/{namespace}")
        settled(page)
        stored = structure(page)
        page.select_option("#in-mode", "warn")
        with page.expect_navigation():
            page.locator("main button[value=preview]").first.click()
        assert not overflows(page)
        found.append((stored, structure(page)))

    assert found[0] == found[1]


def settled(page: Page) -> None:
    """Wait until what is stored is not on its way any more."""
    expect(page.locator("#progress [data-state=running]")).to_have_count(0, timeout=120_000)
    page.reload()
    assert not overflows(page)


def test_settings_of_the_cluster(sign_in: SignIn, shown: ShownCluster) -> None:
    person, found = sign_in(width=WIDTHS["phone"]), []
    page, cluster = person.page, shown.release.cluster
    for texts in WORDS.values():
        # No key of a taint has a space: the settings are not valid, and faults quote the words.
        tolerations = [{"key": f"no key {each}", "operator": "Exists"} for each in texts]
        invalid = cluster_settings(mcpServerDefaults={"tolerations": tolerations})
        servers.applied(cluster, "default", invalid)
        person.visit("/settings")
        expect(page.locator("main")).to_contain_text("1 field is not valid")
        assert not overflows(page)
        # How far they are on their way is another thing at each look.
        found.append(structure_of(page, "main > :not(#progress)"))
    cluster.kubectl("delete", "mcpserversettings", settings.NAME)

    assert found[0] == found[1]


def test_a_dry_run(sign_in: SignIn) -> None:
    person, found = sign_in(width=WIDTHS["phone"]), []
    page = person.page
    for namespace in WORDS:
        person.visit(f"/apply?namespace={namespace}")
        page.locator("#try").click()
        expect(page.locator("#roll > p .badge")).to_have_text("ended")
        assert not overflows(page)
        found.append(structure_of(page, "#roll"))

    assert found[0] == found[1]


def test_a_form_that_is_kept(sign_in: SignIn, shown: ShownCluster) -> None:
    person, found = sign_in(width=WIDTHS["phone"]), []
    page = person.page
    for texts in WORDS.values():
        person.visit("/exceptions/grant")
        page.fill("#reason", "\n".join(texts))
        for name in ("images", "namespace", "workload"):
            page.fill(f"#{name}", f"No Name {texts[0]}")
        person.context.clear_cookies()
        page.eval_on_selector("main form", "each => each.submit()")
        expect(page.locator("h1")).to_have_text("Sign in")
        asked = structure(page)
        page.fill("#secret", shown.console(ADMINISTRATOR).link().partition("key=")[2])
        page.locator("main button").click()
        expect(page.locator("h1")).to_have_text("What you typed")
        assert not overflows(page)
        kept = structure(page)
        page.locator("main button").click()
        expect(page.locator("h1")).to_have_text("Grant an exception")
        found.append((asked, kept, structure(page)))

    assert found[0] == found[1]


def cluster_settings(**spec: Any) -> Json:
    return servers.document(settings.KIND, {"name": settings.NAME}, spec)


def structure_of(page: Page, selector: str) -> Structure:
    """The elements inside of these parts of a page, by name."""
    page.wait_for_load_state()
    names: Structure = page.locator(selector).evaluate_all(
        "parts => parts.flatMap(each => [...each.querySelectorAll('*')]).map(each => each.tagName)"
    )
    return names
