"""What is wrong with the servers of a cluster is listed, with the fields, and nothing else is."""

import json
from pathlib import Path
from typing import Any

from tests import builders
from tests.e2e import management
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import NAME, POLICIES, PORTS, deployed
from tests.e2e.fleet.commands import FIELD, MORE_MEMORY, NO_CHANGE, Fleet, Json, reasons
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.system import NAMESPACE
from webhook.health import STATES

CONFIG_MAP = f"/api/v1/namespaces/{NAMESPACE}/configmaps/mcp-admission-settings"
BASELINE = "mcp-admission-baseline"
PRIVILEGED = [builders.container(ports=PORTS, securityContext={"privileged": True})]
PORTED: Json = {"container": {"ports": PORTS}}


def summary(counts: dict[str, int]) -> dict[str, int]:
    return {**dict.fromkeys(("all", *STATES), 0), **counts}


def controlled(product: Product, namespace: Namespace, **given: Any) -> Control:
    return Control(product, "--namespace", namespace.name, name="for-audit", **given)


def policy(name: str, **spec: Any) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": {}, **spec},
    }


def test_a_server_is_up_to_date_until_the_settings_change(product: Product, fleet: Fleet) -> None:
    namespace = fleet.namespace
    with controlled(product, namespace) as control:
        product.cluster.wait_for("leader", control.leads)
        deployed(namespace)

    code, report = fleet.audit()
    assert (code, report["servers"], report["not_looked_at"]) == (0, [], [])
    assert report["summary"] == summary({"all": 1, "current": 1})

    code, report = fleet.audit(MORE_MEMORY)
    assert (code, report["summary"]) == (1, summary({"all": 1, "out-of-date": 1}))
    (server,) = report["servers"]
    assert (server["kind"], server["namespace"], server["name"]) == (
        "Deployment",
        namespace.name,
        NAME,
    )
    assert server["findings"] == [
        {
            "state": "out-of-date",
            "reason": "out-of-date",
            "message": f"{FIELD} is 400Mi and would be 800Mi",
            "path": "/spec/template/spec/containers/0/resources/requests/memory",
            "rule": "",
            "seen": "",
            "final": False,
            "field": FIELD,
            "before": "400Mi",
            "after": "800Mi",
        }
    ]

    with controlled(product, namespace, settings=MORE_MEMORY) as control:
        product.cluster.wait_for("leader", control.leads)

        def counted() -> bool:
            states = report["summary"].items()
            return all(control.metric("servers", state=key) == count for key, count in states)

        product.cluster.wait_for("the same counts in the metrics", counted)


FLEET = {
    "mcpServerDefaults": {
        "tolerations": [{"key": "mcp", "operator": "Exists"}],
        "imagePullSecrets": [{"name": "pull"}],
        "perServer": "forbid",
    }
}


def test_what_runs_as_it_was_filled_in_is_clean_whatever_kind_it_is(
    product: Product, fleet: Fleet
) -> None:
    """What the API server, the scheduler and controllers add to live pods is no difference."""
    namespace = fleet.namespace
    names = ["bare", "stateful", "agents", "job"]
    with product.settings(FLEET):
        namespace.create(builders.bare_pod("bare"))
        namespace.create(builders.of_kind("StatefulSet", "stateful"))
        namespace.create(builders.of_kind("DaemonSet", "agents"))
        namespace.create(builders.of_kind("Job", "job"))
        namespace.create(builders.server(replicas=1, **PORTED))
        with controlled(product, namespace, settings=FLEET) as control:
            product.cluster.wait_for("leader", control.leads)
            product.cluster.wait_for(
                "pods on their nodes",
                lambda: {*names, NAME} <= {owner(pod) for pod in namespace.pods() if placed(pod)},
            )
    code, report = fleet.audit(FLEET)

    assert report["servers"] == []
    assert (code, report["summary"]) == (0, summary({"all": 5, "current": 5}))


def owner(pod: Json) -> str:
    """The name of the workload that made a pod."""
    names: list[str] = [each["name"] for each in pod["metadata"].get("ownerReferences", [])]
    return (names or [pod["metadata"]["name"]])[0].removesuffix(f"-{hash_of(pod)}")


def hash_of(pod: Json) -> str:
    return str(pod["metadata"]["labels"].get("pod-template-hash"))


def placed(pod: Json) -> bool:
    return "nodeName" in pod["spec"]


