"""A Deployment that opts out is left as its author wrote it, down to objects that we made."""

from typing import Any

import pytest

from tests.admission.case import NAME, SERVER, answer_to, deployment, mutated
from tests.in_memory.defaults import copied
from tests.in_memory.requests import applied
from webhook.admission.workload import Hook

Json = dict[str, Any]
DROP_ALL = {"capabilities": {"drop": ["ALL"]}}


def with_container(**fields: Any) -> Json:
    return deployment(containers=[{"name": "main", "image": "example.test/mcp:1", **fields}])


@pytest.mark.parametrize(
    "manifest",
    [
        deployment(),
        deployment(securityContext={"runAsUser": 2000}),
        deployment(initContainers=[{"name": "prepare", "image": "example.test/mcp:1"}]),
        deployment(annotations={"mcp-admission.dev/files-from": "keys"}),
        with_container(securityContext=DROP_ALL),
        with_container(securityContext={"readOnlyRootFilesystem": True}),
        with_container(resources={"limits": {"cpu": "1"}}),
        with_container(imagePullPolicy="IfNotPresent"),
        with_container(envFrom=[{"secretRef": {"name": "own"}}]),
    ],
)
def test_nothing_of_ours_is_left(manifest: Json) -> None:
    live = mutated(manifest)
    leaving = {**live, "metadata": {**live["metadata"], "labels": {SERVER: "false"}}}

    left = applied(leaving, answer_to(leaving, live))

    expected = manifest["spec"]["template"]
    assert without_empty(left["spec"]["template"]["metadata"]) == expected["metadata"]
    assert left["spec"]["template"]["spec"] == expected["spec"]


def without_empty(metadata: Json) -> Json:
    return {key: value for key, value in metadata.items() if value != {}}


SELECTORS: list[tuple[Json, str]] = [
    ({"matchLabels": {"app": "tools", SERVER: "true"}}, SERVER),
    ({"matchLabels": {NAME: "tools"}}, NAME),
    ({"matchLabels": {SERVER: "true", NAME: "tools"}}, f"{SERVER} and {NAME}"),
    ({"matchExpressions": [{"key": SERVER, "operator": "Exists"}]}, SERVER),
    ({"matchExpressions": [{"key": SERVER, "operator": "In", "values": ["true"]}]}, SERVER),
]


def selecting(selector: Json, **labels: str) -> Json:
    """A Deployment whose template has the labels that its selector asks for."""
    of_template = {"app": "tools", SERVER: "true", NAME: "tools"}
    document = deployment(labels=labels or None, template={"labels": of_template})
    document["spec"]["selector"] = copied(selector)
    return document


@pytest.mark.parametrize("hook", Hook)
@pytest.mark.parametrize(("selector", "asked"), SELECTORS)
def test_a_selector_that_asks_for_our_labels_keeps_them(
    selector: Json, asked: str, hook: Hook
) -> None:
    live = mutated(selecting(selector))
    leaving = copied(live)
    leaving["metadata"]["labels"] = {SERVER: "false"}
    answer = answer_to(leaving, live, hook=hook)

    assert answer.message == (
        'MCP server "tools" refused:\n'
        f'  metadata.labels[{SERVER}] must not be "false", because spec.selector asks for {asked} '
        "and cannot change: delete the Deployment, and create it without them (identity)\n"
        "  correct these fields: there is no exception to the rule in brackets"
    )


def test_a_new_deployment_can_still_change_its_selector() -> None:
    answer = answer_to(selecting(SELECTORS[0][0], **{SERVER: "false"}))

    assert "take them out of spec.selector (identity)" in answer.message


@pytest.mark.parametrize(
    "expression",
    [
        {"key": SERVER, "operator": "DoesNotExist"},
        {"key": NAME, "operator": "NotIn", "values": ["x"]},
        {"key": "app", "operator": "Exists"},
    ],
)
def test_a_selector_that_does_without_them_lets_go(expression: Json) -> None:
    live = mutated(deployment())
    leaving = copied(live)
    leaving["metadata"]["labels"] = {SERVER: "false"}
    leaving["spec"]["selector"] = {"matchExpressions": [expression]}

    assert answer_to(leaving, live).allowed


def test_one_that_was_stored_like_this_without_us_can_still_be_edited() -> None:
    live = selecting(SELECTORS[0][0], **{SERVER: "false"})
    scaled = copied(live)
    scaled["spec"]["replicas"] = 2

    answer = answer_to(scaled, live)

    assert (answer.allowed, answer.operations) == (True, ())


def test_a_selector_that_asks_for_another_name_is_refused_with_the_right_one() -> None:
    document = deployment(template={"labels": {NAME: "other"}})
    document["spec"]["selector"] = {"matchLabels": {NAME: "other"}}

    assert (
        f"spec.selector.matchLabels[{NAME}] must be tools, or left out (identity)"
        in answer_to(document).message
    )
