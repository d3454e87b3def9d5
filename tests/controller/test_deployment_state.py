"""What is kept of a Deployment, and what its rollout says about pods and Secrets."""

import zlib
from typing import Any

import pytest

from tests.controller.servers.one_server import Json, deployment
from webhook import names
from webhook.admission import Scope
from webhook.controller.deployment_state import (
    AUTHORS_CAUSE,
    COPIED_CAUSE,
    NO_CAUSE,
    ROLLING_CAUSE,
    observe_deployment,
    rolled,
)
from webhook.health import COMPLETE
from webhook.settings.model import Settings

SETTINGS = Settings()
SEEN = {"observedGeneration": 1}


def changed(**metadata: Any) -> Json:
    found = deployment({})
    return {**found, "metadata": {**found["metadata"], **metadata}}


@pytest.mark.parametrize(
    ("found", "covered"),
    [
        (deployment({}), True),
        (changed(deletionTimestamp="2026-01-01T00:00:00Z"), None),
    ],
)
def test_a_deployment_that_is_being_deleted_is_not_kept(found: Json, covered: bool | None) -> None:
    state = observe_deployment(found, SETTINGS, Scope.OPTED_IN)

    assert (None if state is None else state.covered) is covered


def test_a_deployment_without_a_label_is_kept_in_managed_namespaces_alone() -> None:
    found = changed(labels={}, annotations={})
    found["spec"] = {"template": {"spec": {"containers": []}}}

    assert observe_deployment(found, SETTINGS, Scope.OPTED_IN) is None
    managed = observe_deployment(found, SETTINGS, Scope.MANAGED)
    assert managed is not None
    assert managed.covered


def test_only_what_objects_are_made_from_is_kept() -> None:
    found = deployment({"mcp-admission.dev/revision": "r", "other": "hunter2"})
    (container,) = found["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "PASSWORD", "value": "hunter2"}]
    state = observe_deployment(found, SETTINGS, Scope.OPTED_IN)

    assert state is not None
    assert (state.revision, state.config_from) == ("r", "source")
    assert b"hunter2" not in zlib.decompress(state.packed)
    assert state.server.name == "crm"


@pytest.mark.parametrize(
    ("generation", "status", "expected"),
    [
        (1, {}, False),
        (1, SEEN, True),
        (2, SEEN, False),
        (1, {**SEEN, "replicas": 2, "updatedReplicas": 1}, False),
        (1, {**SEEN, "replicas": 1, "updatedReplicas": 1}, True),
    ],
)
def test_a_rollout_has_ended_when_no_pod_of_another_template_is_left(
    generation: int, status: Json, expected: bool
) -> None:
    assert rolled(deployment({}, generation, **status)) is expected


RUNNING = {**SEEN, "replicas": 1, "updatedReplicas": 1}


@pytest.mark.parametrize(
    ("generation", "status", "unread"),
    [
        (1, SEEN, True),
        (1, RUNNING, True),
        (1, {**RUNNING, "conditions": [{"reason": COMPLETE}]}, False),
        (2, {**RUNNING, "observedGeneration": 2}, False),
        (2, {"observedGeneration": 2}, True),
    ],
)
def test_a_secret_is_unread_while_no_pod_can_have_started(
    generation: int, status: Json, unread: bool
) -> None:
    state = observe_deployment(deployment({}, generation, **status), SETTINGS, Scope.OPTED_IN)

    assert state is not None
    assert state.unread is unread
    assert (state.rolled_out.rolled, state.rolled_out.first, state.rolled_out.unread) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("said", "spec", "status", "expected"),
    [
        (None, {}, {**SEEN, "updatedReplicas": 1}, NO_CAUSE),
        ("release 1", {}, {**SEEN, "updatedReplicas": 1}, AUTHORS_CAUSE),
        ("mcp-admission: a", {}, {}, ROLLING_CAUSE),
        ("mcp-admission: a", {}, {"observedGeneration": 0, "updatedReplicas": 1}, ROLLING_CAUSE),
        # Old pods are taken down first: there is no ReplicaSet yet that could have it.
        ("mcp-admission: a", {"replicas": 1}, {**SEEN, "replicas": 0}, ROLLING_CAUSE),
        ("mcp-admission: a", {"paused": True, "replicas": 0}, SEEN, ROLLING_CAUSE),
        ("mcp-admission: a", {"replicas": 0}, SEEN, COPIED_CAUSE),
        ("mcp-admission: a", {}, {**SEEN, "replicas": 2, "updatedReplicas": 1}, COPIED_CAUSE),
    ],
)
def test_a_change_cause_of_ours_is_done_with_once_a_pod_is_made_for_it(
    said: str | None, spec: Json, status: Json, expected: str
) -> None:
    found = deployment({}, **status)
    found["spec"] |= spec
    if said is not None:
        found["metadata"]["annotations"][names.CHANGE_CAUSE] = said
    state = observe_deployment(found, SETTINGS, Scope.OPTED_IN)

    assert state is not None
    assert state.cause == expected
    ours = expected in (ROLLING_CAUSE, COPIED_CAUSE)
    assert state.rolled_out.cause == (NO_CAUSE if ours else expected)
