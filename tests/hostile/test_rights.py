"""Code in the controller's pod: what its account may do is what the controller does, and no more.

Bounded by an account of their own for certificates, and by the admission policy of the chart that
says field by field what the controller's account may write.
"""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.hostile.guard import Guard
from tests.hostile.tenants import MERGE, Tenant
from tools.chart.helm import NAMESPACE
from tools.cluster.users import User
from tools.release.release import CONFIGURATIONS

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

ACCOUNT = "mcp-admission-control"
CORE, APPS, NETWORK = "/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1"
DATA = {"KEY": base64.b64encode(b"value").decode()}
OURS = {"app.kubernetes.io/managed-by": "mcp-admission"}

EXEC = {"exec": {"command": ["sh", "-c", "evil"]}}
# By each of these fields somebody runs a program in a container.
RUNS: dict[str, Any] = {
    "lifecycle": {"postStart": EXEC},
    "livenessProbe": EXEC,
    "env": [{"name": "LD_PRELOAD", "value": "/files/evil.so"}],
}


@pytest.fixture(scope="module")
def controller(guard: Guard) -> User:
    """Whoever has got hold of the controller's token."""
    return guard.cluster.service_account(NAMESPACE, ACCOUNT)


@pytest.fixture(scope="module")
def owner(guard: Guard) -> Tenant:
    """A tenant who has a server, a Secret and a Service of its own, and a policy."""
    tenant = Tenant(guard.cluster, guard.cluster.namespace("owner"))
    tenant.create("deployments", builders.server("mine", replicas=1))
    tenant.create("secrets", {"metadata": {"name": "mine"}, "data": DATA})
    tenant.create("services", {"metadata": {"name": "mine"}, "spec": {"ports": [{"port": 80}]}})
    policy = {"podSelector": {}, "policyTypes": ["Ingress"]}
    tenant.create("networkpolicies", {"metadata": {"name": "mine"}, "spec": policy})
    tenant.create("pods", builders.bare_pod("mine"))
    return tenant


def token_secret(account: str) -> Json:
    """What the control plane fills with a token of that account."""
    annotations = {"kubernetes.io/service-account.name": account}
    metadata = {"generateName": "token-", "labels": OURS, "annotations": annotations}
    return {"metadata": metadata, "type": "kubernetes.io/service-account-token"}


