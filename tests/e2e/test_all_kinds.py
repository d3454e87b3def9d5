"""Every kind that makes pods: Deployments are enforced, the others warned early and their pods are.

A Job of a CronJob and a pod of a PodTemplate are made by hand, as people do.
"""

from typing import Any

import pytest

from tests.builders import KINDS, OPTED_IN, SERVER, of_kind, server
from tests.e2e.namespace import Namespace, Object, assert_hardened
from tests.e2e.product import Product
from tools.cluster.clients import Output

OTHERS = [kind for kind in KINDS if kind != "Deployment"]
ROOT: dict[str, Any] = {"hostPID": True, "securityContext": {"runAsUser": 0}}
REASONS = (
    "hostPID must be false (host-namespaces)",
    "securityContext.runAsUser must be a UID other than 0 (run-as-user)",
)


def apply(namespace: Namespace, manifest: Object, *, check: bool = True) -> Output:
    """`kubectl apply` by the administrator: PodTemplates are not in the ClusterRole `edit`."""
    return namespace.kubectl("apply", "-f", "-", sent=manifest, check=check)


def make_pod(namespace: Namespace, manifest: Object) -> None:
    """What no controller does for this kind."""
    if manifest["kind"] == "CronJob":
        namespace.kubectl("create", "job", "by-hand", "--from=cronjob/github-tools")
    if manifest["kind"] == "PodTemplate":
        pod = {**manifest["template"], "apiVersion": "v1", "kind": "Pod"}
        pod["metadata"] = {**pod["metadata"], "name": "by-hand"}
        namespace.raw("POST", "pods", pod)


def refusals(namespace: Namespace, manifest: Object) -> str:
    """What the controller was told when it made a pod, or what whoever makes one by hand is."""
    if manifest["kind"] == "PodTemplate":
        pod = {**manifest["template"], "apiVersion": "v1", "kind": "Pod"}
        pod["metadata"] = {**pod["metadata"], "name": "by-hand"}
        return str(namespace.raw("POST", "pods", pod).json()["message"])
    return "\n".join(event["message"] for event in namespace.get("events")["items"])


@pytest.mark.parametrize("manifest", [of_kind("Deployment", **ROOT), server(**ROOT)])
def test_a_contradicting_deployment_is_refused(namespace: Namespace, manifest: Object) -> None:
    refused = apply(namespace, manifest, check=False)

    assert refused.returncode == 1
    assert [reason for reason in REASONS if reason not in refused.stderr] == []


@pytest.mark.parametrize("kind", OTHERS)
def test_another_contradicting_kind_is_warned_early_and_gets_no_pod(
    namespace: Namespace, kind: str
) -> None:
    manifest = of_kind(kind, **ROOT)
    said = apply(namespace, manifest).stderr.splitlines()
    make_pod(namespace, manifest)

    warned = [f"Warning: pods will be refused: {reason}" for reason in REASONS]
    assert sorted(line for line in said if "mcp-admission" not in line) == sorted(warned)
    namespace.cluster.wait_for(
        "refusal of the pod",
        lambda: all(reason in refusals(namespace, manifest) for reason in REASONS),
    )
    assert namespace.pods() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_one_of_any_kind_is_not_warned_about_and_its_pods_are_hardened(
    namespace: Namespace, kind: str
) -> None:
    manifest = of_kind(kind)
    assert apply(namespace, manifest).stderr == ""
    make_pod(namespace, manifest)

    namespace.cluster.wait_for("pods", namespace.pods)
    for pod in namespace.pods():
        assert_hardened(pod)
        (found,) = pod["spec"]["containers"]
        assert found["resources"] == {"requests": {"memory": "400Mi"}}
        assert pod["spec"]["schedulingGates"] == [{"name": "mcp-admission.dev/isolation"}]
        assert pod["metadata"]["labels"][SERVER] == "true"


@pytest.mark.parametrize("kind", OTHERS)
def test_templates_of_other_kinds_are_stored_as_they_were_written(
    product: Product, namespace: Namespace, kind: str
) -> None:
    counted = {"kind": kind, "hook": "validate", "decision": "allowed"}
    before = product.metric("reviews_total", **counted)
    apply(namespace, of_kind(kind))
    assert product.metric("reviews_total", **counted) > before
    resource = f"{kind.lower()}s/github-tools"

    stored = namespace.get(resource)
    root = stored if kind == "PodTemplate" else stored["spec"]
    template = root["jobTemplate"]["spec"]["template"] if kind == "CronJob" else root["template"]
    assert template["spec"]["securityContext"] == {}
    (found,) = template["spec"]["containers"]
    assert "securityContext" not in found
    assert found["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize("kind", OTHERS)
def test_a_label_that_reaches_no_pod_is_warned_about(namespace: Namespace, kind: str) -> None:
    manifest = of_kind(kind, labels={})
    manifest["metadata"]["labels"] = dict(OPTED_IN)

    (warning,) = apply(namespace, manifest).stderr.splitlines()

    template = {"CronJob": "spec.jobTemplate.spec.template", "PodTemplate": "template"}
    place = f"{template.get(kind, 'spec.template')}.metadata.labels"
    assert warning == f"Warning: its pods are not covered: put {SERVER} into {place} (identity)"


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job", "ReplicaSet"])
def test_pods_of_other_kinds_run_once_the_gate_is_removed(namespace: Namespace, kind: str) -> None:
    apply(namespace, of_kind(kind))
    namespace.cluster.wait_for("pods", namespace.pods)
    for pod in namespace.pods():
        assert_hardened(pod)

    def running() -> bool:
        namespace.release_all()
        phases = {pod["status"].get("phase") for pod in namespace.pods()}
        return bool(phases) and phases <= {"Running", "Succeeded"}

    namespace.cluster.wait_for("running pods", running)
