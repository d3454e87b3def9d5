"""A controller that is kept to two namespaces and has no right to Secrets, on a real API server."""

from collections.abc import Iterator

import pytest

from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import CONFIG, SERVICE, made, policies, rolled_out, secret, server
from tests.e2e.controller_rights.narrow import allowed, kept_to
from tests.e2e.namespace import Namespace
from tests.e2e.policy_reports.report_definitions import install, remove
from tests.e2e.product import Product
from tools.chart.helm import Helm
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from webhook.objects.policy_report import POLICY_REPORTS

VERBS = ("get", "list", "watch", "create", "patch", "delete")
INSTEAD = {"mcp-admission.dev/env-from": "crm"}


@pytest.fixture
def reporting(product: Product) -> Iterator[Product]:
    """The product in a cluster that has the older API of reports."""
    install(product.cluster, POLICY_REPORTS)
    yield product
    remove(product.cluster)


def test_a_controller_without_secrets_works_in_the_listed_namespaces_alone(
    reporting: Product, helm: Helm, namespace: Namespace, managed: Namespace
) -> None:
    product, cluster = reporting, reporting.cluster
    grant(cluster)
    listed = [namespace, Namespace(product, cluster.namespace("also-listed"))]
    name, kept = "kept-to-two", [each.name for each in listed]
    copies = {"secrets": {"copy": False}}
    user = kept_to(cluster, helm, name, {"scope": {"namespaces": kept}, **copies})
    cluster.wait_for("rights", lambda: allowed(cluster, user, kept[1], "list", "services"))
    for verb in VERBS:
        for each in (*kept, managed.name):
            assert not allowed(cluster, user, each, verb)
            assert allowed(cluster, user, each, verb, "services") is (each in kept)
    settings = {"isolation": {"controllerUser": user.name}, **copies}
    options = ["--policy-reports"] + [part for each in kept for part in ("--namespace", each)]
    with product.settings(settings):
        refused = (
            listed[0].apply(server(**{"mcp-admission.dev/config-from": "crm"}), check=False).stderr
        )
        assert "the setting secrets.copy is false" in refused
        with Control(
            product, *options, "--lease", name,
            name="narrow", kubeconfig=user.kubeconfig, settings=settings,
        ) as control:  # fmt: skip
            cluster.wait_for("leader", control.leads)
            for one in listed:
                one.apply(secret("crm", CONFIG))
                one.apply(server(**INSTEAD))
                (pod,) = rolled_out(one)
                assert "schedulingGates" not in pod["spec"]
                assert "mcp-admission-baseline" in policies(one)
                assert SERVICE in made(one, "services")
                cluster.wait_for("report", lambda one=one: reports(one))  # type: ignore[misc]
            assert control.metric("watch_restarts_total") == 0
            for reconciler in ("namespace", "server", "pod", "settings", "events", "report"):
                assert control.metric("reconcile_errors_total", reconciler=reconciler) == 0
    assert made(managed, "services") == {}
    assert reports(managed) == []
    for each in (*kept, managed.name):
        assert may_write_reports(cluster, user, each) is (each in kept)


def reports(namespace: Namespace) -> list[str]:
    path = f"/apis/{POLICY_REPORTS.version}/namespaces/{namespace.name}/{POLICY_REPORTS.resource}"
    return [each["metadata"]["name"] for each in namespace.cluster.get(path)["items"]]


def may_write_reports(cluster: ControlPlane, user: User, namespace: str) -> bool:
    api = POLICY_REPORTS
    body = {"metadata": {"name": "tried"}}
    path = f"/apis/{api.version}/namespaces/{namespace}/{api.resource}?dryRun=All"
    answer = cluster.raw(
        "POST", path, {"apiVersion": api.version, "kind": api.kind, **body}, as_user=user
    )
    return answer.status == 201
