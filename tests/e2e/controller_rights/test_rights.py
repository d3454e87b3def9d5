"""The shipped role, verb by verb, against the calls that the controller really makes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import builders
from tests.e2e.controller.control import Control, grant
from tests.e2e.controller.objects import (
    CONFIG,
    NAME,
    POLICIES,
    SERVICE,
    deployed,
    events,
    made,
    policies,
    revision,
    secret,
    server,
)
from tests.e2e.controller_rights.narrow import allowed, kept_to
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.system import NAMESPACE as RELEASE
from tests.kube.faults import Call, Proxy
from tools.chart.definition import definitions
from tools.chart.helm import Helm
from tools.chart.shipped import shipped
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from webhook.objects import REPORT_APIS
from webhook.settings.exception_document import EXCEPTION_KIND, EXCEPTION_PLURAL
from webhook.settings.load import GROUP, KIND, PLURAL, VERSION
from webhook.settings.namespace_layer import NAMESPACE_KIND, NAMESPACE_PLURAL

Right = tuple[str, str, str]
# One of the pods of the probe has to be refused, and not for want of a right.
PROBE = {("", "pods", "create")}
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
UNLABELLED = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
BASELINE = "mcp-admission-baseline"
ROLE = "mcp-admission-control"
REPORT_GROUPS = {each.version.partition("/")[0] for each in REPORT_APIS}
SETTINGS = f"/apis/{GROUP}/{VERSION}/{PLURAL}"


def right(call: Call) -> Right:
    """Group, resource and verb, as RBAC names what a call does."""
    parts = call.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    if call.method == "GET":
        verb = "watch" if call.watch else "get" if len(rest) > 1 else "list"
    else:
        verb = VERBS[call.method]
    resource = "/".join([rest[0], *rest[2:]])
    return group, resource, verb


def defined(cluster: ControlPlane) -> None:
    """Let the API server know the resources of the product."""
    for each in definitions().values():
        cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", each)
    for plural in definitions():
        path = f"/apis/{GROUP}/{VERSION}/{plural}"
        cluster.wait_for("definition", lambda path=path: cluster.raw("GET", path).status == 200)  # type: ignore[misc]


def said_in(cluster: ControlPlane, namespace: str) -> tuple[str, str]:
    """Settings of a namespace and an exception in it; returns their paths."""
    version = f"{GROUP}/{VERSION}"
    settings = f"/apis/{version}/namespaces/{namespace}/{NAMESPACE_PLURAL}"
    exceptions = f"/apis/{version}/{EXCEPTION_PLURAL}"
    workload = {"namespace": namespace, "name": NAME}
    spec = {"workload": workload, "rules": ["capabilities"], "reason": "it is mended"}
    spec["expires"] = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    for path, kind, name, said in (
        (settings, NAMESPACE_KIND, "default", {"onConflict": "deny"}),
        (exceptions, EXCEPTION_KIND, "crm-root", spec),
    ):
        head = {"apiVersion": version, "kind": kind, "metadata": {"name": name}}
        cluster.create(path, {**head, "spec": said})
    return f"{settings}/default", f"{exceptions}/crm-root"


def granted() -> set[Right]:
    return {
        (rule["apiGroups"][0], resource, verb)
        for role in shipped("ClusterRole", "Role")
        if role["metadata"]["name"] == ROLE
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def strip(namespace: Namespace, path: str) -> None:
    """Take our label away, and wait until it is back."""
    cluster = namespace.cluster
    assert cluster.raw("PATCH", path, UNLABELLED, MERGE_PATCH).status == 200
    cluster.wait_for(
        f"label on {path}",
        lambda: "app.kubernetes.io/managed-by" in cluster.get(path)["metadata"].get("labels", {}),
    )


def test_the_controller_uses_every_right_and_misses_none(
    product: Product, namespace: Namespace, managed: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{RELEASE}/leases/{ROLE}"
    config_map = f"/api/v1/namespaces/{RELEASE}/configmaps/mcp-admission-settings"
    # It makes both anew.
    for path in (lease, config_map):
        cluster.raw("DELETE", path)
    defined(cluster)
    named = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": "default"}}
    cluster.create(SETTINGS, {**named, "spec": {"onConflict": "warn"}})
    own = said_in(cluster, namespace.name)
    with Proxy(cluster.url, cluster.components.places.authority.certificate) as proxy:
        file = cluster.folder / "rights.kubeconfig"
        kubeconfig = proxy.kubeconfig(product.controller.kubeconfig, file)
        with Control(product, name="rights", kubeconfig=kubeconfig) as control:
            cluster.wait_for("leader", control.leads)
            everything_happens(namespace)
            cluster.wait_for("policy", lambda: BASELINE in policies(managed))
            for path in (f"{SETTINGS}/default", *own):
                cluster.wait_for("status", lambda path=path: "status" in cluster.get(path))  # type: ignore[misc]
            cluster.wait_for("probe", lambda: control.metric("enforcing", scope="opted-in") == 1)
            edited = {"data": {"settings.yaml": "platform: openshift"}}
            assert cluster.raw("PATCH", config_map, edited, MERGE_PATCH).status == 200
            cluster.wait_for(
                "settings as they were",
                lambda: "onConflict: warn" in cluster.get(config_map)["data"]["settings.yaml"],
            )
        used = {right(call) for call in proxy.calls} - {("", "secrets", "update")}
        assert {right(call) for call in proxy.refused} <= PROBE
        # Kept to a namespace, it reads that one by its name.
        options = ("--namespace", namespace.name)
        kept = Control(product, *options, name="named", kubeconfig=kubeconfig)
        with kept as control:
            cluster.wait_for("leader", control.leads)
        used |= {right(call) for call in proxy.calls if call.path.endswith(namespace.name)}
        assert {right(call) for call in proxy.refused} <= PROBE
    for path in (f"{SETTINGS}/default", *own):
        cluster.raw("DELETE", path)
    # Whether it uses its rights to reports is seen in tests/e2e/policy_reports.
    needed = {each for each in granted() if each[0] not in REPORT_GROUPS}
    assert needed - used == set()
    assert used - needed == set()


def everything_happens(namespace: Namespace) -> None:
    """Each kind of object is made, edited, hidden and taken away; something is refused."""
    cluster = namespace.cluster
    # Its Secret never comes, so that the Event does, however late it is looked at.
    asked = {"mcp-admission.dev/config-from": "absent"}
    namespace.apply(server("incomplete", **asked))
    deployed(namespace)
    cluster.wait_for("Event", lambda: events(cluster, namespace.name))
    namespace.apply(secret("crm", {**CONFIG, "API_URL": "https://other.example"}))
    cluster.wait_for("revision", lambda: revision(namespace) is not None)
    strip(namespace, namespace.path(f"services/{SERVICE}"))
    strip(namespace, namespace.path(f"secrets/{NAME}-mcp-config"))
    policy = f"{POLICIES.format(namespace.name)}/{BASELINE}"
    wide_open: dict[str, Any] = {"spec": {"ingress": [{}], "egress": [{}]}}
    before = cluster.get(policy)["spec"]
    assert cluster.raw("PATCH", policy, wide_open, MERGE_PATCH).status == 200
    cluster.wait_for("policy as it was", lambda: cluster.get(policy)["spec"] == before, 15)
    strip(namespace, policy)
    namespace.kubectl("delete", "deployment", "incomplete", "--wait=false")
    namespace.kubectl("label", "deployment", NAME, f"{builders.SERVER}=false", "--overwrite")
    cluster.wait_for(
        "nothing that was made",
        lambda: not made(namespace, "secrets") and not policies(namespace),
        60,
    )


def test_a_namespaced_controller_works_there_and_can_read_no_secret_elsewhere(
    product: Product, helm: Helm, namespace: Namespace, managed: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    name = f"kept-to-{namespace.name}"[:60].rstrip("-")
    values = {"scope": "namespace", "mcpNamespace": {"name": namespace.name}}
    user = kept_to(cluster, helm, name, values)
    cluster.wait_for("rights", lambda: allowed(cluster, user, namespace.name, "list"))
    managed.apply(secret("crm", CONFIG))
    managed.apply(server())
    for verb in ("get", "list", "watch", "create", "patch", "delete"):
        assert allowed(cluster, user, namespace.name, verb)
        assert not allowed(cluster, user, managed.name, verb)
        assert not allowed(cluster, user, "kube-system", verb)
    settings = {"isolation": {"controllerUser": user.name}}
    with product.settings(settings):
        options = ("--namespace", namespace.name, "--lease", name)
        kept = Control(
            product, *options, name="kept", kubeconfig=user.kubeconfig, settings=settings
        )
        with kept as control:
            cluster.wait_for("leader", control.leads)
            (pod,) = deployed(namespace)
            assert "schedulingGates" not in pod["spec"]
            assert BASELINE in policies(namespace)
            assert SERVICE in made(namespace, "services")
            assert control.metric("watch_restarts_total") == 0
            for reconciler in ("namespace", "server", "pod", "settings", "events"):
                assert control.metric("reconcile_errors_total", reconciler=reconciler) == 0
    assert made(managed, "services") == {}


def test_missing_rights_of_the_controller_are_reported_and_it_recovers_with_them(
    product: Product, namespace: Namespace
) -> None:
    cluster = product.cluster
    grant(cluster)
    role = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{ROLE}"
    rules = cluster.get(role)["rules"]

    def without_writing_services() -> list[dict[str, Any]]:
        kept = ["get", "list", "watch"]
        return [
            {**rule, "verbs": kept} if rule["resources"] == ["services"] else rule for rule in rules
        ]

    def write(found: list[dict[str, Any]]) -> None:
        assert cluster.raw("PATCH", role, {"rules": found}, MERGE_PATCH).status == 200

    with Control(product, "--namespace", namespace.name, name="taken") as control:
        cluster.wait_for("leader", control.leads)
        write(without_writing_services())
        try:
            waits_for(cluster, product.controller, namespace, expected=False)
            namespace.apply(secret("crm", CONFIG))
            namespace.apply(server())
            cluster.wait_for("Event", lambda: events(cluster, namespace.name))
            (event,) = events(cluster, namespace.name)
            assert event["reason"] == "WriteForbidden"
            assert 'cannot create resource "services"' in event["note"]
            cluster.wait_for(
                "error", lambda: control.metric("reconcile_errors_total", reconciler="server") > 0
            )
            cluster.wait_for("metric", lambda: control.metric("servers", state="incomplete") == 1)
            assert len(made(namespace, "secrets")) == 2
        finally:
            write(rules)
        cluster.wait_for("Service", lambda: SERVICE in made(namespace, "services"), 60)
        cluster.wait_for("metric", lambda: control.metric("servers", state="incomplete") == 0)


def waits_for(cluster: ControlPlane, user: User, namespace: Namespace, *, expected: bool) -> None:
    """Wait until the API server knows of the changed role."""
    path = f"/api/v1/namespaces/{namespace.name}/services?dryRun=All"
    body = {"metadata": {"name": "trial"}, "spec": {"ports": [{"port": 1}]}}
    may: Callable[[], bool] = lambda: cluster.raw("POST", path, body, as_user=user).status == 201  # noqa: E731
    cluster.wait_for("changed rights", lambda: may() is expected)
