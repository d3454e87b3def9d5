"""The installation on one page: what needs a person first, and an hour of reviews."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import generate_latest

from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure
from tests.console.replicas import PODS, replica, reviewed
from tests.fleet.checkup.snapshots import DIGEST, deployment, enforcing, healthy
from tools.chart.shipped import shipped
from webhook.console.health_view import health_reading, metric_history
from webhook.console.pages import health_page
from webhook.controller.installation import CERTIFICATES_LEASE, LEASE, SAID_ENFORCING
from webhook.observe.metrics import ControllerMetrics, Metrics

Json = dict[str, Any]
LEADER = "mcp-admission-control-2-x2x4z"
RELEASE = "/namespaces/mcp-admission-system"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@dataclass
class CountingCluster(PlayedCluster):
    """A healthy installation whose replica and controller count."""

    replica: Metrics = field(default_factory=Metrics)
    controller: ControllerMetrics = field(default_factory=ControllerMetrics)
    may_proxy: bool = True

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if "/proxy/" in request.path and self.may_proxy:
            counted = self.replica if "/serve-1:" in request.path else self.controller
            return web.Response(body=generate_latest(counted.registry))
        if request.path == PODS:
            serves = "component=serve" in request.query["labelSelector"]
            pod = replica("serve-1") if serves else replica(LEADER, "control")
            return web.json_response({"items": [pod], "metadata": {"resourceVersion": "1"}})
        return await super()._answer(request)

    def say(self, lease: str, annotation: str, said: Json) -> None:
        path = f"/apis/coordination.k8s.io/v1{RELEASE}/leases/{lease}"
        self.objects[path]["metadata"]["annotations"][annotation] = json.dumps(said)


def listed(*items: Json) -> Json:
    return {"items": list(items), "metadata": {"resourceVersion": "1"}}


@pytest.fixture
def played() -> CountingCluster:
    found, cluster = healthy(), CountingCluster()
    named = {each["metadata"]["name"]: each for each in shipped("ConfigMap")}
    for lease in (LEASE, CERTIFICATES_LEASE):
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000000Z}"
        found[lease][0]["spec"] |= {"renewTime": now, "leaseDurationSeconds": 3600}
        path = f"/apis/coordination.k8s.io/v1{RELEASE}/leases/{lease}"
        cluster.objects[path] = found[lease][0]
    for kind in ("Mutating", "Validating"):
        configuration = found[f"{kind}WebhookConfiguration"][0]
        path = f"{ADMISSION}/{kind.lower()}webhookconfigurations/mcp-admission"
        cluster.objects[path] = configuration
    maps = f"/api/v1{RELEASE}/configmaps"
    cluster.objects |= {
        f"{maps}/mcp-admission-registrations": named["mcp-admission-registrations"],
        f"{maps}/mcp-admission-settings": {"data": {"settings.yaml": "{}"}},
        f"/apis/apps/v1{RELEASE}/deployments": listed(*found["deployments"]),
        f"/apis/apps/v1{RELEASE}/replicasets": listed(*found["replicasets"]),
        f"/apis/discovery.k8s.io/v1{RELEASE}/endpointslices": listed(*found["endpoints"]),
    }
    cluster.controller.leads(True)
    cluster.controller.queue_depth.labels("server").set(42)
    return cluster


@pytest.fixture(autouse=True)
def every_look_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_reading, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(metric_history, "SECONDS_BETWEEN", 0.0)
    for each in ("FIRST_SECONDS", "REFRESH_SECONDS"):
        monkeypatch.setattr(health_page, each, 60.0)


async def test_a_healthy_installation(console: BrowserAtConsole, played: CountingCluster) -> None:
    page = await console.get("/health")

    assert page.status == 200
    for said in (
        "<strong>yes</strong> enforcing",
        "<strong>2</strong> of 2 replicas are ready",
        "both webhook configurations are as the chart has shipped them",
        f"In force: <code>{DIGEST}</code>",
        "server: 42",
        f"<dd>{LEADER}</dd>",
    ):
        assert said in page.text
    assert page.text.count(">yes</span>") == 2
    assert 'datetime="2026-06-30T10:00:00Z"' in page.text


async def test_what_replicas_do_is_drawn_after_the_second_look(
    console: BrowserAtConsole, played: CountingCluster
) -> None:
    first = await console.get("/health")
    reviewed(played.replica, "refused", 30, seconds=0.02)
    played.replica.findings["privileged", "error"].inc(30)
    second = await console.get("/health/part")

    assert "nothing is known yet" in first.text
    assert '<path class="series series-0" d="M' in second.text
    assert 'role="img"' in second.text
    assert "Refusals by rule" in second.text
    assert '<th scope="row">privileged</th><td class="number">30</td>' in second.text
    assert "<html" not in second.text
    assert 'hx-trigger="every 15s"' in second.text


async def test_what_is_wrong_comes_first_with_what_mends_it(
    console: BrowserAtConsole, played: CountingCluster
) -> None:
    played.say(LEASE, SAID_ENFORCING, enforcing("False", "LetPass", "a pod was let pass"))
    path = f"/apis/apps/v1{RELEASE}/deployments"
    played.objects[path] = listed(deployment("mcp-admission-serve", available=0))
    del played.objects[f"{ADMISSION}/mutatingwebhookconfigurations/mcp-admission"]

    page = await console.get("/health")

    needs = page.text.partition('id="needs"')[2].partition("<h2")[0]
    assert "the MutatingWebhookConfiguration mcp-admission is not there" in needs
    assert "<code>helm upgrade mine manifests/chart" in needs
    assert "a pod was let pass" in needs
    assert "<strong>no</strong> enforcing" in page.text


async def test_a_right_that_is_missing_is_named(
    console: BrowserAtConsole, played: CountingCluster
) -> None:
    played.may_proxy = False
    for pod in ("serve-1", LEADER):
        played.failures[f"{PODS}/{pod}:8080/proxy/metrics"] = (403, "Forbidden")
    played.failures[f"/apis/coordination.k8s.io/v1{RELEASE}/leases/{LEASE}"] = (403, "Forbidden")

    page = await console.get("/health")

    assert "you may not read metrics of mcp-admission-system" in page.text
    assert "the verb get on pods/proxy" in page.text
    assert "unknown: the leader&#39;s metrics were not read" in page.text or (
        "unknown: the leader's metrics were not read" in page.text
    )
    assert "<strong>unknown</strong> enforcing" in page.text
    assert "you may not read it" in page.text


async def test_a_page_does_not_wait_for_a_slow_reading(
    console: BrowserAtConsole, played: CountingCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_page, "FIRST_SECONDS", 0.0)

    page = await console.get("/health")

    assert page.status == 200
    assert "The installation is being read" in page.text
    assert "every 2s" in page.text


async def test_an_api_server_that_fails_is_said(
    console: BrowserAtConsole, played: CountingCluster
) -> None:
    played.failures[f"/apis/apps/v1{RELEASE}/deployments"] = (500, "InternalError")

    assert (await console.get("/health")).status == 503


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_others_have_written_changes_no_structure(
    text: str, console: BrowserAtConsole, played: CountingCluster
) -> None:
    pages = []
    for said in ("harmless", text):
        played.say(LEASE, SAID_ENFORCING, enforcing("False", "LetPass", said))
        slices = played.objects[f"/apis/discovery.k8s.io/v1{RELEASE}/endpointslices"]
        slices["items"][0]["endpoints"][0]["targetRef"]["name"] = said
        page = await console.get("/health")
        pages.append(structure(page.text.partition('id="reviews"')[0]))

    assert pages[0] == pages[1]
