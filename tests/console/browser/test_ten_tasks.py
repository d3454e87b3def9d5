"""Ten tasks on the real control plane, each at most three clicks from the first page.

Each begins at `/`. Typing and choosing are no clicks, a button, a link and the Enter key are. What
has become of a task is asked of the cluster.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.browser import shown_servers as servers
from tests.console.browser.asked_cluster import EXCEPTIONS, SETTINGS, AskedCluster
from tests.console.browser.conftest import Begin
from tests.console.browser.few_clicks import Task
from tests.console.browser.shown_cluster import ADMINISTRATOR, MEMBER, ShownCluster
from tests.release.checked import status
from webhook import names

pytestmark = pytest.mark.control_plane

CLASS, CLASSES = "gvisor", "/apis/node.k8s.io/v1/runtimeclasses"
NAMESPACES = {ADMINISTRATOR: "", MEMBER: servers.TEAM}
"""The only one that somebody sees, empty where they see all."""
ADDRESS = "8.8.8.8"
LISTED = "#fleet tbody th a"
SLOW = ("first-tools", "second-tools", "third-tools")


@pytest.fixture
def runtime_class(asked: AskedCluster) -> Iterator[None]:
    """A runtime class that servers could have; settings are as before afterwards."""
    before = asked.stored(SETTINGS)
    assert before is None
    asked.cluster.create(CLASSES, {"metadata": {"name": CLASS}, "handler": CLASS})
    yield
    asked.delete(SETTINGS)
    asked.release.wait_for("settings as before", lambda: asked.classes(servers.TEAM) == {""})
    asked.delete(f"{CLASSES}/{CLASS}")


@pytest.mark.parametrize("who", [ADMINISTRATOR, MEMBER])
def test_find_out_why_a_server_is_refused(begin: Begin, asked: AskedCluster, who: str) -> None:
    task = begin(who)

    task.click_server(servers.REFUSED)

    refusal = asked.tried_rolls(servers.TEAM, servers.REFUSED)[0].json()["message"]
    finding = "containers[mcp].securityContext.privileged must be false"
    assert finding in refusal
    expect(task.page.locator("#now h1")).to_have_text(f"Deployment {servers.REFUSED}")
    expect(task.page.locator("#now")).to_contain_text(finding)


def test_change_the_runtime_class_for_all_see_who_would_change_and_save_it(
    begin: Begin, asked: AskedCluster, runtime_class: None
) -> None:
    task = begin()
    page = task.page
    task.click(page.get_by_role("link", name="Settings", exact=True))
    page.locator("[name='mcpServerDefaults.runtimeClassName']").select_option(CLASS)
    task.click(page.get_by_role("button", name="Preview the change").first)

    changed = page.get_by_role("region", name="Servers").locator("tr")
    expect(changed.filter(has_text=servers.CURRENT)).to_contain_text("changed")
    assert asked.stored(SETTINGS) is None

    task.click(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Saved.")).to_be_visible()
    stored = asked.stored(SETTINGS)
    assert stored is not None
    assert stored["spec"] == {"mcpServerDefaults": {"runtimeClassName": CLASS}}

    all_replicas_have_new_settings(Task(task.person), asked)


def all_replicas_have_new_settings(task: Task, asked: AskedCluster) -> None:
    """Another task, done while settings are on their way."""
    asked.wait_until_distributed(SETTINGS)
    assert asked.classes(servers.TEAM) == {CLASS}
    task.click(task.page.get_by_role("link", name="Health", exact=True))

    rows = task.page.locator("#table-replicas tbody tr")
    expect(rows).to_have_count(2)

    def told() -> str:
        """The digest, once the leader has told, with its Lease, that both have it."""
        _, found = status(asked.release)
        digest: str = found["settings"]["digest"]
        return digest if {each["digest"] for each in found["replicas"]} == {digest} else ""

    digest = asked.release.wait_for("the same digest from both replicas", told)
    for row in rows.all():
        expect(row).to_contain_text(digest)
        expect(row.locator(".badge")).to_have_text("yes")


@pytest.mark.parametrize("is_member", [False, True], ids=["administrator", "member"])
def test_roll_one_namespace_and_stop_half_way(
    begin: Begin, asked: AskedCluster, shown: ShownCluster, *, is_member: bool
) -> None:
    namespace = asked.cluster.namespace("rolled")
    asked.outdated_servers(namespace, *SLOW)
    before = asked.pods(namespace)
    task = begin(shown.member_of(namespace), namespace) if is_member else begin()
    page = task.page
    if not is_member:
        page.get_by_label("Roll servers of").fill(namespace)

    task.click(page.locator("#try"))
    expect(page.locator("#step-roll")).to_have_text("Roll 3 servers")
    assert asked.pods(namespace) == before
    task.click(page.locator("#step-roll"))
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    task.click(page.locator("#step-stop"))
    expect(page.locator("#roll .badge").first).to_have_text("stopping")
    asked.finish_rolls(namespace)

    expect(page.locator("#roll .badge").first).to_have_text("ended")
    expect(page.locator("#roll")).to_contain_text("2 were not begun, and are as before")
    after = asked.pods(namespace)
    (rolled,) = [name for name in SLOW if after[name].isdisjoint(before[name])]
    assert {name for name in SLOW if after[name] == before[name]} == {*SLOW} - {rolled}


def test_grant_an_exception_for_a_week(
    begin: Begin, asked: AskedCluster, no_exception: None
) -> None:
    task, refused = begin(), (servers.TEAM, servers.REFUSED)
    began = datetime.now(UTC)
    assert asked.statuses(*refused) == {403}

    task.click_server(servers.REFUSED)
    task.click(task.page.get_by_role("link", name="Draft an exception"))
    task.page.get_by_label("Reason").fill("its vendor mends it")
    task.click(task.page.get_by_role("button", name="Grant it"))
    expect(task.page.get_by_text("Granted:")).to_be_visible()

    (spec,) = [
        each["spec"]
        for each in asked.cluster.get(EXCEPTIONS)["items"]
        if each["spec"]["workload"] == {"namespace": refused[0], "name": refused[1]}
    ]
    left = datetime.fromisoformat(spec["expires"]) - began
    assert timedelta(days=7) <= left < timedelta(days=8, minutes=10)
    asked.wait_until_excepted()


def test_a_member_gets_an_exception_to_send(begin: Begin, asked: AskedCluster) -> None:
    task, before = begin(MEMBER), asked.cluster.get(EXCEPTIONS)["items"]

    task.click_server(servers.REFUSED)
    task.click(task.page.get_by_role("link", name="Draft an exception"))
    task.page.get_by_label("Reason").fill("its vendor mends it")
    task.click(task.page.get_by_role("button", name="Show what to send"))

    expect(task.page.locator("pre")).to_contain_text("kind: MCPServerException")
    assert asked.cluster.get(EXCEPTIONS)["items"] == before


@pytest.mark.parametrize("who", [ADMINISTRATOR, MEMBER])
def test_see_which_policy_lets_a_server_reach_an_address(
    begin: Begin, asked: AskedCluster, who: str
) -> None:
    task = begin(who)

    task.click_server(servers.CURRENT)
    task.page.get_by_label("Address").fill(ADDRESS)
    task.click(task.page.get_by_role("button", name="Look it up"))

    (policy,) = asked.cluster.get(
        f"/apis/networking.k8s.io/v1/namespaces/{servers.TEAM}/networkpolicies"
    )["items"]
    called = policy["metadata"]["name"]
    expect(task.page.get_by_text(f"Policy {called} lets it reach {ADDRESS}")).to_be_visible()


@pytest.mark.parametrize("who", [ADMINISTRATOR, MEMBER])
def test_find_servers_older_than_the_webhook(begin: Begin, asked: AskedCluster, who: str) -> None:
    task = begin(who)

    task.click(task.page.get_by_role("link", name="Older than the webhook"))
    task.page.wait_for_url("**rule=older-than-webhook**")

    expect(task.page.locator(LISTED).filter(has_text=servers.CURRENT)).to_have_count(0)
    lists(task, asked, lambda: older_servers(asked, NAMESPACES[who]))


def lists(task: Task, asked: AskedCluster, wanted: Callable[[], set[str]]) -> None:
    """Wait until the page lists these: a namespace of an earlier test may be on its way out."""
    listed = task.page.locator(LISTED)
    asked.release.wait_for("the list", lambda: {*listed.all_inner_texts()} == wanted())


def older_servers(asked: AskedCluster, namespace: str) -> set[str]:
    """What has nothing filled in where it would be, of a namespace or of all."""
    below = {where for where, mode in asked.modes().items() if mode != "enforce"}
    return {
        name
        for (where, name), each in asked.servers(namespace).items()
        if names.INJECTED not in each["spec"]["template"]["metadata"].get("annotations", {})
        and where not in below
    }


@pytest.mark.parametrize("who", [ADMINISTRATOR, MEMBER])
def test_download_a_report(begin: Begin, asked: AskedCluster, who: str) -> None:
    task = begin(who)
    lists(task, asked, lambda: {name for _, name in asked.servers(NAMESPACES[who])})

    with task.page.expect_download() as found:
        task.click(task.page.get_by_role("link", name="CSV", exact=True))

    with Path(found.value.path()).open(encoding="utf-8", newline="") as file:
        listed = {(each["namespace"], each["name"]) for each in csv.DictReader(file)}
    assert listed == {*asked.servers(NAMESPACES[who])}


def test_switch_a_namespace_from_observe_to_enforce(
    begin: Begin, asked: AskedCluster, shown: ShownCluster
) -> None:
    namespace = asked.cluster.namespace("switched")
    asked.set_mode(namespace, "observe")
    servers.applied(asked.cluster, namespace, servers.server("switched-tools"))
    to_enforce = f"observe: see what enforcing in {namespace} would do"
    member = begin(shown.member_of(namespace), namespace)
    member.click(member.page.get_by_role("link", name=to_enforce))
    expect(member.page.get_by_text("You may not save these settings.")).to_be_visible()
    expect(member.page.get_by_role("button", name="Save")).to_have_count(0)

    task = begin()
    task.click(task.page.get_by_role("link", name=to_enforce))
    changed = task.page.get_by_role("region", name="Servers").locator("tbody tr")
    expect(changed).to_contain_text("switched-tools")
    task.click(task.page.get_by_role("button", name="Save"))
    expect(task.page.get_by_text("Saved.")).to_be_visible()

    stored = asked.stored(asked.settings_of(namespace))
    assert stored is not None
    assert stored["spec"] == {"mode": "enforce"}
    asked.wait_until_distributed(asked.settings_of(namespace))
    assert asked.refuses_privileged(namespace)
