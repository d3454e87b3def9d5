"""A healthy cluster is quiet: for ten minutes nobody writes, and no leader tells anything twice.

Everything that the chart has is on, there are servers of each kind and namespaces of each mode.
What was written stands in the API server's audit log, which leaves out Events and Leases: those
are compared. While it waits it takes little of a processor, so that other tests run beside it.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import builders
from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tests.e2e.policy_reports import report_definitions
from tests.release.checked import check, status
from tests.release.operator_kinds import KINDS, OPERATOR, install_kinds
from tests.release.watched import PATH, Watched
from tools.chart.helm import NAMESPACE
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import WAIT, Release
from webhook.objects.policy_report import OPEN_REPORTS
from webhook.settings.exception_document import EXCEPTION_KIND, EXCEPTION_PLURAL
from webhook.settings.load import GROUP, KIND, NAME, VERSION
from webhook.settings.namespace_layer import NAMESPACE_KIND, NAMESPACE_PLURAL

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
MINUTES = 10
# Nobody has written for so long: what was begun is over.
SECONDS_OF_REST = 20.0
VALUES = ("serviceMonitor", "metrics.dashboards", "metrics.rules")
DELEGATED = {"delegated": ["mode", "fillIn"], "exceptions": {"longestDays": 90}}
NAMESPACES: dict[str, tuple[dict[str, str], Json | None]] = {
    "enforced": ({}, None),
    "managed": ({"mcp-admission.dev/managed": "true"}, None),
    "warned": ({}, {"mode": "warn"}),
    "observed": ({}, {"mode": "observe"}),
    "authors": ({}, {"fillIn": "pods"}),
}
"""The labels of each namespace, and its own settings."""
LOOSE: Json = {"hostNetwork": True}
PORTS: Json = {"ports": [{"name": "mcp", "containerPort": 8099}]}
EXCEPTED: Json = {**PORTS, "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}
API = f"/apis/{GROUP}/{VERSION}"
EVENTS = "/apis/events.k8s.io/v1/events"
LEASES = "/apis/coordination.k8s.io/v1/leases"
CONFIG_MAPS = "/api/v1/configmaps?labelSelector=grafana_dashboard%3D1"
RENEWED = {
    f"{NAMESPACE}/mcp-admission-control",
    f"{NAMESPACE}/mcp-admission-certificates",
    "kube-node-lease/node-1",
    "kube-system/apiserver",
}
"""The Leases that are renewed, and all that is written: ours, the node's, and the API server's."""


class Healthy:
    """An installation with everything in it, and what was written there."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster = release, release.cluster
        self.watched = Watched(release)
        self.names: dict[str, str] = {}

    def apply(self, kind: str, metadata: Json, spec: Json) -> None:
        head = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": metadata}
        self.cluster.kubectl("apply", "--filename", "-", sent={**head, "spec": spec})

    def deploy(self, namespace: str, *found: Json) -> None:
        where = ("--namespace", self.names[namespace])
        self.cluster.kubectl("apply", *where, "--filename", "-", sent=found)

    def written(self) -> list[str]:
        """Each write so far, by whom; nothing is written by a dry run."""
        return [
            f"{each['user']['username']} {each['verb']} {each['requestURI']}"
            for each in self.cluster.audit_events()
            if "dryRun=All" not in each["requestURI"]
        ]

    def rest(self) -> int:
        """Wait until nobody writes any more; returns how much was written until then."""
        count, since = -1, time.monotonic()

        def nobody_writes() -> bool:
            nonlocal count, since
            now = len(self.written())
            if now != count:
                count, since = now, time.monotonic()
            return time.monotonic() - since >= SECONDS_OF_REST

        self.cluster.wait_for("rest", nobody_writes, 180)
        return count

    def events(self) -> dict[str, Json]:
        """Every Event of the cluster, by its uid."""
        return {each["metadata"]["uid"]: each for each in self.cluster.get(EVENTS)["items"]}

    def told(self) -> Counter[tuple[str, str]]:
        """What our Events say about which object, by the names of both."""
        return Counter(
            (each["regarding"]["name"], each["reason"])
            for each in self.events().values()
            if each.get("reportingController", "").startswith("mcp-admission.dev/")
        )

    def leases(self) -> dict[str, str]:
        """The version of each Lease; that of the API server is named after its host."""
        found = [each["metadata"] for each in self.cluster.get(LEASES)["items"]]
        return {
            re.sub("apiserver-.*", "apiserver", f"{each['namespace']}/{each['name']}"): each[
                "resourceVersion"
            ]
            for each in found
        }

    def said(self) -> list[Json]:
        """What the resources of ours say, and the reports."""
        paths = (EXCEPTION_PLURAL, NAMESPACE_PLURAL)
        lists = [f"{API}/{each}" for each in paths]
        lists.append(f"/apis/{OPEN_REPORTS.version}/{OPEN_REPORTS.resource}")
        found = [each for path in lists for each in self.cluster.get(path)["items"]]
        return [self.cluster.get(PATH), *found]


@pytest.fixture(scope="module")
def healthy(request: pytest.FixtureRequest) -> Iterator[Healthy]:
    """Everything is installed, deployed and in order, and was told."""
    binaries, helm = binaries_or_skip(request.config), helm_or_skip("4", request.config)
    with ControlPlane(binaries, audit=True, kwok=False) as cluster, Kubelet(cluster) as kubelet:
        install_kinds(cluster)
        report_definitions.install(cluster, OPEN_REPORTS)
        found = Healthy(Release(cluster, kubelet, helm))
        values = ",".join(f"{each}.enabled=true" for each in VALUES)
        found.release.install("--set", values, "--wait", "--timeout", WAIT)
        _settings(found)
        _servers(found)
        is_in_order(found)
        yield found
        if found.release.stored():
            found.release.uninstall()


