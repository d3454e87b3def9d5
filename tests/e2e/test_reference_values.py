"""What an MCP server says nothing about has the reference values, on Deployment and Pod alike."""

import pytest

from tests.builders import INJECTED, NAME, SERVER, bare_pod, container, server
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object
from tests.e2e.product import Product

RUNTIME_DEFAULT = {"type": "RuntimeDefault"}
POD_CONTEXT = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "fsGroup": 1000,
    "seccompProfile": RUNTIME_DEFAULT,
}
CONTAINER_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": RUNTIME_DEFAULT,
}
EMPTY_UNTIL_SET = ("runtimeClassName", "affinity", "nodeSelector", "imagePullSecrets")
OF_NODES = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}
CLASS = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": "sandboxed"},
    "handler": "runsc",
}


def template_and_pod(namespace: Namespace) -> list[Object]:
    """The template of the stored Deployment, and the stored Pod that was made from it."""
    (pod,) = namespace.wait_for_pods()
    return [namespace.deployment()["spec"]["template"], pod]


def test_security_fields_are_filled_in_on_every_container_of_template_and_pod(
    namespace: Namespace,
) -> None:
    init = container(name="prepare")
    sidecar = container(name="proxy", restartPolicy="Always")
    namespace.apply(server(initContainers=[init, sidecar]))

    assert namespace.deployment()["spec"]["replicas"] == 1
    for hardened in template_and_pod(namespace):
        spec = hardened["spec"]
        assert spec["securityContext"] == POD_CONTEXT
        assert spec["automountServiceAccountToken"] is False
        every = spec["containers"] + spec["initContainers"]
        assert [found["securityContext"] for found in every] == [CONTAINER_CONTEXT] * 3
        assert [found["imagePullPolicy"] for found in every] == ["Always"] * 3
        assert [found["resources"] for found in spec["initContainers"]] == [{}, {}]
    template, pod = (found["spec"]["containers"][0] for found in template_and_pod(namespace))
    assert template["resources"] == {}
    assert pod["resources"] == {"requests": {"memory": "400Mi"}}


def test_what_the_fleet_has_not_set_stays_empty(namespace: Namespace) -> None:
    namespace.apply(server())

    for hardened in template_and_pod(namespace):
        spec = hardened["spec"]
        assert [key for key in EMPTY_UNTIL_SET if key in spec] == []
        assert {taint["key"] for taint in spec.get("tolerations", [])} <= OF_NODES
        assert "envFrom" not in spec["containers"][0]
        assert hardened["metadata"]["labels"].items() >= {(SERVER, "true"), (NAME, "github-tools")}


def test_a_bare_pod_is_filled_in_like_a_deployment(namespace: Namespace) -> None:
    namespace.apply(bare_pod())

    pod = namespace.get("pods/github-tools")
    (found,) = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"] == POD_CONTEXT
    assert found["securityContext"] == CONTAINER_CONTEXT
    assert found["resources"] == {"requests": {"memory": "400Mi"}}
    assert found["imagePullPolicy"] == "Always"


def test_the_token_volume_of_a_running_server_is_removed_and_does_not_come_back(
    namespace: Namespace,
) -> None:
    namespace.apply(server(initContainers=[container(name="prepare")]))

    (pod,) = namespace.wait_until_running()
    assert_no_token(pod)
    path = f"pods/{pod['metadata']['name']}"
    touched = namespace.raw(
        "PATCH", path, {"metadata": {"labels": {"a": "b"}}}, MERGE_PATCH, as_user=namespace.tenant
    )
    assert touched.status == 200
    assert_no_token(namespace.get(path))


def assert_no_token(pod: Object) -> None:
    assert "volumes" not in pod["spec"]
    for found in pod["spec"]["containers"] + pod["spec"]["initContainers"]:
        assert "volumeMounts" not in found


