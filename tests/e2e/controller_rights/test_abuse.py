"""Whoever has the controller's account: what RBAC lets it write, and the policies refuse."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import builders
from tests.e2e.policy_reports.report_definitions import install
from tests.e2e.product import Product
from tools.chart.helm import NAMESPACE
from tools.chart.shipped import POLICIES, RIGHTS, shipped
from tools.cluster.clients import Response
from tools.cluster.control_plane import ControlPlane
from webhook.objects import REPORT_APIS

Json = dict[str, Any]
SERVICES, SECRETS = "/api/v1/namespaces/tenant/services", "/api/v1/namespaces/tenant/secrets"
POLICY = "/apis/networking.k8s.io/v1/namespaces/tenant/networkpolicies"
DEPLOYMENTS, PODS = "/apis/apps/v1/namespaces/tenant/deployments", "/api/v1/namespaces/{}/pods"
CHANGE_CAUSE = "kubernetes.io/change-cause"
GATES = [{"name": "other"}, {"name": "mcp-admission.dev/isolation"}]
WRITES = yaml.safe_load(Path(__file__).with_name("writes.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bounded(product: Product) -> ControlPlane:
    """A cluster with the shipped accounts, rights and policies, and objects of a tenant."""
    cluster = product.cluster
    cluster.kubectl("apply", "-f", "-", sent=shipped(*RIGHTS, *POLICIES))
    tenant = {"metadata": {"name": "tenant", "labels": {"team": "a"}}}
    cluster.create("/api/v1/namespaces", tenant)
    cluster.namespace_is_usable("tenant")
    template = {"metadata": {"labels": {"app": "web"}}, "spec": builders.bare_pod("web")["spec"]}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    theirs: Json = {"metadata": {"name": "theirs"}}
    for metadata in (
        {"name": "web"},
        {"name": "rolling", "annotations": {CHANGE_CAUSE: "mcp-admission: a Secret"}},
        # The webhook fills the template in here, and in the same call.
        {
            "name": "server",
            "labels": {builders.SERVER: "true"},
            "annotations": {CHANGE_CAUSE: "release 1"},
        },
    ):
        cluster.create(DEPLOYMENTS, {"metadata": metadata, "spec": spec})
    waiting = builders.bare_pod("waiting", labels={})
    waiting["spec"]["schedulingGates"] = GATES
    cluster.create(PODS.format("tenant"), waiting)
    cluster.create(PODS.format(NAMESPACE), builders.bare_pod("serving", labels={}))
    cluster.create(SECRETS, theirs)
    cluster.create(SERVICES, {**theirs, "spec": {"ports": [{"port": 80}]}})
    cluster.create(POLICY, {**theirs, "spec": {"podSelector": {}}})
    install(cluster)
    for api in REPORT_APIS:
        report = {"apiVersion": api.version, "kind": api.kind, **theirs}
        cluster.create(f"/apis/{api.version}/namespaces/tenant/{api.resource}", report)
    cluster.wait_for("policies in force", lambda: are_refused(cluster))
    return cluster


def are_refused(cluster: ControlPlane) -> bool:
    """Whether policies refuse what they are to refuse: they come into force one by one."""
    writes = [(account, WRITES[account]["refused"][name]) for account, name in cases("refused")]
    return all(
        b"AdmissionPolicy" in sent(cluster, account, write).body
        for account, write in writes
        if not write.get("stored")
    )


def content_type(method: str, body: Any) -> str:
    if method != "PATCH":
        return "application/json"
    kind = "json" if isinstance(body, list) else "merge"
    return f"application/{kind}-patch+json"


def sent(cluster: ControlPlane, account: str, write: Json) -> Response:
    """The answer to a write of this account; nothing is stored but what says so."""
    method, path = write["request"].split()
    user = cluster.service_account(NAMESPACE, f"mcp-admission-{account}")
    kind = content_type(method, write["body"])
    query = "" if write.get("stored") else "?dryRun=All"
    return cluster.raw(method, f"{path}{query}", write["body"], kind, as_user=user)


def cases(which: str) -> list[tuple[str, str]]:
    return [(account, name) for account, found in WRITES.items() for name in found[which]]


@pytest.mark.parametrize(("account", "write"), cases("refused"))
def test_a_policy_refuses_what_an_account_never_writes(
    bounded: ControlPlane, account: str, write: str
) -> None:
    answer = sent(bounded, account, WRITES[account]["refused"][write])

    assert answer.status == 403, answer.body
    assert b"ValidatingAdmissionPolicy 'mcp-admission-" in answer.body, answer.body


@pytest.mark.parametrize(("account", "write"), cases("allowed"))
def test_what_an_account_writes_passes(bounded: ControlPlane, account: str, write: str) -> None:
    answer = sent(bounded, account, WRITES[account]["allowed"][write])

    assert answer.status in (200, 201), answer.body


def test_no_expression_of_the_policies_is_mistyped(bounded: ControlPlane) -> None:
    api = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    ours = {each["metadata"]["name"] for each in shipped("ValidatingAdmissionPolicy")}

    def checked() -> list[Json]:
        found = [each for each in bounded.get(api)["items"] if each["metadata"]["name"] in ours]
        return found if all("typeChecking" in each.get("status", {}) for each in found) else []

    for each in bounded.wait_for("type checking", checked):
        assert each["status"]["typeChecking"] == {}, each
