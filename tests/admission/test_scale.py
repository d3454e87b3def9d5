"""`kubectl scale`: a Scale says how many, and nothing about whom."""

import pytest

from tests.admission.case import DEFAULTS, MANAGED, OPTED_IN, VALIDATE, Json, errors
from tests.in_memory.api_server import ApiServer
from tests.rules.case import settings_of
from webhook.admission.answer import Answer
from webhook.admission.handler import review
from webhook.admission.workload import Request, Scope
from webhook.settings.model import Settings


def scale(
    before: object, after: object, settings: Settings = DEFAULTS, scope: Scope = MANAGED
) -> Answer:
    asked = Request(
        hook=VALIDATE, resource="deployments.apps", subresource="scale", operation="UPDATE",
        kind="Scale", name="tools", object=of(after), old_object=of(before),
    )  # fmt: skip
    return review(asked, settings, scope)


def of(replicas: object) -> Json:
    return {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": replicas}}


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, 0), (0, 1), (None, 1), (1, 1), (3, 3), (3, 2), (5, 0), (1, None), (1, "3"), ("3", 1)],
)
def test_counts_that_are_not_raised_are_kept(before: object, after: object) -> None:
    assert scale(before, after).allowed


@pytest.mark.parametrize(("before", "after"), [(1, 2), (0, 3), (None, 2), (2, 3), (1, 2**70)])
def test_a_count_that_is_raised_above_one_is_refused(before: object, after: object) -> None:
    answer = scale(before, after)

    assert errors(answer) == ["replicas"]
    assert 'MCP server "tools" refused:\n  spec.replicas must be 0 or 1' in answer.message


@pytest.mark.parametrize(
    ("keys", "allowed", "warned"),
    [
        ({"replicas": {"policy": "deny"}}, False, 0),
        ({"replicas": {"policy": "off"}}, True, 0),
        ({"rules": {"replicas": "off"}}, True, 0),
        ({"rules": {"replicas": "warn"}}, True, 1),
        ({"rules": {"replicas": "deny"}, "replicas": {"policy": "off"}}, False, 0),
    ],
)
def test_the_replica_policy_decides_about_a_scale(keys: Json, allowed: bool, warned: int) -> None:
    answer = scale(1, 3, settings_of(**keys))

    assert (answer.allowed, len(answer.warnings)) == (allowed, warned)


def test_outside_managed_namespaces_a_scale_belongs_to_nobody() -> None:
    answer = scale(1, 3, scope=OPTED_IN)

    assert answer.allowed
    assert not answer.covered


@pytest.mark.parametrize("replicas", [None, 1])
def test_a_deployment_may_be_scaled_as_its_review_left_it(replicas: object) -> None:
    manifest = {"kind": "Deployment", "spec": {"replicas": replicas}}

    assert ApiServer(scope=MANAGED).scale(manifest, 1).allowed
