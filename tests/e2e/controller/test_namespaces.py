"""The policy that isolates a namespace, its labels, and the pods that wait for the policy."""

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import (
    NAME,
    POLICIES,
    events,
    made,
    policies,
    rolled_out,
    server,
)
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object
from tests.e2e.product import Product
from tests.e2e.system import NAMESPACE as RELEASE
from tools.cluster.clients import Response

BASELINE = "mcp-admission-baseline"
MANAGED = "mcp-admission.dev/managed"
STANDARD = "pod-security.kubernetes.io/"
NO_LABELS = {"metadata": {"labels": None}}


def labels(product: Product, namespace: str) -> dict[str, str]:
    found = product.cluster.get(f"/api/v1/namespaces/{namespace}")["metadata"]["labels"]
    return {key: value for key, value in found.items() if key.startswith(STANDARD)}


def label(product: Product, namespace: str, changes: dict[str, str | None]) -> Response:
    body = {"metadata": {"labels": changes}}
    return product.cluster.raw("PATCH", f"/api/v1/namespaces/{namespace}", body, MERGE_PATCH)


SIX = {
    f"{STANDARD}{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}


def test_a_managed_namespace_is_isolated_and_labelled_before_it_has_a_server(
    control: Control, product: Product, managed: Namespace
) -> None:
    product.cluster.wait_for("labels", lambda: labels(product, managed.name) == SIX)
    product.cluster.wait_for("policy", lambda: BASELINE in policies(managed))
    assert policies(managed)[BASELINE]["spec"]["podSelector"] == {}


def test_namespace_labels_that_drift_are_put_back_and_deleted_with_the_management(
    control: Control, product: Product, managed: Namespace
) -> None:
    def right() -> bool:
        return labels(product, managed.name) == SIX

    product.cluster.wait_for("labels", right)
    label(product, managed.name, {f"{STANDARD}enforce": "privileged", f"{STANDARD}warn": None})
    product.cluster.wait_for("labels again", right, 15)

    label(product, managed.name, {MANAGED: None})
    # What somebody else has set is theirs again.
    theirs = {f"{STANDARD}enforce": "privileged"}
    product.cluster.wait_for("no labels", lambda: labels(product, managed.name) == theirs, 15)
    product.cluster.wait_for("no policy", lambda: not policies(managed), 15)


def test_labels_that_were_set_by_hand_are_raised_at_most_and_come_back(
    control: Control, product: Product, namespace: Namespace
) -> None:
    by_hand: dict[str, str | None] = {f"{STANDARD}enforce": "baseline"}
    by_hand |= {f"{STANDARD}warn": "restricted"}
    label(product, namespace.name, by_hand)
    label(product, namespace.name, {MANAGED: "true"})
    right = {key: value for key, value in SIX.items() if key != f"{STANDARD}warn-version"}
    product.cluster.wait_for("labels", lambda: labels(product, namespace.name) == right)

    label(product, namespace.name, {MANAGED: None})
    product.cluster.wait_for("theirs", lambda: labels(product, namespace.name) == by_hand, 15)


def test_the_release_namespace_and_kube_system_are_left_alone(
    control: Control, product: Product, managed: Namespace
) -> None:
    product.cluster.wait_for("labels", lambda: labels(product, managed.name) == SIX)
    try:
        for name in (RELEASE, "kube-system"):
            assert label(product, name, {MANAGED: "true"}).status == 200
        # What comes after them has been looked at.
        assert label(product, managed.name, {f"{STANDARD}warn": None}).status == 200
        product.cluster.wait_for("labels", lambda: labels(product, managed.name) == SIX)
        for name in (RELEASE, "kube-system"):
            assert labels(product, name) == {}
            assert product.cluster.get(POLICIES.format(name))["items"] == []
    finally:
        for name in (RELEASE, "kube-system"):
            label(product, name, {MANAGED: None})


def test_older_deployments_get_their_objects_when_a_namespace_becomes_managed(
    control: Control, product: Product, namespace: Namespace
) -> None:
    old = server("older", **{"mcp-admission.dev/port": "8099"})
    old["metadata"]["labels"] = {}
    namespace.apply(old)
    label(product, namespace.name, {MANAGED: "true"})
    product.cluster.wait_for("Service", lambda: "older-mcp" in made(namespace, "services"))
    spec = made(namespace, "services")["older-mcp"]["spec"]
    assert "selector" not in spec, "its pods do not carry the labels yet"

    namespace.kubectl("rollout", "restart", "deployment/older")
    product.cluster.wait_for(
        "selector", lambda: "selector" in made(namespace, "services")["older-mcp"]["spec"], 60
    )
    (pod,) = rolled_out(namespace, "older")
    selector = made(namespace, "services")["older-mcp"]["spec"]["selector"]
    assert selector.items() <= pod["metadata"]["labels"].items()


def test_a_bare_pod_is_isolated_too_and_the_policy_goes_with_it(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(builders.bare_pod())
    namespace.cluster.wait_for(
        "running pod", lambda: namespace.get(f"pods/{NAME}")["status"]["phase"] == "Running"
    )
    policy = policies(namespace)[BASELINE]["metadata"]["creationTimestamp"]
    assert policy <= namespace.get(f"pods/{NAME}")["status"]["startTime"]
    namespace.kubectl("delete", "pod", NAME, "--wait=false")
    namespace.cluster.wait_for("no policy", lambda: not policies(namespace))


def test_the_controller_keeps_a_gate_of_somebody_else(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(builders.bare_pod(schedulingGates=[{"name": "example.com/theirs"}]))

    def gates() -> list[str]:
        found = namespace.get(f"pods/{NAME}")["spec"].get("schedulingGates", [])
        return [gate["name"] for gate in found]

    namespace.cluster.wait_for("its gate alone", lambda: gates() == ["example.com/theirs"])


def test_a_policy_of_the_reserved_name_is_ours_whoever_made_it(
    control: Control, namespace: Namespace
) -> None:
    theirs: Object = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": BASELINE},
        "spec": {"podSelector": {}, "ingress": [{}]},
    }
    namespace.cluster.create(POLICIES.format(namespace.name), theirs)
    namespace.apply(builders.bare_pod())

    namespace.cluster.wait_for(
        "running pod", lambda: namespace.get(f"pods/{NAME}")["status"]["phase"] == "Running"
    )
    assert policies(namespace)[BASELINE]["spec"]["podSelector"] != {}
    (event,) = events(namespace.cluster, namespace.name)
    assert (event["regarding"]["kind"], event["reason"]) == ("Namespace", "NetworkPolicyPutBack")


def test_without_its_policy_a_pod_waits_and_is_told_why(
    control: Control, namespace: Namespace
) -> None:
    none = {"count/networkpolicies.networking.k8s.io": "0"}
    quota = {"metadata": {"name": "none"}, "spec": {"hard": none}}
    namespace.cluster.create(f"/api/v1/namespaces/{namespace.name}/resourcequotas", quota)
    namespace.cluster.wait_for(
        "quota", lambda: namespace.get("resourcequotas/none").get("status", {}).get("hard")
    )
    namespace.apply(builders.bare_pod())

    def told() -> dict[str, str]:
        found = events(namespace.cluster, namespace.name)
        return {each["regarding"]["kind"]: each["reason"] for each in found}

    wanted = {"Namespace": "WriteForbidden", "Pod": "Gated"}
    namespace.cluster.wait_for("both Events", lambda: told() == wanted)
    assert namespace.get(f"pods/{NAME}")["spec"]["schedulingGates"]

    namespace.kubectl("delete", "resourcequota", "none")
    namespace.cluster.wait_for(
        "running pod", lambda: namespace.get(f"pods/{NAME}")["status"]["phase"] == "Running", 60
    )


def test_a_policy_that_lost_our_label_is_still_ours_and_labelled_again(
    control: Control, managed: Namespace
) -> None:
    managed.cluster.wait_for("policy", lambda: BASELINE in policies(managed))
    before = policies(managed)[BASELINE]["metadata"]
    path = f"{POLICIES.format(managed.name)}/{BASELINE}"
    assert managed.cluster.raw("PATCH", path, NO_LABELS, MERGE_PATCH).status == 200

    def labelled() -> bool:
        return bool(policies(managed)[BASELINE]["metadata"].get("labels") == before["labels"])

    managed.cluster.wait_for("label", labelled, 15)
    assert policies(managed)[BASELINE]["metadata"]["uid"] == before["uid"]
    managed.cluster.wait_for("Event", lambda: events(managed.cluster, managed.name))
    (event,) = events(managed.cluster, managed.name)
    assert event["reason"] == "NetworkPolicyPutBack"
    assert "metadata.labels[app.kubernetes.io/managed-by]" in event["note"]
