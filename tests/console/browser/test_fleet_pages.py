"""The first page as people use it, on a cluster with servers of several states."""

import csv
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import shown_servers as servers
from tests.console.browser.chromium import WIDTHS, Person, overflows, structure, violations
from tests.console.browser.conftest import SignIn
from tests.console.browser.shown_cluster import MEMBER, STRANGER, ShownCluster
from tests.console.played_cluster import HOSTILE

pytestmark = pytest.mark.control_plane

IN_TEAM = f"/?namespace={servers.TEAM}"
NAMES = "#fleet tbody th"


def read(page: Page) -> Page:
    """The page, once the servers are read."""
    page.wait_for_load_state()
    page.locator("#fleet table, #fleet .empty").first.wait_for()
    return page


def refused(page: Page) -> Page:
    """The page, once it shows the refused server as refused.

    An exception of an earlier test has ended, and a reading follows settings within a minute.
    """
    row = read(page).locator("#fleet tbody tr").filter(has_text=servers.REFUSED)
    expect(row.locator(".badge[data-state=refused]")).to_be_visible(timeout=90_000)
    return page


def names(page: Page) -> list[str]:
    """The servers that it lists."""
    return read(page).locator(f"{NAMES} a").all_inner_texts()


def test_each_person_sees_what_they_may(sign_in: SignIn) -> None:
    everything = names(sign_in().page)
    assert {servers.CURRENT, servers.REFUSED, servers.OBSERVED, servers.LONGEST_NAME} < {
        *everything
    }

    member = sign_in(MEMBER).page
    member.get_by_label("Namespace").fill(servers.TEAM)
    member.get_by_role("button", name="Show").click()
    team = {servers.CURRENT, servers.OLDER, servers.REFUSED, servers.WAITING}
    assert {*names(member)} == team

    stranger = sign_in(STRANGER)
    expect(stranger.page.locator(".who")).to_contain_text("<b>stranger</b> \\u{202e}")
    stranger.visit(IN_TEAM)
    expect(read(stranger.page).locator("#fleet")).to_contain_text(
        f'cannot list resource "deployments" in API group "apps" in the namespace "{servers.TEAM}"'
    )
    expect(stranger.page.locator("#fleet .empty")).to_contain_text(
        f"Whether there is an MCP server in the namespace {servers.TEAM} is not known"
    )
    expect(stranger.page.locator(".tile")).to_have_count(0)


def test_tiles_search_and_columns_narrow_and_sort(sign_in: SignIn) -> None:
    page = refused(sign_in(path=IN_TEAM).page)
    states = read(page).locator("#fleet tbody td:nth-child(3) .badge:first-child")
    assert dict(zip(names(page), states.all_inner_texts(), strict=True)) == {
        servers.WAITING: "not-running",
        servers.REFUSED: "refused",
        servers.OLDER: "unprotected",
        servers.CURRENT: "current",
    }
    assert names(page) == [servers.WAITING, servers.REFUSED, servers.OLDER, servers.CURRENT]

    page.locator("#tile-refused").click()
    expect(page.locator("#tile-refused")).to_have_attribute("aria-current", "true")
    assert names(page) == [servers.REFUSED]
    page.locator("#tile-refused").click()

    page.locator("#sort-name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Name")
    assert names(page) == sorted(names(page))

    page.get_by_label("Search").fill("mcp:1 GPU")
    page.get_by_label("Search").press("Enter")
    expect(page.locator(NAMES)).to_have_count(1)
    assert names(page) == [servers.WAITING]
    page.get_by_label("Remove the filter search").click()
    expect(page.locator(NAMES)).to_have_count(4)


def test_servers_older_than_the_webhook_are_one_click_away(sign_in: SignIn) -> None:
    page = read(sign_in().page)

    page.get_by_text("Older than the webhook").click()

    page.wait_for_url("**/?rule=older-than-webhook")
    assert {servers.OLDER, servers.REFUSED} < {*names(page)}
    assert servers.CURRENT not in names(page)


