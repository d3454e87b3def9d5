"""With `fillIn: pods`, a Deployment is checked and never changed; its pods get everything."""

from typing import Any

import pytest

from tests.admission.case import (
    DEFAULTS,
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
)
from tests.in_memory.controllers import pod_of
from tests.in_memory.defaults import copied, with_plugins
from tests.in_memory.requests import request
from tests.rules.case import settings_of
from webhook.admission.handler import review

PODS = settings_of(fillIn="pods")
HASH = "pod-template-hash"
ASKS = "mcp-admission.dev/"
PATH = "spec.template.metadata"
WRITTEN = "with fillIn: pods no template is changed"


def written(*, labels: Json | None = None, of_pods: Json | None = None, **keys: Any) -> Json:
    """A Deployment whose template has the label too, unless `of_pods` are its other labels."""
    of_template = {SERVER: "true"} if of_pods is None else of_pods
    notes = keys.pop("asked_of_pods", {})
    template = {"labels": {"app": "tools", **of_template}, "annotations": notes}
    return deployment(labels=labels, template=template, **keys)


def new_pod(of: Json) -> Json:
    """A pod as the controller of the Deployment's ReplicaSet posts it."""
    pod = with_plugins(pod_of(of))
    pod["metadata"].setdefault("labels", {})[HASH] = "7d4b9c6f5"
    return pod


def checked(document: Json, old: Json | None = None, **keys: Any) -> list[str]:
    """What is said about it; both hooks change nothing, and only the validating one refuses."""
    keys.setdefault("settings", PODS)
    first = answer_to(document, old, **keys)
    assert (first.allowed, first.operations, first.warnings) == (True, (), ())
    asked = request(document, old, hook=VALIDATE)
    settings, scope = keys["settings"], keys.get("scope", OPTED_IN)
    answer = review(asked, settings, scope)
    assert answer.operations == ()
    assert asked.object == document
    return [each.message for each in answer.findings]


def test_a_plain_one_passes_without_a_word() -> None:
    assert checked(written()) == []


def test_its_pods_get_everything() -> None:
    stored = admitted(new_pod(written()), settings=PODS)

    assert stored["metadata"]["labels"][NAME] == "tools"
    assert stored["spec"]["containers"][0]["securityContext"]["runAsUser"] == 1000
    assert stored["spec"]["containers"][0]["resources"]["requests"] == {"memory": "400Mi"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (written(hostNetwork=True), ["hostNetwork must be false"]),
        (written(replicas=3), ["spec.replicas must be 0 or 1 (asked for 3)"]),
        (written(of_pods={}), [f'{PATH}.labels[{SERVER}] must be "true" too: {WRITTEN}']),
        (
            written(of_pods={SERVER: "true", NAME: "other"}),
            [f"{PATH}.labels[{NAME}] must be tools, or left out"],
        ),
        (written(of_pods={SERVER: "true", NAME: "tools"}), []),
        (
            written(annotations={f"{ASKS}env-from": "token"}),
            [
                (
                    f"metadata.annotations[{ASKS}env-from] reaches no pod: put it into "
                    f"{PATH}.annotations, because {WRITTEN}"
                )
            ],
        ),
        (
            written(
                annotations={f"{ASKS}env-from": "token"},
                asked_of_pods={f"{ASKS}env-from": "token"},
            ),
            [],
        ),
        (written(annotations={f"{ASKS}port": "8080"}), []),
        (
            written(labels={SERVER: "false"}),
            [f"{PATH}.labels[{SERVER}] must be taken out to opt out: {WRITTEN}"],
        ),
    ],
)
def test_what_its_author_has_to_write_is_said(document: Json, said: list[str]) -> None:
    assert checked(document) == said
    assert answer_to(document, settings=PODS, hook=VALIDATE).allowed is not bool(said)


def test_replicas_are_refused_where_they_would_be_overridden() -> None:
    override = settings_of(fillIn="pods", replicas={"policy": "override"})

    assert errors(answer_to(written(replicas=3), settings=override, hook=VALIDATE)) == ["replicas"]
    assert checked(written(replicas=3), written(replicas=3), settings=override) == []


