"""What gets through: each gap that docs/coverage.md admits is still there, and no wider."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of
from tests.in_memory.defaults import copied
from tests.in_memory.places import ABSENT, found
from tests.in_memory.requests import RESOURCES
from tests.manifests.apiserver import Request, calls
from tests.reference.servers import PREFIX, server
from webhook.admission.request import Scope
from webhook.names import identity
from webhook.settings.model import Settings

Json = dict[str, Any]

CLUSTER = ApiServer()
MANAGED = ApiServer(scope=Scope.MANAGED)
SECRET_TOKEN = {"name": "builder-token", "key": "token"}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"csi": {"driver": "vault.example"}}, id="csi-driver-with-tokens-of-its-own"),
        pytest.param({"secret": {"secretName": "builder-token"}}, id="secret-that-is-a-token"),
    ],
)
def test_a_token_in_a_volume_that_is_not_projected(source: Json) -> None:
    assert CLUSTER.create(server("Pod", volumes=[{"name": "token", **source}])).allowed


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": SECRET_TOKEN}}]},
        {"envFrom": [{"secretRef": {"name": "builder-token"}}]},
    ],
    ids=["env", "env-from"],
)
def test_a_token_in_a_secret_that_is_read_as_environment(container: Json) -> None:
    assert CLUSTER.create(server("Pod", container=container)).allowed


def test_a_password_in_the_environment_stays() -> None:
    container = {"env": [{"name": "PASSWORD", "value": "not-a-password"}]}

    assert CLUSTER.create(server(container=container)).warnings == []


def test_a_pod_may_look_like_another_server_of_its_namespace() -> None:
    double = server("Pod", name="double")
    double["metadata"]["labels"][f"{PREFIX}name"] = "github-tools"

    assert CLUSTER.create(double).allowed


def test_a_pod_may_take_the_name_to_which_a_token_is_granted() -> None:
    settings = Settings.model_validate({"serviceAccountTokens": {"names": ["tools/inspector"]}})
    double = server("Pod", name="double", asks={"service-account-token": "true"})
    double["metadata"]["labels"][f"{PREFIX}name"] = "inspector"

    stored = ApiServer(settings, Scope.MANAGED).create(double).stored

    assert found(stored, "volumes[kube-api-access-x7k2p]") is not ABSENT


def test_a_pod_that_claims_an_owner_keeps_its_own_resources() -> None:
    settings = Settings.model_validate({"mcpServerDefaults": {"perServer": "forbid"}})
    own = {"requests": {"memory": "64Mi"}}
    claimed = server("Pod", container={"resources": own})
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": "0"}
    claimed["metadata"]["ownerReferences"] = [{**owner, "controller": True}]

    stored = ApiServer(settings).create(claimed).stored

    assert found(stored, "containers[main].resources") == own


def test_a_toleration_that_is_added_to_a_live_pod_stays() -> None:
    settings = Settings.model_validate({"mcpServerDefaults": {"perServer": "forbid"}})
    cluster, wanted = ApiServer(settings), {"key": "gpu", "operator": "Exists"}
    live = cluster.create(server("Pod")).stored
    tolerating = copied(live)
    tolerating["spec"]["tolerations"] = [wanted]

    stored = cluster.update(live, tolerating).stored

    assert stored["spec"]["tolerations"] == [wanted]


def test_a_pod_of_before_the_webhook_lives_on() -> None:
    old = server("Pod", hostNetwork=True)
    new = copied(old)
    new["metadata"]["labels"]["team"] = "platform"

    outcome = CLUSTER.update(old, new)

    assert outcome.allowed
    assert outcome.stored["spec"].get("securityContext") in ({}, None)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
def test_another_workload_is_stored_with_warnings(kind: str) -> None:
    workload = {**server(hostNetwork=True), "kind": kind}
    workload["spec"]["template"]["metadata"]["labels"][f"{PREFIX}server"] = "true"

    outcome = CLUSTER.create(workload)

    assert outcome.allowed
    assert outcome.warned_by == ["host-namespaces"]


def test_a_label_beside_the_template_of_another_workload_reaches_no_pod() -> None:
    workload = {**server(hostNetwork=True), "kind": "StatefulSet"}

    assert CLUSTER.create(workload).warned_by == ["identity"]


@pytest.mark.parametrize(
    "container",
    [
        pytest.param({"image": "registry.example/mcp/github-tools"}, id="no-tag-no-digest"),
        pytest.param({"securityContext": {"readOnlyRootFilesystem": False}}, id="writable-root"),
        pytest.param({"command": ["sh", "-c", "npx -y anything"]}, id="code-from-the-internet"),
    ],
)
def test_what_the_standard_does_not_ask_for(container: Json) -> None:
    outcome = CLUSTER.create(server("Pod", container=container))

    assert outcome.allowed
    assert outcome.warnings == []


def test_a_bare_pod_may_claim_that_its_resources_are_a_limit_range_s() -> None:
    forbid = ApiServer(Settings.model_validate({"mcpServerDefaults": {"perServer": "forbid"}}))
    pod = server("Pod", container={"resources": {"requests": {"memory": "3Gi"}}})
    claim = "LimitRanger plugin set: memory request for container main"
    pod["metadata"]["annotations"] = {"kubernetes.io/limit-ranger": claim}

    stored = forbid.create(pod).stored

    assert found(stored, "containers[main].resources.requests.memory") == "3Gi"


def test_what_pods_are_given_is_not_in_their_template() -> None:
    defaults = {"imagePullSecrets": [{"name": "registry"}], "nodeSelector": {"pool": "mcp"}}
    fleet = ApiServer(Settings.model_validate({"mcpServerDefaults": defaults}))

    stored = fleet.create(server()).stored

    assert found(stored, "imagePullSecrets") is ABSENT
    assert found(stored, "nodeSelector") is ABSENT
    assert found(stored, "containers[main].resources") == {}


def test_there_is_no_limit_until_a_ceiling_is_set() -> None:
    pod = CLUSTER.create(pod_of(CLUSTER.create(server()).stored)).stored

    assert found(pod, "containers[main].resources") == {"requests": {"memory": "400Mi"}}


CEILING = {"mcpServerMaximums": {"limits": {"memory": "1Gi"}}}


def test_each_container_may_take_as_much_as_the_ceiling() -> None:
    many = server()
    spec = many["spec"]["template"]["spec"]
    limited = {**spec["containers"][0], "resources": {"limits": {"memory": "1Gi"}}}
    spec["containers"] = [{**limited, "name": f"c{at}"} for at in range(10)]

    cluster = ApiServer(Settings.model_validate(CEILING), Scope.OPTED_IN)

    assert cluster.create(many).allowed


def test_devices_that_are_claimed_are_not_counted() -> None:
    claiming = server()
    spec = claiming["spec"]["template"]["spec"]
    spec["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": "gpus"}]

    cluster = ApiServer(Settings.model_validate(CEILING), Scope.OPTED_IN)

    assert found(cluster.create(claiming).stored, "resourceClaims") == spec["resourceClaims"]


def test_a_name_may_be_the_identity_of_a_longer_one() -> None:
    first, second = (server(name=name) for name in ("1tool", identity("1tool")))

    assert {
        CLUSTER.create(one).stored["spec"]["template"]["metadata"]["labels"][f"{PREFIX}name"]
        for one in (first, second)
    } == {identity("1tool")}


def test_the_shipped_registrations_send_nothing_that_only_a_selector_chooses() -> None:
    workload = server()
    workload["metadata"]["labels"] = {"toolhive": "true"}
    namespace = {"kubernetes.io/metadata.name": "tools"}

    for kind, resource in RESOURCES.items():
        plural, _, group = resource.partition(".")
        request = Request(group, plural, "CREATE", kind, namespace, {**workload, "kind": kind})

        assert calls(request) == []


def test_whoever_may_label_namespaces_ends_the_management_of_one() -> None:
    workload = server()
    del workload["metadata"]["labels"]

    def called(**labels: str) -> list[str]:
        namespace = {"kubernetes.io/metadata.name": "tools", **labels}
        return calls(Request("apps", "deployments", "CREATE", "Deployment", namespace, workload))

    assert called(**{f"{PREFIX}managed": "true"}) == ["M managed-namespace", "V managed-namespace"]
    assert called() == []


def test_nobody_but_the_controller_and_administrators_starts_a_gated_pod() -> None:
    pod = CLUSTER.create(server("Pod")).stored
    started = copied(pod)
    del started["spec"]["schedulingGates"]

    assert CLUSTER.update(pod, started).refused_by == ["isolation-gate"]


def test_a_secret_that_nobody_makes_yet_is_referred_to() -> None:
    stored = CLUSTER.create(server(asks={"config-from": "github"})).stored

    names = [one["secretRef"]["name"] for one in found(stored, "containers[main].envFrom")]
    assert names == ["github-tools-mcp-config"]


def test_without_the_gate_pods_start_at_once() -> None:
    settings = Settings.model_validate({"isolation": {"gate": False}})

    stored = ApiServer(settings).create(server("Pod")).stored

    assert found(stored, "schedulingGates") is ABSENT


@pytest.mark.parametrize("key", ["egress", "ingress-from"])
def test_what_is_asked_of_the_controller_changes_nothing_yet(key: str) -> None:
    callers: Json = {"metrics": {"from": [{"podSelector": {}}]}}
    reached: Json = {"metrics": {"to": [{"podSelector": {}}]}}
    granted = {"networkPolicy": {"egressProfiles": reached, "ingressProfiles": callers}}
    cluster = ApiServer(settings=Settings.model_validate({"mcpNamespace": granted}))
    plain = cluster.create(server())

    asking = cluster.create(server(asks={key: "metrics"}))

    assert asking.warnings == []
    assert asking.stored["spec"] == plain.stored["spec"]


@pytest.mark.parametrize(("count", "remembered"), [(15, True), (30, False)])
def test_what_was_filled_in_is_remembered_up_to_8_kib(count: int, remembered: bool) -> None:
    workload = server()
    sidecars = [{"name": f"sidecar-{at}", "image": "registry.example/a:1"} for at in range(count)]
    workload["spec"]["template"]["spec"]["containers"] += sidecars

    stored = CLUSTER.create(workload).stored

    memory = found(stored, f"spec.template.metadata.annotations[{PREFIX}injected]")
    assert ('"set"' in memory) == remembered
    assert found(stored, f"containers[sidecar-{count - 1}].securityContext.runAsUser") == 1000