def _settings(healthy: Healthy) -> None:
    healthy.apply(KIND, {"name": NAME}, DELEGATED)
    for name, (labels, spec) in NAMESPACES.items():
        namespace = healthy.names[name] = healthy.cluster.namespace(name, labels)
        if spec is not None:
            healthy.apply(NAMESPACE_KIND, {"name": NAME, "namespace": namespace}, spec)
    now = datetime.now(UTC)
    # One that ends soon is told by an Event.
    for server, days in (("excepted", 60), ("ending", 3)):
        healthy.apply(
            EXCEPTION_KIND,
            {"name": server},
            {
                "workload": {"namespace": healthy.names["enforced"], "name": server},
                "rules": ["capabilities"],
                "reason": "The vendor mends it.",
                "expires": f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
            },
        )
    for plural in (NAMESPACE_PLURAL, EXCEPTION_PLURAL):
        healthy.release.wait_for(plural, lambda plural=plural: _in_force(healthy, plural))  # type: ignore[misc]


def _in_force(healthy: Healthy, plural: str) -> bool:
    wanted = {"Distributed", "InForce"}
    return all(
        any(
            condition["type"] in wanted and condition["status"] == "True"
            for condition in (each.get("status") or {}).get("conditions") or []
        )
        for each in healthy.cluster.get(f"{API}/{plural}")["items"]
    )


def _servers(healthy: Healthy) -> None:
    kinds = [
        builders.of_kind(kind, kind.lower())
        for kind in builders.KINDS
        if kind not in {"Deployment", "PodTemplate"}
    ]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mine"},
        "stringData": {"TOKEN": "x", "file": "x"},
    }
    configured = {"config-from": "mine", "file-keys": "file"}
    plain = builders.server("plain", container=PORTS)
    healthy.deploy(
        "enforced",
        secret,
        plain,
        builders.server("configured", asks=configured, container=PORTS),
        *(builders.server(each, container=EXCEPTED) for each in ("excepted", "ending")),
        builders.bare_pod("bare"),
        *kinds,
    )
    unlabelled = builders.server("unlabelled", labels=builders.NOT_LABELLED, container=PORTS)
    healthy.deploy("managed", unlabelled)
    for namespace in ("warned", "observed"):
        healthy.deploy(namespace, plain, builders.server("loose", **LOOSE))
    written = builders.of_kind("Deployment", "written")
    written["spec"]["template"]["spec"]["containers"][0] |= PORTS
    healthy.deploy("authors", written)


def is_in_order(healthy: Healthy) -> None:
    """Everything is well, also to `check` and `status`."""
    ended = check(healthy.release, "--wait", "240")
    wrong = [ended.checks[each] for each in ended.verdicts("fault", "unknown")]
    assert wrong == [], wrong
    assert ended.code == 0
    code, found = status(healthy.release)
    assert (code, found["needs"]) == (0, [])


def test_ten_minutes_without_a_write_or_an_event(healthy: Healthy) -> None:
    before, written = healthy.rest(), healthy.written()
    events, leases, said = healthy.events(), healthy.leases(), healthy.said()
    over = time.monotonic() + 60 * MINUTES

    healthy.cluster.wait_for("end", lambda: time.monotonic() > over, 60 * MINUTES + 60)

    assert healthy.written()[before:] == []
    assert healthy.events() == events
    assert healthy.said() == said
    after = healthy.leases()
    assert {name for name in after if after[name] != leases.get(name)} == RENEWED
    assert len(written) == before
    is_in_order(healthy)


def test_what_was_told_is_told_once(healthy: Healthy) -> None:
    told = healthy.told()

    assert ("ending", "ExceptionEnding") in told
    assert set(told.values()) == {1}, told


def test_a_warning_is_given_once(healthy: Healthy) -> None:
    path = f"/apis/apps/v1/namespaces/{healthy.names['warned']}/deployments?dryRun=All"
    answer = healthy.cluster.raw("POST", path, builders.server("new", replicas=3, **LOOSE))

    assert answer.status == 201
    assert len(answer.warnings) == len(set(answer.warnings)) > 1


def test_another_leader_writes_and_tells_nothing_again(healthy: Healthy) -> None:
    before, events, said = healthy.rest(), healthy.told(), healthy.said()
    old = {pod["metadata"]["name"] for pod in healthy.release.component("control")}
    restart = ("rollout", "restart", "--namespace", NAMESPACE, "deployment/mcp-admission-control")

    healthy.cluster.kubectl(*restart)
    healthy.release.rolled_out()

    def judged() -> bool:
        new = {pod["metadata"]["name"] for pod in healthy.release.component("control")}
        return not new & old and bool(healthy.watched.samples("servers"))

    healthy.release.wait_for("new leader", judged)
    healthy.rest()
    ours = f"system:serviceaccount:{NAMESPACE}:mcp-admission-control "
    now = healthy.said()
    assert [one for one, other in zip(now, said, strict=True) if one != other] == []
    assert [each for each in healthy.written()[before:] if each.startswith(ours)] == []
    assert healthy.told() == events
    is_in_order(healthy)


def test_nothing_is_left_of_reports_dashboards_and_rules(healthy: Healthy) -> None:
    cluster = healthy.cluster
    reports = f"/apis/{OPEN_REPORTS.version}/{OPEN_REPORTS.resource}"
    shown = [CONFIG_MAPS, reports, *(f"/apis/{OPERATOR}/v1/{plural}" for plural in KINDS)]
    before = [len(cluster.get(path)["items"]) for path in shown]

    healthy.release.uninstall()

    assert all(before), before
    assert [cluster.get(path)["items"] for path in shown] == [[]] * len(shown)