@pytest.mark.parametrize("manifest", [server(), bare_pod()], ids=["Deployment", "Pod"])
def test_a_server_without_an_image_runs_in_the_base_image(
    namespace: Namespace, manifest: Object
) -> None:
    spec = manifest["spec"].get("template", manifest)["spec"]
    namespace.apply({**manifest, "spec": without_image(manifest["spec"], spec)})

    (pod,) = namespace.wait_for_pods()
    (found,) = pod["spec"]["containers"]
    assert found["image"] == "ghcr.io/obot-platform/mcp-images/phat:main"


def without_image(outer: Object, spec: Object) -> Object:
    bare = {**spec, "containers": [{"name": "mcp"}]}
    if outer is spec:
        return bare
    return {**outer, "template": {**outer["template"], "spec": bare}}


def test_the_fleets_settings_reach_deployment_and_pod(
    product: Product, namespace: Namespace
) -> None:
    term = {
        "matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]
    }
    affinity = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
        }
    }
    toleration = {"key": "mcp", "operator": "Exists", "effect": "NoSchedule"}
    fleet = {
        "runtimeClassName": "sandboxed",
        "affinity": affinity,
        "tolerations": [toleration],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "imagePullSecrets": [{"name": "registry"}],
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
        "image": "registry.example/base:2",
    }
    product.cluster.create("/apis/node.k8s.io/v1/runtimeclasses", CLASS)
    with product.settings({"mcpServerDefaults": fleet}):
        namespace.apply(server(containers=[{"name": "mcp"}]))
        (pod,) = namespace.wait_until_running()

    template = namespace.deployment()["spec"]["template"]
    for spec in (template["spec"], pod["spec"]):
        for key in ("runtimeClassName", "affinity"):
            assert spec[key] == fleet[key]
        assert spec["containers"][0]["image"] == "registry.example/base:2"
    for key in ("nodeSelector", "imagePullSecrets"):
        assert pod["spec"][key] == fleet[key]
        assert key not in template["spec"]
    assert toleration in pod["spec"]["tolerations"]
    assert pod["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "1Gi"},  # the API server's own, on pods with a limit
        "limits": {"memory": "1Gi"},
    }


def test_configuration_reaches_the_server_container_alone(namespace: Namespace) -> None:
    asked = {
        "mcp-admission.dev/config-from": "github",
        "mcp-admission.dev/file-keys": "cert.pem",
        "mcp-admission.dev/env-from": "shared",
    }
    named = container(ports=[{"name": "mcp", "containerPort": 8080}])
    namespace.apply(server(annotations=asked, containers=[named, container(name="metrics")]))

    for configured in template_and_pod(namespace):
        one, other = configured["spec"]["containers"]
        secrets = [source["secretRef"]["name"] for source in one["envFrom"]]
        assert secrets == ["github-tools-mcp-config", "shared"]
        mount = {"name": "mcp-files", "mountPath": "/files", "readOnly": True}
        assert one["volumeMounts"] == [mount]
        (volume,) = configured["spec"]["volumes"]
        assert volume["secret"]["secretName"] == "github-tools-mcp-files"
        assert "envFrom" not in other
        assert "volumeMounts" not in other


def test_what_is_stricter_is_kept_and_counts_for_the_containers_too(namespace: Namespace) -> None:
    own = {"runAsUser": 65532, "runAsGroup": 65532}
    limits = {"limits": {"memory": "1Gi"}}
    namespace.apply(server(securityContext=own, containers=[container(resources=limits)]))

    for hardened in template_and_pod(namespace):
        (found,) = hardened["spec"]["containers"]
        assert hardened["spec"]["securityContext"] == {**POD_CONTEXT, **own}
        assert found["securityContext"] == {**CONTAINER_CONTEXT, **own}
        assert found["resources"]["limits"] == {"memory": "1Gi"}
    assert INJECTED in namespace.deployment()["spec"]["template"]["metadata"]["annotations"]
