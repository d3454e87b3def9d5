"""`mcp-admission uninstall` on a real API server, with the rights that the chart's hook has."""

import asyncio
import itertools

import pytest

from tests.builders import GATE, bare_pod, server
from tests.e2e.policy_reports.report_definitions import install
from tools.chart.helm import NAMESPACE, Helm, Json, is_hook
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane
from tools.cluster.objects import namespace
from tools.cluster.users import User
from webhook.admission import Scope
from webhook.cli.main import main
from webhook.kube.api import Api
from webhook.objects import REPORT_APIS
from webhook.objects.made import build_namespace_labels
from webhook.objects.network_policies import BASELINE, build_baseline_policy
from webhook.settings.model import Settings

TOOLS = "mcp-admission-mcp"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
MANAGED = "mcp-admission.dev/managed"
ENFORCE = "pod-security.kubernetes.io/enforce"
OURS = {"app.kubernetes.io/managed-by": "mcp-admission"}
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{TOOLS}/networkpolicies"


@pytest.fixture
def installed(own_cluster: ControlPlane, helm: Helm) -> ControlPlane:
    """An installation in use: its servers, and what a controller made for them."""
    asyncio.run(in_use(own_cluster))
    own_cluster.kubectl("apply", "--filename", str(FOLDER))
    hooks = [found for found in helm.objects() if is_hook(found)]
    rights = [found for found in hooks if found["kind"] not in {"Job", "Pod"}]
    own_cluster.kubectl("apply", "--filename", "-", sent=rights)
    return own_cluster


async def in_use(cluster: ControlPlane) -> None:
    """Before the registrations, because nobody answers for them here."""
    cluster.kubectl("apply", "--filename", str(FOLDER / "00-namespaces.yaml"))
    cluster.namespace_is_usable(TOOLS)
    settings = Settings()
    baseline = build_baseline_policy(TOOLS, settings, NAMESPACE, Scope.MANAGED)
    labels = build_namespace_labels(TOOLS, settings, NAMESPACE)
    assert baseline is not None
    assert labels is not None
    async with await Api.connect(cluster.kubeconfig) as api:
        await api.apply(f"/api/v1/namespaces/{TOOLS}", labels)
        await api.create(POLICIES, baseline)
    cluster.create(POLICIES, {**baseline, "metadata": {"name": "users", "labels": OURS}})
    pods = f"/api/v1/namespaces/{TOOLS}/pods"
    restricted, ours, others = hardened(), {"name": GATE}, {"name": "example.org/other"}
    cluster.create(pods, bare_pod("waiting", **restricted, schedulingGates=[ours]))
    both = bare_pod("waiting-for-others", **restricted, schedulingGates=[others, ours])
    cluster.create(pods, both)
    deployment = server("github-tools", **restricted)
    cluster.create(f"/apis/apps/v1/namespaces/{TOOLS}/deployments", deployment)
    install(cluster)
    for each in REPORT_APIS:
        for name, labels in (("github-tools-mcp-report", OURS), ("users", {})):
            metadata = {"name": name, "labels": labels}
            report = {"apiVersion": each.version, "kind": each.kind, "metadata": metadata}
            cluster.create(f"/apis/{each.version}/namespaces/{TOOLS}/{each.resource}", report)
    for resource, name, labels in (
        ("configmaps", "mcp-admission-settings", OURS),
        ("secrets", "mcp-admission-ca", OURS),
        ("secrets", "mcp-admission-tls", {}),
    ):
        body = {"metadata": {"name": name, "labels": labels}}
        cluster.create(f"/api/v1/namespaces/{NAMESPACE}/{resource}", body)


def hardened() -> Json:
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{"name": "mcp", "image": "a:1", "securityContext": context}],
    }


def everything(cluster: ControlPlane) -> Json:
    """What may be taken away but pods, by its name and version."""
    found = cluster.kubectl(
        "get", "networkpolicies,namespaces,deployments,validatingadmissionpolicies,"
        "validatingadmissionpolicybindings,mutatingwebhookconfigurations,"
        "validatingwebhookconfigurations,secrets,configmaps,reports,policyreports",
        "--all-namespaces", "--output", "json",
    ).json()["items"]  # fmt: skip
    named = [(each["kind"], each["metadata"]) for each in found]
    return {
        f"{kind} {metadata.get('namespace')} {metadata['name']}": (
            metadata.get("generation"),
            metadata.get("labels"),
        )
        for kind, metadata in named
    }


def hook(cluster: ControlPlane) -> User:
    return cluster.service_account(NAMESPACE, "mcp-admission-uninstall")


