"""Changed settings reach new and restarted workloads alone, and there only what is ours."""

from typing import Any

import pytest

from tests.admission.case import INJECTED, Json, deployment
from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.controllers import beside_given, pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.rules.case import settings_of
from webhook.admission.revert import alike

IMAGE = "example.test/mcp:1"
FLEET: Json = {
    "runtimeClassName": "gvisor",
    "tolerations": [{"key": "fleet", "operator": "Exists"}],
    "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "nodeSelector": {"pool": "mcp"},
    "imagePullSecrets": [{"name": "registry"}],
    "resources": {"requests": {"memory": "400Mi"}},
}
OTHER: Json = {
    "runtimeClassName": "kata",
    "tolerations": [{"key": "other", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "nodeSelector": {"zone": "b"},
    "imagePullSecrets": [{"name": "mirror"}],
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
}


def fleet(defaults: Json, **keys: Any) -> ApiServer:
    return ApiServer(settings_of(mcpServerDefaults=defaults, **keys))


BEFORE, AFTER, PLAIN = fleet(FLEET), fleet(OTHER), ApiServer()


def container(document: Json) -> Json:
    found: Json = template_of(document)["spec"]["containers"][0]
    return found


def with_image(live: Json, image: str = "example.test/mcp:2") -> Json:
    """What `kubectl set image` sends."""
    new = copied(live)
    container(new)["image"] = image
    return new


MANIFESTS = {
    "plain": deployment(),
    "pull-policy-written": deployment(
        containers=[{"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent"}]
    ),
    "template-labelled": deployment(template={"labels": {"mcp-admission.dev/server": "true"}}),
    "empty-objects": deployment(securityContext={}, nodeSelector={}, tolerations=[], volumes=[]),
    "own-values": deployment(
        nodeSelector={"own": "a"}, tolerations=[{"key": "own"}], imagePullSecrets=[{"name": "own"}]
    ),
    "with-configuration": deployment(
        annotations={
            "mcp-admission.dev/config-from": "values",
            "mcp-admission.dev/file-keys": "key",
            "mcp-admission.dev/container": "main",
        }
    ),
    "no-image": deployment(containers=[{"name": "main"}]),
}
ALL = pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)


@ALL
@pytest.mark.parametrize("now", [BEFORE, AFTER, PLAIN], ids=["same", "changed", "unset"])
def test_the_manifest_comes_again(manifest: Json, now: ApiServer) -> None:
    live = BEFORE.create(manifest).stored

    outcome = now.update(live, manifest)

    assert outcome.stored == live
    assert outcome.warnings == []


@ALL
def test_a_change_beside_the_template_leaves_it_alone(manifest: Json) -> None:
    live = BEFORE.create(manifest).stored
    new = copied(live)
    new["metadata"]["annotations"] = {
        **live["metadata"].get("annotations", {}), "deployment.kubernetes.io/revision": "2"
    }  # fmt: skip
    new["spec"] |= {"replicas": 0, "paused": True}

    outcome = AFTER.update(live, new)

    assert outcome.patch == []
    assert outcome.stored == new


@ALL
def test_nothing_of_ours_follows_settings_that_did_not_change(manifest: Json) -> None:
    live = BEFORE.create(manifest).stored

    assert BEFORE.update(live, restarted(live)).patch == []


def rolled(now: ApiServer, live: Json) -> Json:
    """The Deployment after `kubectl rollout restart`."""
    outcome = now.update(live, restarted(live))

    assert outcome.allowed, outcome.message

    return outcome.stored


def test_what_is_ours_follows_the_settings() -> None:
    live = BEFORE.create(deployment()).stored

    assert (
        template_of(rolled(AFTER, live))["spec"]
        == (template_of(AFTER.create(deployment()).stored)["spec"])
    )


def test_what_is_ours_follows_a_new_image_too() -> None:
    live = BEFORE.create(deployment()).stored

    assert AFTER.update(live, with_image(live)).stored == (
        AFTER.create(with_image(deployment())).stored
    )


def test_what_is_ours_goes_with_the_setting() -> None:
    live = BEFORE.create(deployment()).stored

    stored = rolled(PLAIN, live)

    fresh = PLAIN.create(deployment()).stored
    assert alike(template_of(stored)["spec"], template_of(fresh)["spec"])


THEIRS: dict[str, Any] = {
    "runtimeClassName": "kata",
    "tolerations": [{"key": "own", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"own": []}},
    "nodeSelector": {"pool": "own"},
    "imagePullSecrets": [{"name": "own"}],
}


@pytest.mark.parametrize("key", THEIRS)
def test_a_field_that_the_author_sets_is_theirs(key: str) -> None:
    live = BEFORE.create(deployment()).stored
    new = with_image(live)
    template_of(new)["spec"][key] = copied(THEIRS)[key]
    warned = fleet(FLEET, rules={"runtime-class": "warn"})
    theirs = warned.update(live, new).stored
    later = fleet(OTHER, rules={"runtime-class": "warn"})

    kept = template_of(rolled(later, theirs))["spec"][key]

    assert {str(own) for own in THEIRS[key]} <= {str(value) for value in kept}
    if type(kept) is dict:
        assert {**kept, **THEIRS[key]} == kept


def test_a_security_field_that_the_author_sets_is_theirs() -> None:
    live = PLAIN.create(deployment()).stored
    new = with_image(live)
    container(new)["securityContext"]["runAsUser"] = 65532
    theirs = PLAIN.update(live, new).stored

    openshift = ApiServer(settings_of(platform="openshift"))
    context = container(rolled(openshift, theirs))["securityContext"]

    assert context["runAsUser"] == 65532
    assert "runAsGroup" not in context


def test_an_image_of_ours_follows_and_one_of_theirs_does_not() -> None:
    live = PLAIN.create(MANIFESTS["no-image"]).stored
    base = fleet({"image": "example.test/base:2"})

    assert container(rolled(base, live))["image"] == "example.test/base:2"

    theirs = PLAIN.update(live, with_image(live)).stored
    assert container(rolled(base, theirs))["image"] == "example.test/mcp:2"


def annotated(live: Json, **annotations: str) -> Json:
    new = copied(live)
    own = new["metadata"].setdefault("annotations", {})
    own |= {f"mcp-admission.dev/{key.replace('_', '-')}": annotations[key] for key in annotations}
    return new


def test_another_secret_is_referenced_in_place_of_the_first() -> None:
    live = PLAIN.create(annotated(deployment(), env_from="one", files_from="one")).stored

    stored = PLAIN.update(live, annotated(live, env_from="two", files_from="two, three")).stored

    assert container(stored)["envFrom"] == [{"secretRef": {"name": "two"}}]
    (volume,) = template_of(stored)["spec"]["volumes"]
    secrets = [source["secret"]["name"] for source in volume["projected"]["sources"]]
    assert secrets == ["two", "three"]
    assert [mount["name"] for mount in container(stored)["volumeMounts"]] == ["mcp-files"]


def test_references_go_with_the_annotation() -> None:
    live = PLAIN.create(annotated(deployment(), env_from="one", files_from="one")).stored
    new = copied(live)
    new["metadata"]["annotations"] = {}

    stored = PLAIN.update(live, new).stored

    assert "volumes" not in template_of(stored)["spec"]
    assert {"envFrom", "volumeMounts"}.isdisjoint(container(stored))


def test_an_older_revision_comes_back_under_todays_settings() -> None:
    first = BEFORE.create(deployment()).stored
    second = rolled(AFTER, first)
    undone = {**copied(second), "spec": {**second["spec"], "template": template_of(first)}}

    assert AFTER.update(second, undone).stored == AFTER.create(deployment()).stored


@pytest.mark.parametrize("settings", [FLEET, {}], ids=["fleet", "plain"])
def test_pods_of_a_rolled_template_need_the_gate_and_what_they_are_given(
    settings: Json,
) -> None:
    live = BEFORE.create(deployment()).stored
    now = fleet(settings)

    outcome: Outcome = now.create(pod_of(rolled(now, live)))

    assert beside_given(outcome.patch) == {"/spec/schedulingGates"}


def test_a_lost_memory_makes_everything_theirs() -> None:
    live = BEFORE.create(deployment()).stored
    new = with_image(live)
    del template_of(new)["metadata"]["annotations"][INJECTED]
    warned = fleet(OTHER, rules={"runtime-class": "warn"})

    stored = warned.update(live, new).stored

    assert template_of(stored)["spec"]["runtimeClassName"] == "gvisor"


ALIKE: list[tuple[Any, Any]] = [
    ({}, None), ({"a": None}, {}), ({"a": {}}, {}), ({"a": []}, {"a": None}),
    ({"a": {"b": {}}}, {}), ([{"a": {}}], [{}]), ({"a": 1}, {"a": 1, "b": [], "c": {"d": None}}),
]  # fmt: skip
UNLIKE: list[tuple[Any, Any]] = [
    ({"a": 0}, {}), ({"a": False}, {}), ({"a": ""}, {}), ([], [None]), ([1, 2], [2, 1]),
    ({"a": [{}]}, {}), ({"a": "b"}, {"a": "c"}), ({}, 0), ([], ""),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_null_and_empty_values_count_as_absent(one: Any, other: Any) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_different_values_are_not_alike(one: Any, other: Any) -> None:
    assert not alike(one, other)
    assert not alike(other, one)
