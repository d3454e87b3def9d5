"""The life of reports: made, moved, mended, put back, let alone, and gone with their servers."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import Control, grant
from tests.e2e.controller_rights.test_rights import REPORT_GROUPS, Right, granted, right
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, Namespace
from tests.e2e.policy_reports.policy_reporter import metric_lines
from tests.e2e.policy_reports.report_definitions import install, remove
from tests.e2e.product import Product
from tests.kube.faults import Call, Proxy
from webhook import names
from webhook.objects.policy_report import OPEN_REPORTS, POLICY_REPORTS, ReportApi

Json = dict[str, Any]
UNLABELLED = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
LONG = "a" * 200 + ".long-name"
SECONDS = 60


@pytest.fixture(scope="module")
def reporting(product: Product) -> Iterator[Product]:
    """The product in a cluster that has the older API of reports."""
    grant(product.cluster)
    install(product.cluster, POLICY_REPORTS)
    yield product
    remove(product.cluster)


class Reports:
    """The reports of a namespace, as their readers see them."""

    def __init__(self, namespace: Namespace) -> None:
        self._cluster, self._namespace = namespace.cluster, namespace.name

    def path(self, api: ReportApi, server: str = "") -> str:
        folder = f"/apis/{api.version}/namespaces/{self._namespace}/{api.resource}"
        return f"{folder}/{names.report_of(server)}" if server else folder

    def all(self, api: ReportApi) -> list[Json]:
        found: list[Json] = self._cluster.get(self.path(api))["items"]
        return found

    def says(self, api: ReportApi, server: str) -> list[str]:
        """Rule and result of each result about a server; nothing where it has no report."""
        answer = self._cluster.raw("GET", self.path(api, server))
        results = answer.json().get("results") or [] if answer.status == 200 else []
        return [f"{each['policy']} {each['result']}" for each in results]

    def wait_for(self, api: ReportApi, server: str, *said: str) -> None:
        self._cluster.wait_for(
            f"report on {server}", lambda: self.says(api, server) == [*said], SECONDS
        )

    def wait_until_gone(self, api: ReportApi, server: str) -> None:
        path = self.path(api, server)
        gone: Callable[[], bool] = lambda: self._cluster.raw("GET", path).status == 404  # noqa: E731
        self._cluster.wait_for(f"no report on {server}", gone, SECONDS)


def deployed_before_the_product(product: Product, namespace: Namespace) -> None:
    """Servers that nothing was filled in for, one of them as hostile as the API server lets it."""
    hostile = {"mcp-admission.dev/port": "\u202e" + "x" * 16_384}
    long = builders.server("long", replicas=0, annotations=hostile)
    long["metadata"]["name"] = LONG
    with product.uninstalled():
        for found in (
            builders.server("bridge", replicas=0, hostNetwork=True),
            builders.server("search", replicas=0),
            builders.server("leaves", replicas=0),
            long,
        ):
            namespace.create(found)


def calls_about_reports(calls: list[Call]) -> set[Right]:
    """What was done with reports, as RBAC names it; discovery is everybody's right."""
    named = (each for each in calls if each.path.count("/") > 3)
    return {found for found in map(right, named) if found[0] in REPORT_GROUPS}


def writes(calls: list[Call]) -> list[str]:
    return [f"{each.method} {each.path}" for each in calls if each.method != "GET"]


