"""A roll that is not complete is taken back to the template that ran, and to no other."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.admission.case import VALIDATE, Json, answer_to, deployment
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.rules.case import settings_of
from webhook.admission.going_back import template_digest

FORMER = "mcp-admission.dev/former"
PLAIN = ApiServer()
MISSING = ApiServer(settings_of(mcpServerDefaults={"runtimeClassName": "missing"}))
GOING = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 1}
DONE = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


def rolling(before: Json, status: Json = GOING) -> Json:
    """The Deployment in the roll of `apply`, under settings with a class that is missing."""
    asked = restarted(before)
    former = template_digest(template_of(before))
    asked["metadata"].setdefault("annotations", {})[FORMER] = former
    asked["metadata"]["generation"] = 2
    outcome = MISSING.update(before, asked)

    assert outcome.allowed, outcome.message
    assert outcome.warnings == []
    assert template_of(outcome.stored)["spec"]["runtimeClassName"] == "missing"
    return {**outcome.stored, "status": status}


def back(now: Json, before: Json) -> Json:
    """What takes the roll back: the template before, and no digest."""
    new = copied(now)
    new["spec"]["template"] = copied(template_of(before))
    del new["metadata"]["annotations"][FORMER]
    return new


def test_the_template_that_ran_comes_back_as_it_ran() -> None:
    before = PLAIN.create(deployment()).stored
    now = rolling(before)

    outcome = MISSING.update(now, back(now, before))

    assert outcome.allowed, outcome.message
    assert (outcome.patch, outcome.warnings) == ([], [])
    assert template_of(outcome.stored) == template_of(before)
    assert FORMER not in outcome.stored["metadata"]["annotations"]


def test_a_new_pod_of_the_template_that_came_back_is_reviewed_like_every_other() -> None:
    before = PLAIN.create(deployment()).stored
    now = rolling(before)
    stored = MISSING.update(now, back(now, before)).stored

    pod = MISSING.create(pod_of(stored))
    assert pod.allowed
    assert pod.stored["spec"]["runtimeClassName"] == "missing"


def other_image(new: Json) -> None:
    template_of(new)["spec"]["containers"][0]["image"] = "example.test/mcp:2"


def unlabelled(new: Json) -> None:
    del template_of(new)["metadata"]["labels"]["mcp-admission.dev/server"]


def asks_for_more(new: Json) -> None:
    new["metadata"]["annotations"]["mcp-admission.dev/port"] = "1234"


def keeps_the_digest(new: Json) -> None:
    new["metadata"]["annotations"][FORMER] = "0" * 64


@pytest.mark.parametrize("change", [other_image, unlabelled, asks_for_more, keeps_the_digest])
def test_another_update_is_filled_in_by_the_settings_of_now(change: Callable[[Json], Any]) -> None:
    before = PLAIN.create(deployment()).stored
    now = rolling(before)
    new = back(now, before)
    change(new)

    outcome = MISSING.update(now, new)

    assert template_of(outcome.stored)["spec"]["runtimeClassName"] == "missing"


def test_a_roll_that_is_complete_is_not_taken_back() -> None:
    before = PLAIN.create(deployment()).stored
    now = rolling(before, DONE)

    outcome = MISSING.update(now, back(now, before))

    assert template_of(outcome.stored)["spec"]["runtimeClassName"] == "missing"


def test_a_template_that_was_never_filled_in_is_filled_in() -> None:
    before = {**deployment(), "metadata": {**deployment()["metadata"], "generation": 1}}
    now = rolling(before)

    outcome = MISSING.update(now, back(now, before))

    assert template_of(outcome.stored)["spec"]["runtimeClassName"] == "missing"


def forged(before: Json) -> Json:
    """A template that no settings admit."""
    new = copied(before)
    (container,) = template_of(new)["spec"]["containers"]
    container["securityContext"]["privileged"] = True
    return new


def test_no_template_comes_back_that_was_not_there() -> None:
    before = PLAIN.create(deployment()).stored
    asked = restarted(before)
    asked["metadata"].setdefault("annotations", {})[FORMER] = template_digest(
        template_of(forged(before))
    )

    outcome = MISSING.update(before, asked)

    assert FORMER not in outcome.stored["metadata"]["annotations"]
    assert [each for each in outcome.warnings if FORMER in each]
    assert "privileged" in MISSING.update(outcome.stored, forged(outcome.stored)).refused_by


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
def test_a_forged_digest_that_passes_the_mutating_hook_is_refused(operation: str) -> None:
    before = PLAIN.create(deployment()).stored
    new = copied(before)
    new["metadata"].setdefault("annotations", {})[FORMER] = "0" * 64
    old = before if operation == "UPDATE" else None

    answer = answer_to(new, old, hook=VALIDATE)

    assert not answer.allowed
    assert FORMER in answer.message


def test_a_digest_from_before_the_label_counts_for_nothing() -> None:
    plain = deployment()
    del plain["metadata"]["labels"]["mcp-admission.dev/server"]
    plain["metadata"].setdefault("annotations", {})[FORMER] = "0" * 64
    stored = PLAIN.create(plain).stored
    assert FORMER in stored["metadata"]["annotations"]
    joining = copied(stored)
    joining["metadata"]["labels"]["mcp-admission.dev/server"] = "true"

    outcome = PLAIN.update(stored, joining)

    assert FORMER not in outcome.stored["metadata"]["annotations"]


def test_absent_null_and_empty_values_have_one_digest() -> None:
    said = {"metadata": {"creationTimestamp": None, "labels": {"b": "2", "a": "1"}}, "spec": {}}

    assert template_digest(said) == template_digest({"metadata": {"labels": {"a": "1", "b": "2"}}})
    assert template_digest(said) != template_digest({"metadata": {"labels": {"a": "1"}}})
