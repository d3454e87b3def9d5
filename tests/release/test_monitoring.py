"""Dashboards and alerts on a real Prometheus, which scrapes an installation of the chart."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests import builders
from tests.cluster.fixtures import monitoring_or_skip
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.queries import SUFFIX, alerts, panels, selectors
from tests.release import servers
from tests.release.operator_kinds import KINDS, OPERATOR, install_kinds
from tools.chart.helm import NAMESPACE
from tools.cluster.ports import LOOPBACK
from tools.cluster.waiting import WaitedInVainError
from tools.demo.serving import ask
from tools.release.release import CONFIGURATIONS, PROCESSES, WAIT, Release

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

PREFIX = "MCPAdmission"
METRICS_PORT = 8080
SHIPPED = ("serviceMonitor", "metrics.dashboards", "metrics.rules")
RULE = f"/apis/{OPERATOR}/v1/namespaces/{NAMESPACE}/prometheusrules/mcp-admission"
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps?labelSelector=grafana_dashboard%3D1"
SETTINGS = "mcpserversettings.mcp-admission.dev/default"
# What a panel shows only where something is not as usual.
USUALLY_EMPTY = {
    "mcp-admission-controller: Watches that were cut A",
    "mcp-admission-controller: Oldest pod at the gate A",
    "mcp-admission-webhook: Turned away A",
}
QUIET, FORBIDDEN = "inactive", 403


class Scraped(NamedTuple):
    """The release, a Prometheus that scrapes it, and what each of its processes shows."""

    release: Release
    prometheus: Prometheus
    texts: list[str]


def targets(release: Release) -> dict[str, dict[str, str]]:
    """Where each process shows its metrics, with the labels that the operator would add."""
    found = {}
    for process in PROCESSES:
        for pod in release.component(process):
            (container,) = release.kubelet.containers(pod)
            found[f"{LOOPBACK}:{container.ports[METRICS_PORT]}"] = {
                "job": f"mcp-admission-{process}",
                "namespace": NAMESPACE,
                "pod": pod["metadata"]["name"],
            }
    return found


@pytest.fixture(scope="module")
def scraped(release: Release, request: pytest.FixtureRequest) -> Iterator[Scraped]:
    """The product with everything that the chart has for monitoring, and servers in it."""
    binary = monitoring_or_skip(request.config)["prometheus"]
    cluster = release.cluster
    install_kinds(cluster)
    values = [f"{each}.enabled=true" for each in SHIPPED]
    release.install("--set", ",".join(values), "--wait", "--timeout", WAIT)
    namespace = cluster.namespace("tools")
    servers.deploy(cluster, namespace)
    refused = servers.create(cluster, namespace, builders.bare_pod(hostNetwork=True))
    assert refused.status == FORBIDDEN
    groups = cluster.get(RULE)["spec"]["groups"]
    found = targets(release)
    with Prometheus(
        binary, cluster.components, cluster.folder / "prometheus", found, groups
    ) as prometheus:
        release.wait_for("scrapes", lambda: len(prometheus.query("up == 1")) == len(found))
        yield Scraped(release, prometheus, [ask(each, "/metrics") for each in found])


def state_of(scraped: Scraped, alert: str, *states: str) -> None:
    """Wait until an alert is in one of these states."""
    name = f"{PREFIX}{alert}"
    scraped.release.wait_for(
        f"{name}: {' or '.join(states)}", lambda: scraped.prometheus.alerts().get(name) in states
    )


def test_every_metric_that_is_named_is_shown_by_a_process(scraped: Scraped) -> None:
    shown = {
        line.split()[2] for text in scraped.texts for line in text.splitlines() if "# HELP" in line
    }
    helm = scraped.release.local_helm
    queries = [*dict(panels(helm)).values(), *(each["expr"] for each in alerts(helm).values())]
    named = {each.metric for query in queries for each in selectors(query)}

    assert {each for each in named if {each, SUFFIX.sub("", each)}.isdisjoint(shown)} == set()


def test_every_panel_of_the_dashboards_shows_something(scraped: Scraped) -> None:
    queries = dict(panels(scraped.release.local_helm))

    def silent() -> set[str]:
        return {name for name, query in queries.items() if not scraped.prometheus.query(query)}

    with suppress(WaitedInVainError):
        scraped.release.wait_for("panels", lambda: silent() <= USUALLY_EMPTY)
    assert silent() <= USUALLY_EMPTY


def test_every_alert_is_quiet_while_all_is_well(scraped: Scraped) -> None:
    quiet = dict.fromkeys(alerts(scraped.release.local_helm), QUIET)

    with suppress(WaitedInVainError):
        scraped.release.wait_for("quiet", lambda: scraped.prometheus.alerts() == quiet)
    assert scraped.prometheus.alerts() == quiet


def test_a_webhook_that_is_switched_off_raises_its_alert_until_it_is_back(
    scraped: Scraped,
) -> None:
    kubectl = scraped.release.cluster.kubectl
    kinds = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")
    kept = [scraped.release.cluster.get(path) for path in CONFIGURATIONS]
    for kind in kinds:
        kubectl("delete", kind, "mcp-admission")
    state_of(scraped, "NotEnforcing", "pending", "firing")

    for each in kept:
        for field in ("uid", "resourceVersion", "managedFields", "creationTimestamp"):
            del each["metadata"][field]
    kubectl("create", "--filename", "-", sent=kept)
    state_of(scraped, "NotEnforcing", QUIET)


def test_refused_settings_raise_their_alert_until_they_are_mended(scraped: Scraped) -> None:
    kubectl = scraped.release.cluster.kubectl
    state_of(scraped, "SettingsRefused", QUIET)
    asks_more = {"mcpServerMaximums": {"limits": {"memory": "1Mi"}}}
    resource = {
        "apiVersion": "mcp-admission.dev/v1alpha1",
        "kind": "MCPServerSettings",
        "metadata": {"name": "default"},
        "spec": asks_more,
    }
    kubectl("apply", "--filename", "-", sent=resource)
    state_of(scraped, "SettingsRefused", "pending", "firing")

    kubectl("delete", SETTINGS)
    state_of(scraped, "SettingsRefused", QUIET)


def test_an_exception_near_its_end_raises_its_alert_until_it_is_gone(scraped: Scraped) -> None:
    kubectl = scraped.release.cluster.kubectl
    ends = datetime.now(UTC) + timedelta(days=3)
    exception = {
        "apiVersion": "mcp-admission.dev/v1alpha1",
        "kind": "MCPServerException",
        "metadata": {"name": "old-bridge"},
        "spec": {
            "workload": {"namespace": "tools", "name": "bridge"},
            "rules": ["run-as-user"],
            "reason": "The vendor's image runs as root until version 3.",
            "expires": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        },
    }
    kubectl("apply", "--filename", "-", sent=exception)
    state_of(scraped, "ExceptionEnds", "pending", "firing")

    kubectl("delete", "mcpserverexceptions.mcp-admission.dev/old-bridge")
    state_of(scraped, "ExceptionEnds", QUIET)


def test_a_pod_that_cannot_leave_the_gate_is_shown_with_its_age(scraped: Scraped) -> None:
    cluster = scraped.release.cluster
    namespace = cluster.namespace("full")
    none = {"hard": {"count/networkpolicies.networking.k8s.io": "0"}}
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none"},
        "spec": none,
    }
    cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", sent=quota)
    quotas = f"/api/v1/namespaces/{namespace}/resourcequotas/none"
    cluster.wait_for("quota", lambda: cluster.get(quotas).get("status", {}).get("used"))

    servers.deploy(cluster, namespace)

    waited = "time() - (max(mcp_admission_oldest_gated_pod_timestamp_seconds) > 0)"
    found = scraped.release.wait_for("age", lambda: scraped.prometheus.query(f"{waited} > 0"))
    assert len(found) == 1
    cluster.kubectl("delete", "--namespace", namespace, "deployment", servers.NAME)
    scraped.release.wait_for("open gate", lambda: not scraped.prometheus.query(waited))


def test_nothing_of_it_is_left_when_the_product_is_removed(scraped: Scraped) -> None:
    cluster = scraped.release.cluster
    assert len(cluster.get(CONFIG_MAPS)["items"]) == 4

    scraped.release.uninstall()

    assert cluster.get(CONFIG_MAPS)["items"] == []
    for plural in KINDS:
        assert cluster.get(RULE.replace("prometheusrules/mcp-admission", plural))["items"] == []