def test_a_report_is_downloaded(sign_in: SignIn) -> None:
    person = sign_in(path=IN_TEAM)
    refused(person.page)
    person.visit(f"{IN_TEAM}&state=refused")
    page = read(person.page)

    def downloaded(name: str) -> str:
        with page.expect_download() as found:
            page.get_by_role("link", name=name, exact=True).click()
        assert found.value.suggested_filename == f"mcp-servers.{name.lower()}"
        return Path(found.value.path()).read_text(encoding="utf-8")

    assert [each["name"] for each in csv.DictReader(downloaded("CSV").splitlines())] == [
        servers.REFUSED
    ]
    assert [each["name"] for each in json.loads(downloaded("JSON"))["servers"]] == [servers.REFUSED]
    (run,) = json.loads(downloaded("SARIF"))["runs"]
    assert run["results"]


def test_a_change_is_seen_without_a_reload(sign_in: SignIn, shown: ShownCluster) -> None:
    cluster = shown.release.cluster
    namespace = cluster.namespace("live")
    page = read(sign_in(path=f"/?namespace={namespace}").page)
    expect(page.locator("#fleet .empty")).to_be_visible()
    page.evaluate("() => { window.before = true }")

    servers.applied(cluster, namespace, servers.server("new-tools"))
    expect(page.locator(NAMES)).to_contain_text("new-tools")
    changed = servers.server("new-tools", container={"image": "registry.example/mcp:2"})
    servers.applied(cluster, namespace, changed)
    expect(page.locator("#fleet tbody")).to_contain_text("registry.example/mcp:2")

    assert page.evaluate("() => window.before") is True


def test_the_keyboard_alone_is_enough(sign_in: SignIn) -> None:
    page = read(sign_in().page)

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type(servers.TEAM)
    page.keyboard.press("Enter")
    expect(page.locator(NAMES)).to_have_count(4)

    reach(refused(page), "#tile-refused")
    page.keyboard.press("Enter")
    expect(page.locator(NAMES)).to_have_count(1)
    reach(page, "#sort-age")
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Age")
    reach(page, f"{NAMES} a")
    reach(page, "#file-csv")
    with page.expect_download():
        page.keyboard.press("Enter")


def reach(page: Page, selector: str) -> None:
    """Press the tabulator until this is focused, and seen to be."""
    wanted = page.locator(selector).first
    wanted.wait_for()
    for _ in range(100):
        if wanted.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    assert wanted.evaluate("each => getComputedStyle(each).outlineStyle") != "none"


STATES_OF_THE_PAGE = {
    "list": ("administrator", "/"),
    "hostile": ("administrator", f"/?namespace={servers.HOSTILE_NAMESPACE}&q=w"),
    "nothing": ("administrator", "/?q=nothing-is-like-this"),
    "wrong": ("administrator", "/?state=fine"),
    "choose": (MEMBER, "/"),
    "refused": (STRANGER, IN_TEAM),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nobody_is_kept_out(sign_in: SignIn, *, dark: bool) -> None:
    people: dict[str, Person] = {}
    found = {}
    for name, (who, path) in STATES_OF_THE_PAGE.items():
        person = people.get(who) or people.setdefault(who, sign_in(who, dark=dark))
        person.visit(path)
        if name in ("list", "hostile", "nothing"):
            read(person.page)
        found[name] = violations(person.page)

    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("width", [WIDTHS["phone"], WIDTHS["wall"]])
def test_no_page_is_wider_than_its_window(sign_in: SignIn, width: int) -> None:
    person = sign_in(width=width)
    wide = {}
    for path in ("/", f"/?namespace={servers.HOSTILE_NAMESPACE}&q={'w' * 190}", "/?state=fine"):
        person.visit(path)
        if "state" not in path:
            read(person.page)
        wide[path] = overflows(person.page)

    assert not any(wide.values()), wide


def test_what_people_write_changes_no_structure(sign_in: SignIn) -> None:
    person = sign_in()

    def shown(namespace: str, search: str) -> list[str]:
        person.visit(f"/?namespace={namespace}&sort=name")
        listed = structure(read(person.page))
        person.visit(f"/?namespace={quote(search)}&q={quote(search[:200])}")
        return listed + structure(read(person.page))

    harmless = shown(servers.HARMLESS_NAMESPACE, "harmless-search")

    for text in HOSTILE:
        assert shown(servers.HOSTILE_NAMESPACE, text) == harmless
    person.visit(f"/?namespace={servers.HOSTILE_NAMESPACE}")
    expect(read(person.page).locator("#fleet tbody")).to_contain_text("<script>alert(1)</script>")
    assert "\u202e" not in person.page.inner_text("body")
