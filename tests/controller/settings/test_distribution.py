"""What the status says of a resource, and that saying it again changes nothing."""

import json
from typing import Any

import pytest

from webhook.controller.settings.distribution import (
    ChangeStep,
    Distribution,
    Progress,
    resource_status,
    said_replicas,
)
from webhook.controller.settings.propagation import Answers
from webhook.controller.settings.settings_store import SettingsResource
from webhook.settings.layers import Layer
from webhook.settings.stage import Stage
from webhook.settings.written_settings import WrittenSettings

Json = dict[str, Any]
LOCKS = [Layer({"onConflict": "deny", "mcpNamespace": {"name": "tools"}}, str)]
SPEC = {"onConflict": "warn", "platform": "openshift"}


COUNTS = {"total": 2, "current": 1, "outOfDate": 1, "unprotected": 0, "refused": 0}


def resource(before: Json | None = None, generation: int = 3) -> SettingsResource:
    return SettingsResource("uid", generation, SPEC, before or {})


def verdict(answers: Answers, faults: str | None = None) -> Distribution:
    return Distribution(faults, "new", answers, COUNTS)


def conditions(found: Json) -> dict[str, Json]:
    return {each["type"]: each for each in found["conditions"]}


@pytest.mark.parametrize(
    ("answers", "state", "reason", "words"),
    [
        (Answers({"a": "new", "b": "new"}), "True", "InForce", "every replica has new in force"),
        (Answers({"a": "new", "b": "old"}), "False", "Waiting", "b of 2 do not have new"),
        (Answers({"a": None}), "False", "Waiting", "a of 1"),
        (Answers({f"r{at}": None for at in range(7)}), "False", "Waiting", "r4 and 2 more of 7"),
        (Answers({}), "False", "NoReplicas", "look at mcp-admission-serve"),
        (Answers({"a": None}, ready=0), "False", "NoReplicas", "look at mcp-admission-serve"),
        (Answers({"a": None}, ready=1), "False", "Waiting", "a of 1"),
        (Answers({"a": "old"}, ready=0), "False", "Waiting", "a of 1"),
        (Answers({}, "403 Forbidden"), "Unknown", "NotAsked", "403 Forbidden"),
    ],
)
def test_settings_are_distributed_when_every_replica_reports_them(
    answers: Answers, state: str, reason: str, words: str
) -> None:
    found = conditions(resource_status(resource(), verdict(answers), LOCKS, "now"))

    assert found["Valid"]["status"] == "True"
    assert (found["Distributed"]["status"], found["Distributed"]["reason"]) == (state, reason)
    assert words in found["Distributed"]["message"]


@pytest.mark.parametrize(
    ("step", "told", "reason", "words"),
    [
        (1, "old", "Waiting", "step 1 of 3: a of 1 do not accept new yet: their kubelets"),
        (1, "step", "Stepping", "step 1 of 3: all replicas accept new"),
        (2, "old", "Waiting", "step 2 of 3: a of 1 do not have new in force yet"),
        (2, "step", "Stepping", "all replicas have new in force: what the settings before allow"),
        (3, "old", "Waiting", "step 3 of 3: a of 1 do not have new in force alone yet"),
    ],
)
def test_amid_a_change_the_status_says_the_step_and_who_lacks_it(
    step: int, told: str, reason: str, words: str
) -> None:
    amid = Distribution(None, "new", Answers({"a": told}), COUNTS, ChangeStep(step, "step"))
    found = conditions(resource_status(resource(), amid, LOCKS, "now"))["Distributed"]

    assert (found["status"], found["reason"]) == ("False", reason)
    assert words in found["message"]


def test_what_is_not_valid_is_not_called_distributed() -> None:
    everywhere = Answers({"a": "new"})
    found = conditions(resource_status(resource(), verdict(everywhere, "spec.x: no"), LOCKS, "now"))

    assert [found[name]["status"] for name in ("Valid", "Distributed")] == ["False", "False"]
    assert found["Valid"]["message"].startswith("spec.x: no\n")


def test_keys_counts_and_generation() -> None:
    found = resource_status(resource(), verdict(Answers({"a": "new"})), LOCKS, "now")

    # The name of the namespace is the chart's alone: the resource has no such key.
    assert (found["locked"], found["ignored"]) == (["onConflict"], ["onConflict"])
    assert found["servers"] == COUNTS
    assert {each["observedGeneration"] for each in found["conditions"]} == {3}


def test_the_time_is_that_of_the_last_change() -> None:
    waiting, done = verdict(Answers({"a": "old"})), verdict(Answers({"a": "new"}))
    first = resource_status(resource(), waiting, LOCKS, "1")

    assert resource_status(resource(first), waiting, LOCKS, "2") == first
    after = conditions(resource_status(resource(first, 4), done, LOCKS, "3"))
    assert after["Valid"]["lastTransitionTime"] == "1"
    assert after["Distributed"]["lastTransitionTime"] == "3"


def test_the_lease_says_which_replicas_report_which_settings_of_at_most_fifty() -> None:
    stage = Stage(WrittenSettings("mode: warn"))
    answers = Answers({f"pod-{at:03}": None if at else stage.digest for at in reversed(range(60))})

    (text,) = said_replicas(Progress({}, stage, answers, reached=False, step=2), "me").values()

    said = json.loads(text)
    assert (said["digest"], said["problem"]) == (stage.digest, None)
    assert (said["by"], said["step"]) == ("me", 2)
    assert len(said["replicas"]) == 50
    assert said["replicas"]["pod-000"] == stage.digest
    assert said["replicas"]["pod-001"] is None
