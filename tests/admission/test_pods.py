"""A pod on its way in, and what may be done to it while it lives."""

from typing import Any

import pytest

from tests.admission.case import (
    GATE,
    INJECTED,
    MANAGED,
    NAME,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    admitted,
    answer_to,
    deployment,
    errors,
    mutated,
    pod,
)
from tests.in_memory.controllers import beside_given, pod_of
from tests.in_memory.defaults import TOKEN_VOLUME, with_plugins
from tests.in_memory.requests import applied
from tests.rules.case import settings_of
from webhook.admission.workload import Scope

GATES = [{"name": GATE}]
FLEET = settings_of(
    mcpServerDefaults={
        "runtimeClassName": "gvisor",
        "nodeSelector": {"pool": "mcp"},
        "resources": {"requests": {"memory": "1Gi"}},
    }
)


def with_container(**fields: Any) -> Json:
    return pod(containers=[{"name": "main", "image": "example.test/mcp:1", **fields}])


@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_a_bare_pod_is_filled_in_gated_and_named(scope: Scope) -> None:
    stored = admitted(with_plugins(pod()), scope=scope)

    assert stored["spec"]["schedulingGates"] == GATES
    assert stored["metadata"]["labels"] == {SERVER: "true", NAME: "tools"}
    assert INJECTED in stored["metadata"]["annotations"]


def test_the_mounted_token_goes_with_its_mounts() -> None:
    stored = mutated(with_plugins(pod()))

    assert "volumes" not in stored["spec"]
    assert "volumeMounts" not in stored["spec"]["containers"][0]
    assert stored["spec"]["automountServiceAccountToken"] is False


def test_other_volumes_stay_where_the_token_goes() -> None:
    own = {"name": "own", "emptyDir": {}}
    mount = {"name": "own", "mountPath": "/own"}
    document = with_plugins(pod(volumes=[own]))
    document["spec"]["containers"][0]["volumeMounts"].append(mount)

    stored = mutated(document)

    assert stored["spec"]["volumes"] == [own]
    assert stored["spec"]["containers"][0]["volumeMounts"] == [mount]


@pytest.mark.parametrize("gated", [True, False])
def test_the_gate_follows_the_settings(gated: bool) -> None:
    off: Json = {} if gated else {"isolation": {"gate": False}}
    stored = admitted(pod(), settings=settings_of(**off))

    assert stored["spec"].get("schedulingGates", []) == (GATES if gated else [])


def test_a_pod_that_names_its_node_is_refused_while_it_would_be_gated() -> None:
    document = pod(nodeName="node-1")

    assert errors(answer_to(document)) == ["isolation-gate"]
    off = settings_of(mcpNamespace={"networkPolicy": {"enabled": False}})
    assert answer_to(document, settings=off).allowed


def controlled(document: Json, owner: str = "ReplicaSet") -> Json:
    made = with_plugins(pod_of(document))
    made["metadata"]["ownerReferences"][0]["kind"] = owner
    return made


def paths(document: Json, **keys: Any) -> set[str]:
    return {told["path"] for told in answer_to(document, **keys).operations}


@pytest.mark.parametrize("document", [
    deployment(),
    deployment(annotations={"mcp-admission.dev/service-account-token": "true"}),
    deployment(annotations={"mcp-admission.dev/env-from": "a"}),
    deployment(initContainers=[{"name": "init", "image": "a", "restartPolicy": "Always"}]),
], ids=["plain", "with-token", "with-configuration", "with-sidecar"])  # fmt: skip
def test_a_pod_of_a_filled_in_template_needs_the_gate_and_its_memory(document: Json) -> None:
    made = controlled(mutated(document))

    assert paths(made) == {"/spec/schedulingGates", "/spec/containers/0/resources"}
    assert answer_to(mutated(made), hook=VALIDATE).allowed


def test_settings_that_changed_reach_it_in_the_security_fields_alone() -> None:
    made = controlled(mutated(deployment()))

    changed = beside_given(answer_to(made, settings=FLEET).operations)
    assert changed == {"/spec/schedulingGates", "/spec/runtimeClassName"}
    resources = mutated(made, settings=FLEET)["spec"]["containers"][0]["resources"]
    assert resources == {"requests": {"memory": "400Mi"}}


@pytest.mark.parametrize("now", ["kata", None])
def test_the_class_of_its_template_gives_way_to_the_settings(now: str | None) -> None:
    made = controlled(mutated(deployment(), settings=FLEET))
    changed = settings_of(mcpServerDefaults={"runtimeClassName": now})

    assert mutated(made, settings=changed)["spec"].get("runtimeClassName") == now


def test_another_class_of_its_own_is_refused() -> None:
    made = controlled(mutated(deployment(runtimeClassName="kata")))

    assert errors(answer_to(made, settings=FLEET)) == ["runtime-class"]


def test_ceilings_are_always_current() -> None:
    ceilings = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})
    made = controlled(mutated(deployment()))
    above = controlled(mutated(deployment(containers=[
        {"name": "main", "image": "a", "resources": {"limits": {"memory": "2Gi"}}}
    ])))  # fmt: skip

    assert mutated(made, settings=ceilings)["spec"]["containers"][0]["resources"]["limits"] == (
        {"memory": "1Gi"}
    )
    assert errors(answer_to(above, settings=ceilings)) == ["resource-ceilings"]