def test_reports_live_as_long_as_their_servers_and_say_what_is_true(
    reporting: Product, namespace: Namespace
) -> None:
    cluster, reports = reporting.cluster, Reports(namespace)
    deployed_before_the_product(reporting, namespace)
    options = ("--policy-reports", "--namespace", namespace.name)
    with Proxy(cluster.url, cluster.components.places.authority.certificate) as proxy:
        file = cluster.folder / "reports.kubeconfig"
        kubeconfig = proxy.kubeconfig(reporting.controller.kubeconfig, file)
        with Control(reporting, *options, name="reports", kubeconfig=kubeconfig):
            reports.wait_for(POLICY_REPORTS, "bridge", "host-namespaces fail")
            reports.wait_for(POLICY_REPORTS, "search", "drift fail")
            is_put_back(namespace, reports, POLICY_REPORTS)
            leaves(namespace, reports, POLICY_REPORTS)
            install(cluster, OPEN_REPORTS)
            reports.wait_for(OPEN_REPORTS, "bridge", "host-namespaces fail")
            cluster.wait_for("one API", lambda: reports.all(POLICY_REPORTS) == [], SECONDS)
            reports.wait_for(OPEN_REPORTS, "search", "drift fail")
            for server in ("leaves", LONG):
                cluster.wait_for("report", partial(reports.says, OPEN_REPORTS, server), SECONDS)
            is_bounded(reports)
            is_read(namespace, reports)
            is_put_back(namespace, reports, OPEN_REPORTS)
            is_mended(namespace, reports)
            leaves(namespace, reports, OPEN_REPORTS)
            is_gone_with_its_server(namespace, reports, proxy)
        assert calls_about_reports(proxy.refused) == set()
        used = calls_about_reports(proxy.calls)
        assert used == {each for each in granted() if each[0] in REPORT_GROUPS}
        before = {each["metadata"]["uid"]: each for each in reports.all(OPEN_REPORTS)}
        seen = len(proxy.calls)
        with Control(reporting, *options, name="reports-again", kubeconfig=kubeconfig) as control:
            # Of all that there is, what was deleted alone is written.
            path = reports.path(OPEN_REPORTS, "search")
            assert cluster.raw("DELETE", path).status == 200
            reports.wait_for(OPEN_REPORTS, "search", "drift fail")
            assert control.metric("reconcile_errors_total", reconciler="report") == 0
        about = [each for each in writes(proxy.calls[seen:]) if OPEN_REPORTS.version in each]
        assert about == [f"POST {reports.path(OPEN_REPORTS)}"]
        after = {each["metadata"]["uid"]: each for each in reports.all(OPEN_REPORTS)}
        kept = before.keys() & after.keys()
        assert len(kept) == len(before) - 1
        assert {uid: before[uid] for uid in kept} == {uid: after[uid] for uid in kept}


def is_put_back(namespace: Namespace, reports: Reports, api: ReportApi) -> None:
    """Somebody takes the label away, so that the controller sees it no more."""
    cluster, path = namespace.cluster, reports.path(api, "search")
    assert cluster.raw("PATCH", path, UNLABELLED, MERGE_PATCH).status == 200
    cluster.wait_for(
        "label", lambda: names.MANAGED_BY in (cluster.get(path)["metadata"].get("labels") or {})
    )


def leaves(namespace: Namespace, reports: Reports, api: ReportApi) -> None:
    """What is no server has no report, and has one again once it is."""
    label = f"{builders.SERVER}=false"
    namespace.kubectl("label", "deployment", "leaves", label, "--overwrite")
    reports.wait_until_gone(api, "leaves")
    namespace.kubectl("label", "deployment", "leaves", f"{builders.SERVER}=true", "--overwrite")
    cluster = namespace.cluster
    cluster.wait_for("report", lambda: reports.says(api, "leaves"), SECONDS)


def is_bounded(reports: Reports) -> None:
    found = {each["metadata"]["name"]: each for each in reports.all(OPEN_REPORTS)}
    report = found[names.report_of(LONG)]
    said = {each["policy"]: each for each in report["results"]}
    assert said["annotations"]["result"] == "fail"
    assert len(said["annotations"]["message"]) < 1000
    assert "\u202e" not in str(report)


def is_read(namespace: Namespace, reports: Reports) -> None:
    """By Policy Reporter, which knows nothing of us."""
    found = reports.all(OPEN_REPORTS)
    line = (
        f'policy_report_result{{namespace="{namespace.name}",rule="",policy="host-namespaces",'
        'report="bridge-mcp-report",kind="Deployment",name="bridge",status="fail",severity="high",'
        'category="Pod Security Standards (Baseline)",source="mcp-admission"} 1'
    )
    assert line in metric_lines(found)
    for report in found:
        counted = {key: count for key, count in report["summary"].items() if count}
        results = [each["result"] for each in report["results"]]
        assert counted == {key: results.count(key) for key in results}
        assert report["source"] == "mcp-admission"


def is_mended(namespace: Namespace, reports: Reports) -> None:
    mend = [{"op": "remove", "path": "/spec/template/spec/hostNetwork"}]
    assert namespace.raw("PATCH", "deployments/bridge", mend, JSON_PATCH).status == 200
    reports.wait_for(OPEN_REPORTS, "bridge", "drift pass")


def is_gone_with_its_server(namespace: Namespace, reports: Reports, proxy: Proxy) -> None:
    namespace.kubectl("delete", "deployment", "bridge")
    reports.wait_until_gone(OPEN_REPORTS, "bridge")
    assert f"DELETE {reports.path(OPEN_REPORTS, 'bridge')}" not in writes(proxy.calls)
