"""Ways around the webhook that are closed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer, Client
from tests.in_memory.defaults import TOKEN_VOLUME, copied, template_of
from tests.in_memory.places import ABSENT, found
from tests.reference.servers import PREFIX, server
from webhook.admission.request import Scope
from webhook.settings.model import Settings

Json = dict[str, Any]

CONTROLLER = "system:serviceaccount:mcp-admission-system:controller"
SETTINGS = Settings.model_validate(
    {
        "isolation": {"controllerUser": CONTROLLER},
        "mcpServerMaximums": {"requests": {"memory": "1Gi"}},
    }
)
CLUSTER = ApiServer(SETTINGS)
PRIVILEGED = {"privileged": True, "allowPrivilegeEscalation": True}


@pytest.fixture
def pod() -> Json:
    return CLUSTER.create(server("Pod")).stored


def without(document: Json, *keys: str) -> Json:
    """A copy without the field at the end of the keys."""
    changed = copied(document)
    *way, last = keys
    here = changed
    for key in way:
        here = here[key]
    del here[last]
    return changed


def with_label(document: Json, name: str, value: str) -> Json:
    changed = copied(document)
    changed["metadata"]["labels"][PREFIX + name] = value
    return changed


def relabelled(pod: Json) -> Json:
    return with_label(pod, "name", "another-server")


def opted_out(pod: Json) -> Json:
    return with_label(pod, "server", "false")


def unlabelled(pod: Json) -> Json:
    return without(pod, "metadata", "labels", f"{PREFIX}server")


@pytest.mark.parametrize("subresource", ["", "status", "ephemeralcontainers"])
@pytest.mark.parametrize("change", [relabelled, opted_out, unlabelled])
def test_no_label_of_a_live_pod_changes(
    pod: Json, change: Callable[[Json], Json], subresource: str
) -> None:
    assert CLUSTER.update(pod, change(pod), subresource).refused_by == ["identity"]


@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_a_binding_brings_no_label_and_no_annotation(part: str) -> None:
    assert CLUSTER.bind({"name": "a", part: {f"{PREFIX}server": "true"}}).refused_by == ["identity"]


def test_a_binding_does_not_switch_apparmor_off() -> None:
    profile = {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}

    assert CLUSTER.bind({"name": "a", "annotations": profile}).refused_by == ["apparmor"]


def test_a_label_that_an_update_leaves_out_is_put_back() -> None:
    live = CLUSTER.create(server()).stored

    outcome = CLUSTER.update(live, without(live, "metadata", "labels"))

    assert found(outcome.stored, f"metadata.labels[{PREFIX}server]") == "true"
    assert outcome.warned_by == ["identity"]


@pytest.mark.parametrize(
    ("client", "refused_by"),
    [
        pytest.param(Client(), ["isolation-gate"], id="tenant"),
        pytest.param(Client("system:kube-scheduler"), ["isolation-gate"], id="scheduler"),
        pytest.param(Client(CONTROLLER), [], id="controller"),
        pytest.param(Client(groups=("system:masters",)), [], id="break-glass"),
    ],
)
def test_the_gate_is_removed_by_the_controller_alone(
    pod: Json, client: Client, refused_by: list[str]
) -> None:
    ungated = without(pod, "spec", "schedulingGates")

    assert replace(CLUSTER, client=client).update(pod, ungated).refused_by == refused_by


def debugged(pod: Json, **context: Any) -> Json:
    changed = copied(pod)
    container: Json = {"name": "debug", "image": "registry.example/tools/shell:1"}
    if context:
        container["securityContext"] = context
    changed["spec"]["ephemeralContainers"] = [container]
    return changed


def test_a_debug_container_is_filled_in_alone(pod: Json) -> None:
    outcome = CLUSTER.update(pod, debugged(pod), "ephemeralcontainers")

    assert outcome.allowed
    assert found(outcome.stored, "ephemeralContainers[debug].securityContext.runAsUser") == 1000
    assert {operation["path"].split("/")[2] for operation in outcome.patch} == {
        "ephemeralContainers"
    }


def test_a_privileged_debug_container_is_refused(pod: Json) -> None:
    refused = CLUSTER.update(pod, debugged(pod, **PRIVILEGED), "ephemeralcontainers")

    assert set(refused.refused_by) == {"privileged", "privilege-escalation"}


def test_a_resize_above_the_ceiling_is_refused(pod: Json) -> None:
    resized = copied(pod)
    resized["spec"]["containers"][0]["resources"] = {"requests": {"memory": "2Gi"}}

    assert CLUSTER.update(pod, resized, "resize").refused_by == ["resource-ceilings"]


def test_a_new_image_has_a_pod_of_before_the_webhook_checked() -> None:
    old = server("Pod")
    new = copied(old)
    new["spec"]["containers"][0]["image"] = "registry.example/mcp/github-tools:2.0.0"

    assert "capabilities" in CLUSTER.update(old, new).refused_by


def test_the_token_that_is_mounted_already_is_taken_away() -> None:
    stored = CLUSTER.create(server("Pod")).stored

    assert found(stored, "automountServiceAccountToken") is False
    assert found(stored, "volumes") is ABSENT
    assert found(stored, "containers[main].volumeMounts") is ABSENT


@pytest.mark.parametrize("name", ["kube-api-access-mine", "anything"])
@pytest.mark.parametrize("change", [{"path": "elsewhere"}, {"audience": "vault"}])
def test_a_token_volume_that_only_looks_like_the_plugin_s_is_refused(
    name: str, change: Json
) -> None:
    volume = copied(TOKEN_VOLUME)
    volume["name"] = name
    volume["projected"]["sources"][0]["serviceAccountToken"].update(change)

    refused = CLUSTER.create(server("Pod", volumes=[volume]))

    assert refused.refused_by == ["service-account-token"]


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_what_a_later_webhook_undoes_is_refused(kind: str) -> None:
    def undo(document: Json) -> Json:
        changed = copied(document)
        context = template_of(changed)["spec"]["containers"][0]["securityContext"]
        context["runAsUser"] = 0
        return changed

    assert CLUSTER.create(server(kind), undo).refused_by == ["run-as-user"]


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_a_forged_memory_exempts_from_nothing(kind: str) -> None:
    memory = '{"set":{"containers[main].securityContext":{"privileged":true,"runAsUser":0}}}'
    forged = server(kind, container={"securityContext": {**PRIVILEGED, "runAsUser": 0}})
    for holder in (forged, template_of(forged)):
        holder["metadata"].setdefault("annotations", {})[f"{PREFIX}injected"] = memory

    outcome = CLUSTER.create(forged)

    assert not outcome.allowed or found(outcome.stored, "containers[main].securityContext") == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsGroup": 1000,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_pod_that_claims_an_owner_is_secured_like_any_other() -> None:
    claimed = server("Pod")
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "0"}
    claimed["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    claimed["metadata"]["annotations"] = {f"{PREFIX}injected": "{}"}

    stored = CLUSTER.create(claimed).stored

    assert found(stored, "securityContext.runAsNonRoot") is True
    assert found(stored, "containers[main].securityContext.capabilities.drop") == ["ALL"]
    assert found(stored, "schedulingGates") == [{"name": f"{PREFIX}isolation"}]


@pytest.mark.parametrize("document", [None, [], {"spec": None}, {"spec": {"containers": {}}}])
def test_an_object_of_another_shape_is_refused_not_passed(document: Any) -> None:
    broken = {"kind": "Pod", "metadata": {"labels": {f"{PREFIX}server": "true"}}}
    broken |= document if isinstance(document, dict) else {"spec": document}
    everything = ApiServer(scope=Scope.MANAGED, bare=True)

    assert everything.create(broken).refused_by == ["object"]
