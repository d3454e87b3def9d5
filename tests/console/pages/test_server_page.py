"""The page of a server: all that was read, what may not be read, and no button without a right."""

from typing import Any

import pytest

from tests import builders
from tests.console.conftest import Opened
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure
from tests.console.server_view.one_server import (
    deployment,
    event,
    made_of,
    pod,
    replica_set,
    secret,
)
from tests.controller.servers.live import memory, settings, stored
from tests.health.objects import waiting
from webhook.console.pages.server_page import ROUTES, server_address
from webhook.settings import FILE

Json = dict[str, Any]
PAGE = "/servers/team/Deployment/crm"
RELEASE = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-settings"
APPS, CORE = "/apis/apps/v1/namespaces/team", "/api/v1/namespaces/team"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/team/networkpolicies"
EVENTS = "/apis/events.k8s.io/v1/namespaces/team/events"
EXCEPTIONS = "/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/"


def play(cluster: PlayedCluster, found: Json, *, said: str = "{}", **objects: list[Json]) -> None:
    """Let the cluster have this Deployment, and what belongs to it."""
    made = made_of(found) if "uid" in found["metadata"] else []
    given: dict[str, list[Json]] = {
        "pods": [pod(found)] if "labels" in found["spec"]["template"]["metadata"] else [],
        "services": [each for each in made if each["kind"] == "Service"],
        "networkpolicies": [each for each in made if each["kind"] == "NetworkPolicy"],
        "replicasets": [replica_set(found, 1)],
        "secrets": [secret("API_KEY")],
        "events": [event("it is told here")],
        "exceptions": [],
        **objects,
    }
    cluster.objects |= {
        RELEASE: {"data": {FILE: said}},
        "/api/v1/namespaces/team": {"metadata": {"name": "team"}},
        f"{APPS}/deployments/crm": found,
        f"{CORE}/pods": {"items": given["pods"]},
        f"{CORE}/services": {"items": given["services"]},
        f"{CORE}/secrets": {"items": given["secrets"]},
        f"{APPS}/replicasets": {"items": given["replicasets"]},
        POLICIES: {"items": given["networkpolicies"]},
        EVENTS: {"items": given["events"]},
        EXCEPTIONS: {"items": given["exceptions"]},
        f"{CONFIGURATIONS}mutatingwebhookconfigurations/mcp-admission": {},
        f"{CONFIGURATIONS}validatingwebhookconfigurations/mcp-admission": {},
    }


@pytest.fixture
async def browser(open_console: Opened, played: PlayedCluster) -> BrowserAtConsole:
    play(played, deployment())
    found = await open_console(ROUTES)
    await found.sign_in()
    return found


async def text_of(browser: BrowserAtConsole, path: str = PAGE) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.text
    return answer.text


async def test_it_shows_all_that_belongs_to_the_server(browser: BrowserAtConsole) -> None:
    text = await text_of(browser)

    for expected in (
        'data-state="current">current',
        "There is nothing to mend.",
        "http://crm-mcp.team.svc, port 80 to 8000",
        "<code>API_KEY</code>",
        "it is told here",
        "crm-7d4f-x1",
        "containers[mcp].securityContext.allowPrivilegeEscalation",
        "public IPv4 addresses",
        "<svg",
        "mcp-admission apply -n team crm",
        "kubectl rollout restart -n team deployment/crm",
        'href="/apply?server=team%2Fcrm"',
    ):
        assert expected in text
    assert "style=" not in text
    assert "<script>" not in text