def test_a_container_that_another_webhook_added_is_hardened() -> None:
    first = mutated(controlled(mutated(deployment())))
    first["spec"]["containers"].append({"name": "proxy", "image": "example.test/proxy:1"})
    first["spec"]["initContainers"] = [{"name": "setup", "image": "example.test/setup:1"}]

    stored = admitted(first)

    for key in ("containers", "initContainers"):
        context = stored["spec"][key][-1]["securityContext"]
        assert context["allowPrivilegeEscalation"] is False


def test_what_another_webhook_undid_is_missed_by_the_check() -> None:
    stored = mutated(pod())
    stored["spec"]["containers"][0]["securityContext"]["privileged"] = True
    del stored["spec"]["schedulingGates"]

    rules = errors(answer_to(stored, hook=VALIDATE))

    assert rules == ["privileged", "isolation-gate"]


@pytest.mark.parametrize("owner", ["StatefulSet", "DaemonSet", "Job", "ReplicationController"])
def test_pods_of_templates_that_are_not_filled_in_are(owner: str) -> None:
    made = controlled(deployment(template={"labels": {SERVER: "true"}}), owner)

    stored = mutated(made)

    assert stored["spec"]["containers"][0]["resources"]["requests"]["memory"] == "400Mi"
    assert stored["metadata"]["labels"][NAME] == "tools-7d4b9c6f5"
    assert answer_to(stored).operations == ()
    assert answer_to(stored, hook=VALIDATE).allowed


def test_pods_of_a_daemonset_keep_their_node_where_the_fleet_decides() -> None:
    forbid = settings_of(mcpServerDefaults={"perServer": "forbid"})
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]
    affinity = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
        }
    }
    labels = {SERVER: "true"}
    made = controlled(deployment(template={"labels": labels}, affinity=affinity), "DaemonSet")

    stored = mutated(made, settings=forbid)

    assert stored["spec"]["affinity"] == affinity
    assert stored["spec"]["tolerations"] == made["spec"]["tolerations"]


def forged(**metadata: Any) -> Json:
    document = pod(hostNetwork=True)
    document["metadata"] |= metadata
    return document


@pytest.mark.parametrize("hook", [VALIDATE])
@pytest.mark.parametrize("document", [
    forged(annotations={"kubernetes.io/config.mirror": "x", "kubernetes.io/config.source": "file"}),
    forged(ownerReferences=[{"kind": "Node", "name": "node-1", "controller": True}]),
    forged(ownerReferences=[{"kind": "ReplicaSet", "name": "other", "controller": True}]),
    forged(deletionTimestamp="2024-05-01T10:00:00Z"),
    forged(name=None, generateName="tools-"),
], ids=["mirror", "static", "controlled", "terminating", "generated"])  # fmt: skip
def test_no_claim_of_a_pod_exempts_it(document: Json, hook: Any) -> None:
    assert "host-namespaces" in errors(answer_to(document, hook=hook))
    assert errors(answer_to(document)) == ["host-namespaces"]


def test_a_refusal_of_a_generated_name_shows_its_prefix() -> None:
    document = forged(name=None, generateName="tools-")

    assert 'MCP server "tools-" refused' in answer_to(document).message


def test_no_secret_ends_up_in_what_people_read() -> None:
    secret = "hunter2"
    document = pod(
        annotations={"mcp-admission.dev/port": secret, "mcp-admission.dev/env-from": f"{secret}!",
                     "mcp-admission.dev/x": secret, "other": secret},
        containers=[{
            "name": "main", "image": secret, "env": [{"name": "A", "value": secret}],
            "args": [secret], "imagePullPolicy": secret,
            "livenessProbe": {"httpGet": {"host": secret, "httpHeaders": [{"value": secret}]}},
            "lifecycle": {"preStop": {"tcpSocket": {"host": secret}}},
            "securityContext": {"procMount": secret, "seLinuxOptions": {"user": secret}},
            "resources": {"limits": {"memory": secret}},
        }],
        volumes=[{"name": "v", "flexVolume": {"options": {"password": secret}}},
                 {"name": "w", "csi": {"volumeAttributes": {"token": secret}}}],
        hostNetwork=secret, automountServiceAccountToken=secret,
    )  # fmt: skip
    ceilings = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})

    answer = answer_to(document, settings=ceilings)

    assert len(answer.findings) >= 10
    assert secret not in answer.message + str(answer.warnings) + str(answer.findings)


def test_a_volume_that_only_looks_like_the_token_is_no_token() -> None:
    volume = {**TOKEN_VOLUME, "projected": {"sources": [{"secret": {"name": "own"}}]}}

    assert mutated(pod(volumes=[volume]))["spec"]["volumes"] == [volume]


def test_a_patch_is_what_the_api_server_applies() -> None:
    document = with_container(imagePullPolicy="IfNotPresent")
    answer = answer_to(document)

    assert {told["op"] for told in answer.operations} <= {"add", "replace", "remove"}
    assert applied(document, answer)["spec"]["containers"][0]["imagePullPolicy"] == "Always"