def writes(namespace: str) -> Iterator[tuple[str, str, str, Json]]:
    """What the controller never does: a name for it, method, path and body."""
    system = f"{CORE}/namespaces/kube-system"
    here = f"{CORE}/namespaces/{namespace}"
    apps = f"{APPS}/namespaces/{namespace}/deployments"
    policies = f"{NETWORK}/namespaces/{namespace}/networkpolicies"
    token = token_secret("default")
    yield "token of kube-system", "POST", f"{system}/secrets", token
    yield "token of a tenant", "POST", f"{here}/secrets", token
    named = {"metadata": {"name": "mine-mcp-config", "labels": OURS}}
    yield "token under our name", "POST", f"{here}/secrets", token | named | {"data": {}}
    yield "Secret of another name", "POST", f"{here}/secrets", {"metadata": {"name": "x"}}
    yield "Secret without an owner", "POST", f"{here}/secrets", named | {"data": DATA}
    yield "Secret of the tenant", "PATCH", f"{here}/secrets/mine", {"data": {"KEY": "eA=="}}
    image = {"spec": {"containers": [builders.container(image="evil.example/i:1")]}}
    yield "image of a Deployment", "PATCH", f"{apps}/mine", {"spec": {"template": image}}
    for field in ("lifecycle", "livenessProbe", "env"):
        changed = builders.container(**{field: RUNS[field]})
        program = {"spec": {"containers": [changed]}}
        yield f"{field} of a Deployment", "PATCH", f"{apps}/mine", {"spec": {"template": program}}
    yield "replicas", "PATCH", f"{apps}/mine", {"spec": {"replicas": 0}}
    label = {"metadata": {"labels": {"mcp-admission.dev/server": "false"}}}
    yield "label of a Deployment", "PATCH", f"{apps}/mine", label
    yield "label of a pod", "PATCH", f"{here}/pods/mine", label
    yield "image of a pod", "PATCH", f"{here}/pods/mine", image
    service = {"spec": {"selector": {"app": "evil"}, "ports": [{"port": 80}]}}
    yield "Service of the tenant", "PATCH", f"{here}/services/mine", service
    other = {"metadata": {"name": "kubernetes"}, **service}
    yield "Service of another name", "POST", f"{here}/services", other
    wide = {"spec": {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}}
    yield "policy of the tenant", "PATCH", f"{policies}/mine", wide
    yield "policy of another name", "POST", policies, {"metadata": {"name": "wide"}, **wide}
    managed = {"metadata": {"labels": {"mcp-admission.dev/managed": "true"}}}
    yield "managed label", "PATCH", f"{CORE}/namespaces/{namespace}", managed
    exempt = {"metadata": {"annotations": {"scheduler.alpha.kubernetes.io/node-selector": "a=b"}}}
    yield "annotation of a namespace", "PATCH", f"{CORE}/namespaces/kube-system", exempt
    for path in CONFIGURATIONS:
        yield path.rsplit("/", 2)[1], "PATCH", path, {"webhooks": []}
    account = f"{CORE}/namespaces/{NAMESPACE}/secrets"
    for name in ("mcp-admission-ca", "mcp-admission-tls"):
        yield f"Secret {name}", "PATCH", f"{account}/{name}", {"data": DATA}


@pytest.mark.parametrize("what", [name for name, *_ in writes("")])
def test_the_controllers_account_may_not(
    guard: Guard, owner: Tenant, controller: User, what: str
) -> None:
    found = {name: (method, path, body) for name, method, path, body in writes(owner.namespace)}
    method, path, body = found[what]
    kind = MERGE if method == "PATCH" else "application/json"

    answer = guard.cluster.raw(method, f"{path}?dryRun=All", body, kind, as_user=controller)

    assert answer.status in {403, 422}, f"{answer.status} {answer.body.decode()[:300]}"


def test_only_the_controller_writes_under_its_label_and_names(attacker: Tenant) -> None:
    """A foreign Secret of our name and label would be taken for one that the controller made."""
    metadata = {"name": "mine-mcp-config", "labels": OURS}

    answer = attacker.raw("POST", "secrets", {"metadata": metadata, "data": DATA})

    assert answer.status in {403, 422}, answer.status


def test_configuration_from_a_secret_needs_the_right_to_create_secrets(guard: Guard) -> None:
    """Who may only create Deployments cannot have a Secret copied, nor a Service made."""
    deployments = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}]
    core = {"apiGroups": [""], "verbs": ["*"]}
    namespace = guard.cluster.namespace("deployers")
    may = {
        "neither": Tenant(guard.cluster, namespace, name="neither", rules=deployments),
        "both": Tenant(
            guard.cluster,
            namespace,
            name="both",
            rules=[*deployments, {**core, "resources": ["secrets", "services"]}],
        ),
    }
    asks = {"config-from": "shared"}
    server = builders.server("plain", replicas=0)
    asking = builders.server("asking", replicas=0, asks=asks)
    may["both"].create("secrets", {"metadata": {"name": "shared"}, "data": DATA})

    copied = may["neither"].raw("POST", "deployments", asking)
    served = may["neither"].raw("POST", "deployments?dryRun=All", server)
    may["both"].create("deployments", server)
    patch = {"metadata": {"annotations": {"mcp-admission.dev/config-from": "shared"}}}
    changed = may["neither"].raw("PATCH", "deployments/plain", patch, MERGE)

    said = (copied.status, served.status, changed.status)
    assert said == (403, 403, 403), said
    may["both"].create("deployments", asking)
