"""A pod as rules see it: its containers, its server and what it asks for."""

from typing import Any

import pytest

from tests.rules.case import base, pod_of
from webhook.pods.pod import LONGEST_VALUE, Origin, Pod

ONE, TWO = {"name": "one"}, {"name": "two"}


def test_containers_of_every_list_are_one_sequence() -> None:
    pod = pod_of(base(ephemeralContainers=[{"name": "e"}], initContainers=[TWO], containers=[ONE]))

    assert [each.fields.label for each in pod.containers] == [
        "initContainers[two]",
        "containers[one]",
        "ephemeralContainers[e]",
    ]
    assert len(list(pod.contexts)) == 4


def test_a_pod_to_which_containers_are_added_has_these_alone() -> None:
    added = {"name": "new"}
    unnamed: list[Any] = [{}, {"name": []}]
    head = pod_of(base(containers=[ONE], ephemeralContainers=[TWO, added, *unnamed]))

    pod = Pod(head, before={"two"})

    assert [each.fields.value for each in pod.containers] == [added, *unnamed]
    assert pod.server is None


@pytest.mark.parametrize(
    ("annotations", "containers", "server", "known"),
    [
        ({}, [ONE], "one", "one"),
        ({}, [ONE, TWO], "one", None),
        ({"mcp-admission.dev/container": "two"}, [ONE, TWO], "two", "two"),
        ({"mcp-admission.dev/container": "none"}, [ONE, TWO], None, None),
        ({"kubectl.kubernetes.io/default-container": "two"}, [ONE, TWO], "two", "two"),
    ],
)
def test_secrets_go_to_a_server_that_is_known_and_not_to_a_guess(
    annotations: dict[str, str], containers: list[Any], server: str | None, known: str | None
) -> None:
    document = base(containers=containers)
    document["metadata"]["annotations"] = annotations
    pod = pod_of(document)

    found = [each and each.fields.get("name") for each in (pod.server, pod.known_server)]
    assert found == [server, known]


@pytest.mark.parametrize(
    ("value", "read"),
    [("a, b,,c ", ["a", "b", "c"]), ("", []), (1, []), ("x" * (LONGEST_VALUE + 1), [])],
    ids=["list", "empty", "number", "too-long"],
)
def test_an_annotation_is_read_as_a_list_up_to_a_length(value: Any, read: list[str]) -> None:
    document = base()
    document["metadata"]["annotations"] = {"mcp-admission.dev/env-from": value}

    assert pod_of(document).origin.annotation_list("mcp-admission.dev/env-from") == read


@pytest.mark.parametrize(
    ("origin", "template", "new_pod", "by_fleet"),
    [
        (Origin(kind="Pod"), False, True, True),
        (Origin(kind="Pod", owner="ReplicaSet"), False, True, False),
        (Origin(kind="Pod", creating=False), False, False, True),
        (Origin(kind="Deployment"), True, False, True),
        (Origin(kind="StatefulSet"), True, False, False),
    ],
)
def test_the_fleet_decides_for_deployments_and_bare_pods(
    origin: Origin, template: bool, new_pod: bool, by_fleet: bool
) -> None:
    found = origin.template, origin.new_pod, origin.takes_fleet_defaults

    assert found == (template, new_pod, by_fleet)


@pytest.mark.parametrize(
    ("tweak", "windows", "user_namespace"),
    [
        ({}, False, False),
        ({"os": {"name": "windows"}}, True, False),
        ({"os": {"name": "linux"}}, False, False),
        ({"hostUsers": False}, False, True),
        ({"hostUsers": True}, False, False),
    ],
)
def test_the_platform_of_containers_is_that_of_the_pod(
    tweak: dict[str, Any], windows: bool, user_namespace: bool
) -> None:
    (container,) = pod_of(base(**tweak)).containers

    assert container.platform == (windows, user_namespace)