async def test_what_a_roll_would_change_is_a_column(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.objects[RELEASE]["data"][FILE] = settings(**memory("800Mi")).model_dump_json(
        by_alias=True, exclude_unset=True
    )

    text = await text_of(browser)

    assert "<code>800Mi</code></td><td>filled in, and a roll would change it" in text
    assert "would be 800Mi" in text


async def test_a_refused_server_names_the_rule_and_the_way_out(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    refused = stored(builders.server("crm", replicas=1, hostPID=True))
    play(played, refused, pods=[], replicasets=[])

    text = await text_of(browser)

    assert "Rule <code>host-namespaces</code>" in text
    assert "/exceptions/grant?namespace=team&amp;kind=Deployment&amp;name=crm" in text
    assert "/apply?" not in text


async def test_a_pod_that_waits_says_why(browser: BrowserAtConsole, played: PlayedCluster) -> None:
    found = deployment()
    stuck = pod(found, ready=False, containerStatuses=[waiting("ImagePullBackOff", "no such tag")])
    play(played, found, pods=[stuck])

    text = await text_of(browser)

    assert "<strong>ImageNotPulled</strong>" in text
    assert "correct the image" in text


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (f"{CORE}/pods", "pods"),
        (f"{CORE}/secrets", ""),
        (f"{APPS}/replicasets", "replicasets"),
        (POLICIES, "networkpolicies"),
        (EVENTS, "events"),
        (EXCEPTIONS, "mcpserverexceptions"),
    ],
)
async def test_what_may_not_be_read_is_never_empty(
    path: str, what: str, browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures[path] = (403, "Forbidden")

    text = await text_of(browser)

    assert f"You may not read {what or 'it'}" in text
    assert "403 Forbidden: as the test wants it" in text


async def test_the_button_is_absent_without_the_right(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.forbidden.add(("patch", "deployments"))

    text = await text_of(browser)

    assert "Roll it</a>" not in text
    assert "mcp-admission apply -n team crm" in text


async def test_an_address_is_looked_up_in_the_policies(browser: BrowserAtConsole) -> None:
    assert "lets it reach 8.8.8.8: public IPv4 addresses" in await text_of(
        browser, f"{PAGE}?address=8.8.8.8"
    )
    assert "No policy names 10.1.2.3" in await text_of(browser, f"{PAGE}?address=10.1.2.3")
    assert "is no IP address" in await text_of(browser, f"{PAGE}?address=%3Cscript%3E")


@pytest.mark.parametrize(
    "path",
    [
        "/servers/team/Deployment/other",
        "/servers/team/Deployment/%2E%2E",
        "/servers/team/Deployment/a%2Fb",
        f"/servers/team/Deployment/{'w' * 254}",
        "/servers/team/Unheard/crm",
    ],
)
async def test_what_is_not_there_is_not_found(path: str, browser: BrowserAtConsole) -> None:
    browser.cluster.objects.pop(f"{CORE}/pods", None)
    browser.cluster.objects[f"{CORE}/pods"] = {"items": []}

    answer = await browser.get(path)

    assert answer.status == 404


async def test_without_the_right_to_read_it_the_refusal_is_shown(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    played.failures[f"{APPS}/deployments/crm"] = (403, "Forbidden")

    answer = await browser.get(PAGE)

    assert answer.status == 403
    assert "as the test wants it" in answer.text


def with_words(word: str) -> dict[str, Any]:
    """A Deployment and what belongs to it, with a word wherever people may write one."""
    found = deployment()
    template = found["spec"]["template"]
    template["metadata"]["annotations"]["note"] = word
    template["spec"]["containers"][0]["image"] = word
    template["spec"]["nodeSelector"] = {"disk": word}
    statuses = [waiting("ImagePullBackOff", word)]
    stuck = pod(found, ready=False, containerStatuses=statuses)
    stuck["spec"]["nodeName"] = word
    annotations = {"kubernetes.io/change-cause": word, "deployment.kubernetes.io/revision": word}
    policy = {
        "kind": "NetworkPolicy",
        "metadata": {"name": word, "namespace": "team"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"podSelector": {"matchLabels": {"app": word}}}],
                    "ports": [{"port": word}],
                }
            ],
        },
    }
    return {
        "found": found,
        "pods": [stuck],
        "replicasets": [replica_set(found, 1, **annotations)],
        "events": [event(word, reason=word, regarding={"kind": word, "name": word, "uid": word})],
        "secrets": [secret(word, name=word)],
        "networkpolicies": [policy],
    }


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_word_of_others_changes_its_structure(
    word: str, browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    play(played, **with_words("harmless"))
    harmless = await text_of(browser)
    play(played, **with_words(word))
    text = await text_of(browser)

    assert structure(text) == structure(harmless)
    assert "\u202e" not in text


async def test_huge_annotations_make_no_huge_page(
    browser: BrowserAtConsole, played: PlayedCluster
) -> None:
    play(played, **with_words("w" * 51_200))

    text = await text_of(browser)

    assert "more characters)" in text
    assert len(text) < 120_000


def test_an_address_holds_each_name_as_one_part() -> None:
    assert server_address("team", "Deployment", "crm") == PAGE
    assert server_address("a", "b/c", "d?e#f") == "/servers/a/b%2Fc/d%3Fe%23f"
