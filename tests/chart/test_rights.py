"""What the accounts of the chart may do, and may not, as a real API server sees it."""

import pytest

from tools.chart.helm import NAMESPACE
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane

CA, TLS = "secret/mcp-admission-ca", "secret/mcp-admission-tls"
WEBHOOKS = "mutatingwebhookconfigurations.admissionregistration.k8s.io/mcp-admission"
TOOLS = ("--namespace", "mcp-admission-mcp")
OWN = ("--namespace", NAMESPACE)


@pytest.fixture(scope="module")
def granted(own_cluster: ControlPlane) -> ControlPlane:
    """A cluster with the rights of the plain manifests, and nothing else of them."""
    for number in ("00", "2", "3"):
        for file in sorted(FOLDER.glob(f"{number}*.yaml")):
            own_cluster.kubectl("apply", "--filename", str(file))
    account = f"system:serviceaccount:{NAMESPACE}:mcp-admission-certificates"
    own_cluster.wait_for(
        "rights in force",
        lambda: asked(own_cluster, account, "get", CA, *OWN),
    )
    return own_cluster


def asked(cluster: ControlPlane, user: str, *question: str) -> bool:
    """Whether this user may do so."""
    output = cluster.kubectl("auth", "can-i", *question, "--as", user, check=False)
    return output.stdout.strip() == "yes"


@pytest.mark.parametrize(
    ("account", "question", "allowed"),
    [
        ("certificates", ("get", CA, *OWN), True),
        ("certificates", ("update", TLS, *OWN), True),
        ("certificates", ("patch", WEBHOOKS), True),
        ("certificates", ("delete", WEBHOOKS), False),
        ("certificates", ("patch", f"{WEBHOOKS}-of-others"), False),
        ("certificates", ("get", "secrets", *TOOLS), False),
        ("certificates", ("get", "deployments.apps", *TOOLS), False),
        ("control", ("get", WEBHOOKS), False),
        ("control", ("patch", WEBHOOKS), False),
        ("control", ("create", "networkpolicies.networking.k8s.io", *TOOLS), True),
        # As a dry run alone: tests/e2e/controller_rights.
        ("control", ("create", "pods", *TOOLS), True),
        ("control", ("delete", "pods", *TOOLS), False),
        ("control", ("list", "runtimeclasses.node.k8s.io"), True),
        ("control", ("create", "runtimeclasses.node.k8s.io"), False),
        ("control", ("create", "clusterrolebindings.rbac.authorization.k8s.io"), False),
        ("control", ("update", "managednamespaces.mcp-admission.dev"), False),
        ("serve", ("get", TLS, *OWN), False),
        # What every user may read.
        ("serve", ("get", "configmap/mcp-admission-locked", *OWN), True),
        ("serve", ("get", "configmap/mcp-admission-registrations", *OWN), False),
        ("serve", ("list", "pods", *OWN), False),
    ],
)
def test_each_service_account_of_the_chart_may_do_its_work_and_no_more(
    granted: ControlPlane, account: str, question: tuple[str, ...], allowed: bool
) -> None:
    user = f"system:serviceaccount:{NAMESPACE}:mcp-admission-{account}"

    assert asked(granted, user, *question) is allowed