def test_a_managed_namespace_needs_no_label() -> None:
    document = written(labels={}, of_pods={})

    assert checked(document, scope=MANAGED) == []
    stored = admitted(new_pod(document), settings=PODS, scope=MANAGED)
    assert stored["metadata"]["labels"][SERVER] == "true"


def test_a_label_that_is_missing_from_an_update_is_not_put_back() -> None:
    (said,) = checked(written(labels={}, of_pods={SERVER: "true", NAME: "tools"}), written())

    assert (
        said == f'metadata.labels[{SERVER}] must not be taken away: to opt out, set it to "false"'
    )


def test_what_was_there_before_stays_as_it_is() -> None:
    before = written(of_pods={}, hostNetwork=True)

    assert checked(before, before) == []
    out = written(labels={SERVER: "false"})
    assert checked(out, out) == []


def test_opting_out_by_both_labels_is_allowed() -> None:
    assert checked(written(labels={SERVER: "false"}, of_pods={}), written()) == []


def test_a_managed_namespace_cannot_be_left() -> None:
    answer = answer_to(written(labels={SERVER: "false"}), settings=PODS, scope=MANAGED)

    assert errors(answer) == ["identity"]


def test_who_joins_is_told_who_calls() -> None:
    (said,) = checked(written(), deployment(labels={}))

    assert said.startswith("callers from now on: ")
    closed = settings_of(fillIn="pods", mcpNamespace={"networkPolicy": {"enabled": False}})
    assert checked(written(), deployment(labels={}), settings=closed) == []


def test_pods_get_the_secrets_that_are_made_for_their_deployment() -> None:
    asked = {f"{ASKS}config-from": "own", f"{ASKS}file-keys": "key.pem"}
    document = written(asked_of_pods=asked)

    assert checked(document) == []
    spec = admitted(new_pod(document), settings=PODS)["spec"]
    assert spec["containers"][0]["envFrom"] == [{"secretRef": {"name": "tools-mcp-config"}}]
    assert spec["volumes"][0]["secret"]["secretName"] == "tools-mcp-files"


def test_the_fleets_values_replace_those_of_pods_where_they_are_for_all() -> None:
    fleet = {"perServer": "forbid", "resources": {"requests": {"memory": "300Mi"}}}
    forbid = settings_of(fillIn="pods", onConflict="override", mcpServerDefaults=fleet)
    own = {"name": "main", "image": "b", "resources": {"requests": {"memory": "9Gi"}}}

    spec = admitted(new_pod(written(containers=[own])), settings=forbid)["spec"]

    assert spec["containers"][0]["resources"]["requests"] == {"memory": "300Mi"}


def test_a_template_that_was_filled_in_before_stays_and_its_pods_follow_the_settings() -> None:
    before = settings_of(mcpServerDefaults={"runtimeClassName": "gvisor"})
    stored = admitted(deployment(), settings=before)
    edited = copied(stored)
    edited["spec"]["template"]["spec"]["containers"][0]["image"] = "example.test/mcp:2"

    assert checked(stored, stored) == []
    assert checked(edited, stored) == []
    pod = admitted(new_pod(edited), settings=PODS)
    assert "runtimeClassName" not in pod["spec"]
    assert "runtimeClassName" in edited["spec"]["template"]["spec"]
    assert (
        pod["metadata"]["annotations"][INJECTED]
        != (stored["spec"]["template"]["metadata"]["annotations"][INJECTED])
    )


def test_a_manifest_that_comes_again_takes_out_what_was_filled_in_before() -> None:
    stored = admitted(written(), settings=DEFAULTS)

    assert checked(written(), stored) == []


def test_back_at_templates_the_next_change_fills_them_in() -> None:
    once = admitted(written(), settings=DEFAULTS)
    edited = copied(once)
    edited["spec"]["template"]["spec"]["containers"][0]["image"] = "example.test/mcp:2"

    assert admitted(once, once) == once
    assert admitted(written(), written()) == written()
    assert admitted(edited, written()) == admitted(edited, once)


def test_a_scale_is_checked_as_before() -> None:
    scale = {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": 3}}
    once = {**scale, "spec": {"replicas": 1}}
    keys: Json = {"resource": "deployments.apps", "subresource": "scale", "scope": MANAGED}

    assert errors(answer_to(scale, once, settings=PODS, **keys)) == ["replicas"]
