"""A Deployment on its way in: filled in, copied, named, counted, and told about conflicts."""

from typing import Any

import pytest

from tests.admission.case import (
    DEFAULTS,
    MANAGED,
    MUTATE,
    OPTED_IN,
    VALIDATE,
    Json,
    admitted,
    answer_to,
    deployment,
    errors,
    mutated,
)
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.requests import applied
from tests.rules.case import settings_of
from webhook.admission.workload import Hook, Scope
from webhook.settings.model import Settings


@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_a_plain_deployment_is_admitted_and_stays_as_it_was_filled_in(scope: Scope) -> None:
    stored = admitted(deployment(), scope=scope)

    assert answer_to(stored, stored, scope=scope).operations == ()


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
def test_a_generated_name_is_refused(hook: Hook) -> None:
    document = deployment()
    document["metadata"] |= {"name": None, "generateName": "tools-"}
    answer = answer_to(document, hook=hook)

    assert "identity" in errors(answer)
    assert 'MCP server "tools-" refused:\n  metadata.name: give it a name' in answer.message


def test_a_template_never_holds_the_gate() -> None:
    assert "schedulingGates" not in template_of(mutated(deployment()))["spec"]


@pytest.mark.parametrize("key", ["container", "service-account-token"])
def test_what_pods_read_is_copied_into_the_template(key: str) -> None:
    value = {"container": "main", "service-account-token": "true"}[key]
    stored = mutated(deployment(annotations={f"mcp-admission.dev/{key}": value}))

    assert template_of(stored)["metadata"]["annotations"][f"mcp-admission.dev/{key}"] == value
    assert pod_of(stored)["metadata"]["annotations"][f"mcp-admission.dev/{key}"] == value


@pytest.mark.parametrize("key", ["port", "config-from", "env-from", "egress"])
def test_what_pods_do_not_read_is_not_copied(key: str) -> None:
    value = "10.1.0.0/16" if key == "egress" else "80"
    granting = settings_of(mcpNamespace={"networkPolicy": {"egressCeilings": ["10.0.0.0/8"]}})
    stored = mutated(deployment(annotations={f"mcp-admission.dev/{key}": value}), settings=granting)

    assert f"mcp-admission.dev/{key}" not in template_of(stored)["metadata"]["annotations"]


TOKEN = "mcp-admission.dev/service-account-token"


@pytest.mark.parametrize("settings", [DEFAULTS, settings_of(onConflict="override")])
def test_annotations_that_differ_are_refused(settings: Settings) -> None:
    document = deployment(annotations={TOKEN: "true"}, template={"annotations": {TOKEN: "false"}})
    answer = answer_to(document, settings=settings)

    assert errors(answer) == ["annotations"]
    assert f"metadata.annotations[{TOKEN}] differs from the pod template" in answer.message


def test_where_differing_only_warns_pods_read_what_the_deployment_says() -> None:
    document = deployment(annotations={TOKEN: "true"}, template={"annotations": {TOKEN: "false"}})
    stored = mutated(document, settings=settings_of(onConflict="warn"))

    assert template_of(stored)["metadata"]["annotations"][TOKEN] == "true"


REPLICAS = [
    pytest.param(None, None, 1, 0, id="absent"),
    pytest.param(None, 0, 0, 0, id="none"),
    pytest.param(None, 1, 1, 0, id="one"),
    pytest.param(None, 3, 1, 1, id="three"),
    pytest.param(1, 3, 1, 1, id="raised"),
    pytest.param(3, 4, 1, 1, id="raised-further"),
    pytest.param(3, 3, 3, 0, id="scaled-earlier"),
    pytest.param(3, 2, 2, 0, id="lowered"),
    pytest.param(1, 0, 0, 0, id="stopped"),
    pytest.param(0, 2, 1, 1, id="started"),
]


@pytest.mark.parametrize("rolls", [False, True], ids=["same-template", "new-template"])
@pytest.mark.parametrize(("before", "asked", "count", "warnings"), REPLICAS)
def test_replicas_above_one_are_overridden_refused_or_kept_by_the_policy(
    before: Any, asked: Any, count: int, warnings: int, rolls: bool
) -> None:
    old = None
    new = deployment(replicas=asked)
    if before is not None:
        old = mutated(deployment())
        old["spec"]["replicas"] = before
        new = restarted(old) if rolls else copied(old)
        new["spec"]["replicas"] = asked
    answer = answer_to(new, old)

    assert applied(new, answer)["spec"]["replicas"] == count
    assert len(answer.warnings) == warnings
    if warnings:
        said = f"replicas set to 1 (asked for {asked}): MCP servers run as one replica here"
        assert answer.warnings == (f"{said} (replicas)",)


@pytest.mark.parametrize("keys", [{"replicas": {"policy": "off"}}, {"rules": {"replicas": "off"}}])
def test_an_autoscaler_may_be_let_loose(keys: Json) -> None:
    stored = mutated(deployment(replicas=100), settings=settings_of(**keys))

    assert stored["spec"]["replicas"] == 100


def test_more_replicas_may_be_refused() -> None:
    answer = answer_to(deployment(replicas=3), settings=settings_of(replicas={"policy": "deny"}))

    assert errors(answer) == ["replicas"]
    assert "spec.replicas must be 0 or 1 (asked for 3)" in answer.message


def test_a_template_is_checked_when_it_changes_and_only_then() -> None:
    live = deployment(hostNetwork=True)
    elsewhere = {**copied(live), "metadata": {**live["metadata"], "annotations": {"a": "b"}}}

    assert answer_to(elsewhere, live, hook=VALIDATE).allowed
    assert errors(answer_to(restarted(live), live, hook=VALIDATE)) != []
    assert errors(answer_to(restarted(live), live)) == ["host-namespaces"]


ASKED = {"container": "main", "port": "8080", "env-from": "one", "service-account-token": "true"}


@pytest.mark.parametrize("key", ASKED)
def test_a_product_annotation_counts_as_a_change_of_the_template(key: str) -> None:
    live = deployment(hostNetwork=True)
    new = copied(live)
    new["metadata"]["annotations"] = {f"mcp-admission.dev/{key}": ASKED[key]}

    assert "host-namespaces" in errors(answer_to(new, live))
    assert "host-namespaces" in errors(answer_to(new, live, hook=VALIDATE))


def test_a_template_cannot_be_made_to_name_its_node() -> None:
    live = mutated(deployment())
    new = copied(live)
    template_of(new)["spec"]["nodeName"] = "node-1"

    assert errors(answer_to(new, live)) == ["isolation-gate"]
    assert errors(answer_to(new, live, hook=VALIDATE)) == ["isolation-gate"]
    assert answer_to(new, live, settings=settings_of(isolation={"gate": False})).allowed


def test_one_that_named_its_node_before_the_gate_may_change_elsewhere() -> None:
    live = deployment(nodeName="node-1")
    elsewhere = copied(live)
    elsewhere["spec"]["replicas"] = 0

    assert answer_to(elsewhere, live).allowed
    assert answer_to(elsewhere, live, hook=VALIDATE).allowed


def test_one_that_is_being_deleted_is_still_checked() -> None:
    live = mutated(deployment())
    live["metadata"] |= {"deletionTimestamp": "2024-05-01T10:00:00Z", "finalizers": ["a/b"]}
    new = restarted(live)
    template_of(new)["spec"]["hostPID"] = True

    assert errors(answer_to(new, live)) == ["host-namespaces"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_dry_run_is_answered_alike(dry_run: bool) -> None:
    assert answer_to(deployment(replicas=3), dry_run=dry_run) == answer_to(deployment(replicas=3))
