"""The control plane is a real one: what it runs, whom it lets in, and what it survives."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fixtures import binaries_or_skip
from tools.cluster.clients import KubectlError
from tools.cluster.control_plane import ControlPlane
from tools.cluster.process import ComponentError

Manifest = dict[str, Any]


def deployment(name: str, replicas: int = 1, **pod: object) -> Manifest:
    labels = {"app": name}
    container = {"name": "main", "image": "registry.example/web:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def apply(cluster: ControlPlane, namespace: str, manifest: Manifest) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", sent=manifest)


def wait_until_available(cluster: ControlPlane, namespace: str, name: str) -> None:
    cluster.kubectl(
        "wait", "-n", namespace, "--for=condition=Available", f"deployment/{name}", "--timeout=120s"
    )


def test_every_component_says_the_same_kubernetes_version(control_plane: ControlPlane) -> None:
    versions = control_plane.versions
    served = control_plane.raw("GET", "/version").json()

    assert versions["kube-apiserver"] == served["gitVersion"]
    assert {
        versions[name] for name in versions if name.startswith("kube") and name != "kubectl"
    } == {served["gitVersion"]}
    assert f"v{served['major']}.{served['minor']}." in served["gitVersion"]


def test_a_deployment_becomes_available_and_its_pods_run(
    control_plane: ControlPlane, namespace: str
) -> None:
    apply(control_plane, namespace, deployment("web", replicas=3))
    wait_until_available(control_plane, namespace, "web")

    pods = control_plane.kubectl("get", "pods", "-n", namespace, "-o", "json").json()["items"]
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3
    volumes = pods[0]["spec"]["volumes"]
    assert [volume["name"][:16] for volume in volumes] == ["kube-api-access-"]


def test_pod_security_and_rbac_are_in_force(control_plane: ControlPlane) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = control_plane.namespace("strict", labels)
    tenant = control_plane.user("tenant", "team-a")
    pod = {**deployment("web")["spec"]["template"], "apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] = {"name": "web"}

    def create() -> str:
        arguments = ["create", "-n", namespace, "-f", "-"]
        output = control_plane.kubectl(*arguments, sent=pod, as_user=tenant, check=False)
        assert output.returncode == 1
        return output.stderr

    assert 'User "tenant" cannot create resource "pods"' in create()
    control_plane.kubectl(
        "create", "rolebinding", "edit", "-n", namespace, "--clusterrole=edit", "--group=team-a"
    )
    control_plane.wait_for(
        "refusal by PodSecurity", lambda: 'violates PodSecurity "restricted:latest"' in create()
    )


def test_a_service_account_acts_with_a_token_that_the_api_server_signed(
    control_plane: ControlPlane, namespace: str
) -> None:
    account = control_plane.service_account(namespace, "default")

    said = control_plane.kubectl("auth", "whoami", "-o", "json", as_user=account).json()
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = control_plane.raw("POST", path, review, as_user=account).json()

    assert said["status"]["userInfo"]["username"] == account.name
    assert answer["status"]["userInfo"]["username"] == account.name


def test_pods_go_where_labels_and_taints_send_them(
    control_plane: ControlPlane, namespace: str
) -> None:
    taint = {"key": "only", "value": "gpu", "effect": "NoSchedule"}
    control_plane.add_node("gpu", labels={"gpu": "yes"}, taints=[taint])
    toleration = {**taint, "operator": "Equal"}
    apply(
        control_plane,
        namespace,
        deployment("model", nodeSelector={"gpu": "yes"}, tolerations=[toleration]),
    )
    wait_until_available(control_plane, namespace, "model")

    (pod,) = control_plane.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    assert pod["spec"]["nodeName"] == "gpu"


def test_a_failing_kubectl_says_what_it_was_asked_and_what_it_said(
    control_plane: ControlPlane,
) -> None:
    with pytest.raises(KubectlError, match=r"^kubectl get pod nobody ended with 1: .*not found$"):
        control_plane.kubectl("get", "pod", "nobody")


def test_the_audit_log_names_user_and_object(control_plane: ControlPlane, namespace: str) -> None:
    apply(control_plane, namespace, deployment("audited"))

    def created() -> list[Manifest]:
        return [
            event
            for event in control_plane.audit_events()
            if event["objectRef"].get("namespace") == namespace
            and event["objectRef"]["resource"] == "deployments"
            and event["verb"] == "create"
        ]

    (event,) = control_plane.wait_for("audit event", created)
    assert event["user"]["username"] == "admin"
    assert event["requestObject"]["metadata"]["name"] == "audited"


def test_the_api_server_comes_back_where_it_was_and_work_goes_on(
    control_plane: ControlPlane, namespace: str
) -> None:
    apply(control_plane, namespace, deployment("before"))

    with control_plane.without_api_server():
        gone = control_plane.kubectl("get", "nodes", check=False)

    assert gone.returncode == 1
    assert "refused" in gone.stderr
    apply(control_plane, namespace, deployment("after"))
    wait_until_available(control_plane, namespace, "before")
    wait_until_available(control_plane, namespace, "after")


def test_a_failed_start_quotes_the_culprit_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho the certificate is upside down >&2\nexit 1\n")
    broken.chmod(0o755)
    folders = tmp_path / "folders"
    folders.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders))
    cluster = ControlPlane({**binaries_or_skip(pytestconfig), "kube-apiserver": broken})

    with (
        pytest.raises(ComponentError, match=r"^kube-apiserver ended .*\n  the certificate is up"),
        cluster,
    ):
        pytest.fail("started")

    assert list(folders.iterdir()) == []
    with pytest.raises(RuntimeError, match="is not running"):
        _ = cluster.folder