def test_uninstall_deletes_everything_of_ours_and_everything_else_runs(
    installed: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(installed)
    admin = ["uninstall", "--dry-run", "--kubeconfig", str(installed.kubeconfig)]
    assert main(admin) == 0
    told = capsys.readouterr().out.splitlines()
    assert everything(installed) == before
    waiting = installed.get(f"/api/v1/namespaces/{TOOLS}/pods/waiting")
    assert waiting["spec"]["schedulingGates"] == [{"name": GATE}]

    code = main(["uninstall", "--kubeconfig", str(hook(installed).kubeconfig)])

    done, problems = capsys.readouterr()
    assert (code, problems) == (0, "")
    assert [f"{line} (not done: --dry-run)" for line in done.splitlines()] == told
    only_workloads_are_left(installed)
    pods_run(installed)
    assert main(["uninstall", "--kubeconfig", str(hook(installed).kubeconfig)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Deployment {NAMESPACE}/mcp-admission-{name} scaled to 0"
        for name in ("control", "certificates")
    ]
    assert main(["audit", "--kubeconfig", str(installed.kubeconfig)]) == 1
    audited = capsys.readouterr().out
    assert "MutatingWebhookConfiguration mcp-admission is missing" in audited
    assert "ValidatingWebhookConfiguration mcp-admission is missing" in audited


def only_workloads_are_left(cluster: ControlPlane) -> None:
    """What is left of ours: workloads and their namespace, without our labels."""
    for kind, resource in itertools.product(
        ("mutating", "validating"), ("webhookconfigurations", "admissionpolicies",
                                     "admissionpolicybindings"),
    ):  # fmt: skip
        answer = cluster.raw("GET", f"{ADMISSION}/{kind}{resource}")
        left = [found["metadata"]["name"] for found in answer.json().get("items") or []]
        assert left == [], f"{kind}{resource}"
    policies = cluster.get(POLICIES)["items"]
    assert [found["metadata"]["name"] for found in policies] == ["users"]
    assert BASELINE not in str(policies)
    for api in REPORT_APIS:
        reports = cluster.get(f"/apis/{api.version}/{api.resource}")["items"]
        assert [found["metadata"]["name"] for found in reports] == ["users"]
    labels = cluster.get(f"/api/v1/namespaces/{TOOLS}")["metadata"]["labels"]
    assert set(labels) == {
        "app.kubernetes.io/name",
        "app.kubernetes.io/version",
        "kubernetes.io/metadata.name",
    }
    own = cluster.get(f"/api/v1/namespaces/{NAMESPACE}")["metadata"]["labels"]
    assert own["pod-security.kubernetes.io/enforce"] == "restricted"
    here = f"/api/v1/namespaces/{NAMESPACE}"
    beside = [
        each
        for kind in ("configmaps", "secrets")
        for each in cluster.get(f"{here}/{kind}")["items"]
    ]
    names = {found["metadata"]["name"] for found in beside}
    assert names == {"kube-root-ca.crt", "mcp-admission-locked", "mcp-admission-tls"}


def pods_run(cluster: ControlPlane) -> None:
    """The pod that waited for us runs, one that waits for somebody else does not; new ones do."""
    pods = f"/api/v1/namespaces/{TOOLS}/pods"
    cluster.create(pods, bare_pod("new", hostPID=True))
    for name in ("waiting", "new"):
        cluster.wait_for(
            f"Running pod {name}",
            lambda name=name: cluster.get(f"{pods}/{name}")["status"]["phase"] == "Running",  # type: ignore[misc]
        )
    other = cluster.get(f"{pods}/waiting-for-others")["spec"]["schedulingGates"]
    assert other == [{"name": "example.org/other"}]
    deployment = f"/apis/apps/v1/namespaces/{TOOLS}/deployments/github-tools"
    cluster.wait_for(
        "available Deployment", lambda: cluster.get(deployment)["status"].get("availableReplicas")
    )


def test_uninstall_keeps_labels_that_another_manager_applies_as_well(
    own_cluster: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    own_cluster.create("/api/v1/namespaces", namespace("shared", {MANAGED: "true"}))
    path = "/api/v1/namespaces/shared"
    labels = build_namespace_labels("shared", Settings(), NAMESPACE)
    assert labels is not None
    enforced = {key: labels["metadata"]["labels"][key] for key in (ENFORCE, f"{ENFORCE}-version")}
    body = {**labels, "metadata": {"name": "shared", "labels": enforced}}
    for manager, applied in {"mcp-admission": labels, "somebody": body}.items():
        query = f"?fieldManager={manager}&force=true"
        answer = own_cluster.raw("PATCH", path + query, applied, "application/apply-patch+yaml")
        assert answer.status == 200, answer.body

    assert main(["uninstall", "--kubeconfig", str(own_cluster.kubeconfig)]) == 0
    assert main(["uninstall", "--kubeconfig", str(own_cluster.kubeconfig)]) == 0

    capsys.readouterr()
    left = own_cluster.get(path)["metadata"]
    assert left["labels"] == {"kubernetes.io/metadata.name": "shared", **enforced}
    assert "mcp-admission" not in [each["manager"] for each in left["managedFields"]]


def test_uninstall_reports_what_it_may_not_do(
    own_cluster: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = own_cluster.user("nobody")

    assert main(["uninstall", "--kubeconfig", str(nobody.kubeconfig)]) == 1
    assert "403 Forbidden" in capsys.readouterr().err


def test_uninstall_reports_that_no_cluster_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstall", "--kubeconfig", "/nowhere"]) == 2
    assert "/nowhere shows no way to a cluster" in capsys.readouterr().err