def test_what_the_webhook_has_not_reviewed_is_unprotected_in_the_audit(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    in_template = builders.server("in-template", labels=builders.NOT_LABELLED, replicas=0, **PORTED)
    in_template["spec"]["template"]["metadata"]["labels"][builders.SERVER] = "true"
    half = builders.of_kind("StatefulSet", "half")
    del half["spec"]["template"]["metadata"]["labels"][builders.SERVER]
    with product.uninstalled():
        namespace.create(builders.server("older", replicas=0, **PORTED))
        namespace.create(builders.server("privileged", replicas=0, containers=PRIVILEGED))
        namespace.create(in_template)
        namespace.create(half)
        namespace.create(builders.of_kind("CronJob", "refused", hostNetwork=True))
        namespace.create(builders.bare_pod("bare"))
        namespace.create(builders.bare_pod("bare-and-refused", hostPID=True))
        namespace.create(builders.server("no-server", labels=builders.NOT_LABELLED, replicas=0))

    code, report = fleet.audit()
    older = {"older-than-webhook", "policy-missing"}
    assert code == 1
    assert reasons(report) == {
        ("Deployment", "older"): ("unprotected", older | {"half-labelled", "out-of-date"}),
        ("Deployment", "privileged"): ("refused", older | {"half-labelled", "refused"}),
        ("Deployment", "in-template"): ("unprotected", older | {"half-labelled", "out-of-date"}),
        ("StatefulSet", "half"): ("unprotected", {"half-labelled"}),
        ("CronJob", "refused"): ("refused", {"refused"}),
        ("Pod", "bare"): ("unprotected", older | {"out-of-date"}),
        ("Pod", "bare-and-refused"): ("refused", older | {"refused"}),
    }
    (rule,) = {
        finding["rule"]
        for each in report["servers"]
        for finding in each["findings"]
        if each["name"] == "bare-and-refused" and finding["rule"]
    }
    assert rule == "host-namespaces"


def test_a_namespace_that_observes_lacks_nothing_and_enforce_is_told_when_asked(
    product: Product, fleet: Fleet
) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    with product.uninstalled():
        namespace.create(builders.server("older", replicas=0, **PORTED))
        namespace.create(builders.server("privileged", replicas=0, containers=PRIVILEGED))
        namespace.create(builders.of_kind("CronJob", "refused", hostNetwork=True))
        namespace.create(builders.bare_pod("bare"))

    def distributed() -> bool:
        found = cluster.raw("GET", CONFIG_MAP)
        return found.status == 200 and "mode: observe" in found.json()["data"]["settings.yaml"]

    with controlled(product, namespace, settings={"mode": "observe"}):
        cluster.wait_for("settings in force", distributed)
    code, report = fleet.audit(None)
    assert (code, report["servers"]) == (0, [])
    assert report["would"] == {"would-change": 2, "would-refuse": 2}

    asked = fleet.run("audit", "--as", "enforce", "-o", "json", settings=None)
    assert asked.code == 1
    assert reasons(json.loads(asked.out)) == {
        ("Deployment", "older"): ("out-of-date", {"out-of-date"}),
        ("Deployment", "privileged"): ("refused", {"half-labelled", "refused"}),
        ("CronJob", "refused"): ("refused", {"refused"}),
        ("Pod", "bare"): ("out-of-date", {"out-of-date"}),
    }
    not_yet = fleet.run("audit", "-o", "json", settings=NO_CHANGE)
    assert reasons(json.loads(not_yet.out)) == reasons(json.loads(asked.out))
    warned = fleet.run("audit", "--as", "warn", settings=None)
    assert "allowed for now: once mcp-admission enforces its rules, it refuses" in warned.out
    named = fleet.apply("older", settings=None)
    assert (named.code, "has the mode observe" in named.err) == (2, True)
    assert cluster.raw("DELETE", CONFIG_MAP).status == 200


def test_the_audit_reports_workloads_older_than_the_management(fleet: Fleet) -> None:
    namespace = fleet.namespace
    namespace.create(builders.server("older", labels=builders.NOT_LABELLED, replicas=0, **PORTED))
    namespace.create(builders.of_kind("DaemonSet", "agents", labels=builders.NOT_LABELLED))
    namespace.cluster.wait_for("pods", lambda: namespace.pods("agents"))
    management.begin(namespace)

    _, report = fleet.audit()
    around = {"older-than-webhook", "policy-missing", "namespace-labels", "out-of-date"}
    assert reasons(report) == {
        ("Deployment", "older"): ("unprotected", around),
        ("DaemonSet", "agents"): ("unprotected", around),
    }


def test_the_audit_reports_missing_and_undone_isolation(product: Product, fleet: Fleet) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    policies = POLICIES.format(namespace.name)
    with controlled(product, namespace) as control:
        cluster.wait_for("leader", control.leads)
        deployed(namespace)

    cluster.create(policies, policy("everything", policyTypes=["Egress"], egress=[{}]))
    code, report = fleet.audit()
    assert (code, reasons(report)) == (1, {("Deployment", NAME): ("unprotected", {"wide-policy"})})
    (finding,) = report["servers"][0]["findings"]
    assert finding["message"].startswith(
        "NetworkPolicy everything lets it reach everybody on every port"
    )

    assert cluster.raw("DELETE", f"{policies}/everything").status == 200
    edit = {"spec": {"podSelector": {"matchLabels": {"app": "other"}}}}
    assert cluster.raw("PATCH", f"{policies}/{BASELINE}", edit, MERGE_PATCH).status == 200
    assert reasons(fleet.audit()[1]) == {("Deployment", NAME): ("unprotected", {"policy-changed"})}

    assert cluster.raw("DELETE", f"{policies}/{BASELINE}").status == 200
    assert reasons(fleet.audit()[1]) == {("Deployment", NAME): ("unprotected", {"policy-missing"})}


def test_the_role_view_is_enough_for_an_audit_which_reports_what_it_may_not_read(
    fleet: Fleet, tmp_path: Path
) -> None:
    namespace, cluster = fleet.namespace, fleet.namespace.cluster
    viewer = cluster.user(f"viewer-of-{namespace.name}")
    namespace.kubectl("create", "rolebinding", "v", "--clusterrole=view", f"--user={viewer.name}")
    cluster.wait_for(
        "rights of the viewer",
        lambda: namespace.raw("GET", "pods", as_user=viewer).status == 200,
    )
    (tmp_path / "viewer").mkdir()
    as_viewer = Fleet(namespace, tmp_path / "viewer", viewer)
    code, report = as_viewer.audit()
    assert (code, report["not_looked_at"], report["registered"]) == (0, [], None)
    assert fleet.audit()[1]["registered"] is True
    assert namespace.raw("GET", "secrets", as_user=viewer).status == 403

    nobody = Fleet(namespace, tmp_path / "viewer", cluster.user("nobody-in-particular"))
    code, report = nobody.audit()
    assert code == 2
    assert {"networkpolicies", "deployments", "pods", "namespaces"} <= {
        each["what"] for each in report["not_looked_at"]
    }


def test_servers_are_judged_by_the_settings_in_force(product: Product, fleet: Fleet) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    namespace.create(builders.server(replicas=0))

    def distributed() -> bool:
        found = cluster.raw("GET", CONFIG_MAP)
        return found.status == 200 and "800Mi" in found.json()["data"]["settings.yaml"]

    with controlled(product, namespace, settings=MORE_MEMORY):
        cluster.wait_for("settings in force", distributed)
    _, report = fleet.audit(None)
    assert report["settings"] == f"ConfigMap {NAMESPACE}/mcp-admission-settings"
    assert "out-of-date" in reasons(report)["Deployment", NAME][1]

    assert cluster.raw("DELETE", CONFIG_MAP).status == 200
    _, report = fleet.audit(None)
    assert report["settings"].startswith("the defaults and the environment, which may not be")
    changes = [
        each for server in report["servers"] for each in server["findings"] if "field" in each
    ]
    assert changes == []


def test_an_audit_covers_the_whole_cluster(product: Product, fleet: Fleet) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    other = Namespace(product, cluster.namespace("other"))
    left_alone = Namespace(product, "kube-system")
    for here in (namespace, other, left_alone):
        here.create(builders.server("seen-everywhere", replicas=0, **PORTED))
    try:
        ended = fleet.run("audit", "-A", "-o", "json")
    finally:
        left_alone.raw("DELETE", "deployments/seen-everywhere")

    report = json.loads(ended.out)
    found = {
        each["namespace"]: {finding["reason"] for finding in each["findings"]}
        for each in report["servers"]
        if each["name"] == "seen-everywhere"
    }
    assert (ended.code, report["not_looked_at"]) == (1, [])
    assert found == {
        namespace.name: {"policy-missing"},
        other.name: {"policy-missing"},
        "kube-system": {"not-reviewed"},
    }


def test_an_audit_of_a_namespace_that_does_not_exist_is_not_clean(fleet: Fleet) -> None:
    ended = fleet.run("audit", "-n", "is-not-there")

    assert (ended.code, ended.out) == (2, "")
    assert "there is no namespace is-not-there" in ended.err
