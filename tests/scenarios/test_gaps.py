"""What gets through: each gap that docs/coverage.md admits is still there, and no wider."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import GATE, NAME, SERVER, bare_pod, container, of_kind, server
from tests.scenarios.cluster import Cluster
from webhook.names import identity

Json = dict[str, Any]
Clusters = Callable[..., Cluster]

SECRET_TOKEN = {"name": "builder-token", "key": "token"}
# No scheduler knows the name: the pod stays as it is until the scenario changes it.
UNBOUND: Json = {"schedulerName": "nobody"}
FORBID: Json = {"mcpServerDefaults": {"perServer": "forbid"}}
CEILING: Json = {"mcpServerMaximums": {"limits": {"memory": "1Gi"}}}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"csi": {"driver": "vault.example"}}, id="csi-driver-with-tokens-of-its-own"),
        pytest.param({"secret": {"secretName": "builder-token"}}, id="secret-that-is-a-token"),
    ],
)
def test_a_token_in_a_volume_that_is_not_projected_gets_through(
    cluster: Cluster, source: Json
) -> None:
    assert cluster.create(bare_pod(volumes=[{"name": "token", **source}])).allowed


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": SECRET_TOKEN}}]},
        {"envFrom": [{"secretRef": {"name": "builder-token"}}]},
    ],
    ids=["env", "env-from"],
)
def test_a_token_in_a_secret_that_is_read_as_environment_gets_through(
    cluster: Cluster, fields: Json
) -> None:
    assert cluster.create(bare_pod(container=fields)).allowed


def test_a_password_in_the_environment_stays(cluster: Cluster) -> None:
    password = [{"name": "PASSWORD", "value": "not-a-password"}]

    created = cluster.create(server(container={"env": password}))

    assert created.warnings == ()
    assert created.stored["spec"]["template"]["spec"]["containers"][0]["env"] == password


def test_a_pod_may_look_like_another_server_of_its_namespace(cluster: Cluster) -> None:
    double = bare_pod("double", labels={SERVER: "true", NAME: "github-tools"})

    assert cluster.create(double).stored["metadata"]["labels"][NAME] == "github-tools"


def test_a_pod_may_take_the_name_to_which_a_token_is_granted(clusters: Clusters) -> None:
    cluster = clusters(managed=True)
    granted = [f"{cluster.namespace}/inspector"]
    cluster.change_settings({"serviceAccountTokens": {"names": granted}})
    asks = {"service-account-token": "true"}
    double = bare_pod("double", labels={SERVER: "true", NAME: "inspector"}, asks=asks)

    (volume,) = cluster.create(double).stored["spec"]["volumes"]

    assert volume["name"].startswith("kube-api-access-")
    assert "serviceAccountToken" in volume["projected"]["sources"][0]


def test_a_pod_that_claims_an_owner_keeps_its_own_resources(clusters: Clusters) -> None:
    own = {"requests": {"memory": "64Mi"}}
    claimed = bare_pod(container={"resources": own})
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": "0"}
    claimed["metadata"]["ownerReferences"] = [{**owner, "controller": True}]

    stored = clusters(FORBID).create(claimed).stored

    assert stored["spec"]["containers"][0]["resources"] == own


def test_a_toleration_that_is_added_to_a_live_pod_stays(clusters: Clusters) -> None:
    cluster, wanted = clusters(FORBID), {"key": "gpu", "operator": "Exists"}
    live = cluster.create(bare_pod()).stored
    live["spec"]["tolerations"] = [*live["spec"].get("tolerations", []), wanted]

    stored = cluster.update(live).stored

    assert wanted in stored["spec"]["tolerations"]


def test_a_pod_older_than_the_webhook_lives_on(cluster: Cluster) -> None:
    old = cluster.create_unreviewed(bare_pod(hostNetwork=True, **UNBOUND))
    old["metadata"]["labels"]["team"] = "platform"

    updated = cluster.update(old)

    assert updated.allowed
    assert updated.stored["metadata"]["labels"]["team"] == "platform"
    assert not updated.stored["spec"].get("securityContext")


def test_a_new_image_has_a_pod_older_than_the_webhook_checked(cluster: Cluster) -> None:
    old = cluster.create_unreviewed(bare_pod(**UNBOUND))
    old["spec"]["containers"][0]["image"] = "registry.example/mcp:2"

    assert "capabilities" in cluster.update(old).refused_by


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
def test_another_workload_is_stored_with_warnings(cluster: Cluster, kind: str) -> None:
    created = cluster.create(of_kind(kind, hostNetwork=True))

    assert created.allowed
    assert created.warned_by == {"host-namespaces"}


def test_a_label_beside_the_template_of_another_workload_reaches_no_pod(cluster: Cluster) -> None:
    workload = of_kind("StatefulSet", hostNetwork=True)
    del workload["spec"]["template"]["metadata"]["labels"][SERVER]

    created = cluster.create(workload)

    assert created.warned_by == {"identity"}
    assert SERVER not in cluster.made_pod(created.stored).stored["metadata"]["labels"]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"image": "registry.example/mcp/github-tools"}, id="no-tag-no-digest"),
        pytest.param({"securityContext": {"readOnlyRootFilesystem": False}}, id="writable-root"),
        pytest.param({"command": ["sh", "-c", "npx -y anything"]}, id="code-from-the-internet"),
    ],
)
def test_what_the_standard_does_not_ask_for_gets_through(cluster: Cluster, fields: Json) -> None:
    created = cluster.create(bare_pod(container=fields))

    assert created.allowed
    assert created.warnings == ()


@pytest.mark.parametrize(
    "context", [{"supplementalGroups": [0]}, {"fsGroup": 0}, {"runAsGroup": 0}], ids=str
)
def test_group_zero_gets_through(cluster: Cluster, context: Json) -> None:
    created = cluster.create(bare_pod(securityContext=context))

    assert created.allowed
    assert created.stored["spec"]["securityContext"].items() >= context.items()


def test_a_windows_pod_says_nothing_of_linux(cluster: Cluster) -> None:
    created = cluster.create(bare_pod(os={"name": "windows"}))

    assert created.allowed
    filled_in = created.stored["spec"]["containers"][0].get("securityContext", {})
    assert filled_in.keys() <= {"runAsNonRoot"}


def test_a_bare_pod_may_claim_that_its_resources_are_a_limit_range_s(clusters: Clusters) -> None:
    own = {"requests": {"memory": "3Gi"}}
    claim = {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: memory request for container mcp"
    }

    stored = (
        clusters(FORBID).create(bare_pod(annotations=claim, container={"resources": own})).stored
    )

    assert stored["spec"]["containers"][0]["resources"]["requests"]["memory"] == "3Gi"


def test_what_pods_are_given_is_not_in_their_template(clusters: Clusters) -> None:
    defaults = {"imagePullSecrets": [{"name": "registry"}], "nodeSelector": {"pool": "mcp"}}
    fleet = clusters({"mcpServerDefaults": defaults})

    template = fleet.create(server()).stored["spec"]["template"]["spec"]

    assert "imagePullSecrets" not in template
    assert "nodeSelector" not in template
    assert template["containers"][0]["resources"] == {}


def test_there_is_no_limit_until_a_ceiling_is_set(cluster: Cluster) -> None:
    pod = cluster.made_pod(cluster.create(server()).stored).stored

    assert pod["spec"]["containers"][0]["resources"] == {"requests": {"memory": "400Mi"}}


def test_each_container_may_take_as_much_as_the_ceiling(clusters: Clusters) -> None:
    limited = {"resources": {"limits": {"memory": "1Gi"}}}
    many = [container(name=f"c{at}", **limited) for at in range(10)]

    assert clusters(CEILING).create(server(containers=many)).allowed


def test_a_name_may_be_the_identity_of_a_longer_one(cluster: Cluster) -> None:
    first, second = (server(name=name) for name in ("1tool", identity("1tool")))

    assert {
        cluster.create(one).stored["spec"]["template"]["metadata"]["labels"][NAME]
        for one in (first, second)
    } == {identity("1tool")}


def test_nobody_but_the_controller_and_administrators_starts_a_gated_pod(cluster: Cluster) -> None:
    started = cluster.create(bare_pod()).stored
    assert started["spec"].pop("schedulingGates") == [{"name": GATE}]

    assert cluster.acting_as("alice").update(started).refused_by == {"isolation-gate"}


def test_a_secret_that_nobody_makes_yet_is_referred_to(cluster: Cluster) -> None:
    stored = cluster.create(server(asks={"config-from": "github"})).stored

    (first,) = stored["spec"]["template"]["spec"]["containers"]
    assert first["envFrom"] == [{"secretRef": {"name": "github-tools-mcp-config"}}]


def test_without_the_gate_pods_start_at_once(clusters: Clusters) -> None:
    stored = clusters({"isolation": {"gate": False}}).create(bare_pod()).stored

    assert "schedulingGates" not in stored["spec"]


@pytest.mark.parametrize("key", ["egress", "ingress-from"])
def test_what_is_asked_of_the_controller_changes_no_pod(clusters: Clusters, key: str) -> None:
    callers: Json = {"metrics": {"from": [{"podSelector": {}}]}}
    reached: Json = {"metrics": {"to": [{"podSelector": {}}]}}
    granted = {"networkPolicy": {"egressProfiles": reached, "ingressProfiles": callers}}
    plain = clusters({"mcpNamespace": granted}).create(server())

    asking = clusters({"mcpNamespace": granted}).create(server(asks={key: "metrics"}))

    assert asking.warnings == ()
    assert asking.stored["spec"] == plain.stored["spec"]
