"""Pods older than the webhook: what they were stays, what is new about them is checked."""

from typing import Any

import pytest

from tests.admission.case import (
    MANAGED,
    MUTATE,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    errors,
    pod,
)
from tests.in_memory.defaults import copied
from webhook.admission.workload import Scope

OLDER = pod(hostNetwork=True, containers=[{"name": "main", "image": "example.test/mcp:1"}])


def changed(**metadata: Any) -> Json:
    new = copied(OLDER)
    new["metadata"] |= metadata
    return new


INNOCENT = {
    "annotation": changed(annotations={"a": "b"}),
    "label": changed(labels={SERVER: "true", "a": "b"}),
    "finalizer": changed(finalizers=[]),
    "deletion": changed(deletionTimestamp="2024-05-01T10:00:00Z"),
    "toleration": {**OLDER, "spec": {**OLDER["spec"], "tolerations": [{"key": "a"}]}},
    "deadline": {**OLDER, "spec": {**OLDER["spec"], "activeDeadlineSeconds": 5}},
}


@pytest.mark.parametrize("new", INNOCENT.values(), ids=INNOCENT)
@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
def test_pods_older_than_the_webhook_may_be_edited(new: Json, scope: Scope) -> None:
    assert answer_to(new, OLDER, scope=scope, hook=VALIDATE).allowed
    assert answer_to(new, OLDER, scope=scope).operations == ()


def with_images(**lists: list[str]) -> Json:
    new = copied(OLDER)
    for key, images in lists.items():
        new["spec"][key] = [{"name": str(at), "image": image} for at, image in enumerate(images)]
    return new


@pytest.mark.parametrize("new", [
    with_images(containers=["example.test/mcp:2"]),
    with_images(containers=["example.test/mcp:1", "more"]),
    with_images(initContainers=["more"]),
    with_images(ephemeralContainers=["more"]),
], ids=["image", "container", "init", "ephemeral"])  # fmt: skip
@pytest.mark.parametrize("terminating", [False, True])
def test_another_image_is_checked_even_on_a_terminating_pod(new: Json, terminating: bool) -> None:
    old = copied(OLDER)
    if terminating:
        for document in (old, new):
            document["metadata"]["deletionTimestamp"] = "2024-05-01T10:00:00Z"

    assert "host-namespaces" in errors(answer_to(new, old, hook=VALIDATE))


def test_pods_that_are_no_servers_are_left_alone() -> None:
    old = {**OLDER, "metadata": {"name": "tools", "labels": {"app": "a"}}}

    for hook in (MUTATE, VALIDATE):
        answer = answer_to(old, old, hook=hook)

        assert (answer.covered, answer.operations) == (False, ())
