"""How far saved settings are is what the controller says of that version, while it leads."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import DIGEST, endpoint, lease, replicas, seen
from webhook.console.settings_form.distribution_progress import (
    DOES_NOT_SAY,
    HAS_ANOTHER,
    HAS_IT,
    IN_FORCE,
    MOST_REPLICAS,
    NOT_JUDGED,
    NOT_KNOWN,
    NOT_VALID,
    NOTHING_STORED,
    ON_ITS_WAY,
    WAS_NOT_ASKED,
    SaidCondition,
    progress,
    read_progress,
)
from webhook.console.settings_form.settings_object import SettingsObject
from webhook.controller.installation import LEASE, SAID_REPLICAS, Installation
from webhook.fleet.checkup import readings
from webhook.fleet.checkup.checks import FAULT, OK, UNKNOWN, Snapshot

Json = dict[str, Any]
SINCE = "2026-05-01T09:00:00Z"


def stored(generation: int = 2, **conditions: str) -> SettingsObject:
    said = [
        {"type": name, "status": status, "reason": "Because", "message": "so", **_of(2)}
        for name, status in conditions.items()
    ]
    metadata = {"uid": "u", "generation": generation}
    return SettingsObject("", {"metadata": metadata, "status": {"conditions": said}})


def _of(generation: int) -> Json:
    return {"observedGeneration": generation, "lastTransitionTime": SINCE}


def reported(said: Json, *endpoints: str, renewed: bool = True) -> Snapshot:
    behind = {"endpoints": [endpoint(name) for name in endpoints]}
    return seen({LEASE: (lease({SAID_REPLICAS: said}, renewed=renewed),), "endpoints": (behind,)})


@pytest.mark.parametrize(
    ("resource", "state"),
    [
        (SettingsObject("", None), NOTHING_STORED),
        (stored(), NOT_JUDGED),
        (stored(3, Valid="True", Distributed="True"), NOT_JUDGED),
        (stored(Valid="False", Distributed="False"), NOT_VALID),
        (stored(Valid="True", Distributed="False"), ON_ITS_WAY),
        (stored(Valid="True", Distributed="True"), IN_FORCE),
        (stored(Valid="True", Distributed="Unknown"), NOT_KNOWN),
        (stored(Valid="True"), NOT_KNOWN),
    ],
    ids=["none", "new", "older", "invalid", "moving", "in-force", "not-asked", "half"],
)
def test_the_state_is_that_of_the_stored_version(resource: SettingsObject, state: str) -> None:
    found = progress(seen(), resource)

    assert found.state == state
    assert found.moving is (state in {NOT_JUDGED, ON_ITS_WAY})


def test_a_condition_is_told_in_the_words_of_the_controller() -> None:
    found = progress(seen(), stored(Valid="True"))

    since = datetime(2026, 5, 1, 9, tzinfo=UTC)
    assert found.conditions == (SaidCondition("Valid", "True", "Because", "so", since),)


def test_without_a_leader_the_status_is_not_believed() -> None:
    resource = stored(Valid="True", Distributed="True")
    found = progress(reported(replicas(), renewed=False), resource)

    assert (found.state, found.digest, found.step) == (NOT_KNOWN, "", 0)
    assert "nobody renews the Lease" in found.note


def test_each_replica_says_what_it_has() -> None:
    said = replicas(a=DIGEST, b="other", c=None)
    found = progress(reported(said | {"step": 2}, "a", "b", "c", "d"), stored())

    assert {each.name: each.state for each in found.replicas} == {
        "a": HAS_IT,
        "b": HAS_ANOTHER,
        "c": DOES_NOT_SAY,
        "d": WAS_NOT_ASKED,
    }
    assert (found.step, found.steps, found.digest) == (2, 3, DIGEST)
    assert {each.verdict for each in found.told} == {FAULT, UNKNOWN}


def test_when_all_have_it_one_sentence_says_so() -> None:
    (told,) = progress(seen(), stored(Valid="True", Distributed="True")).told

    assert (told.verdict, told.message) == (OK, f"every replica has {DIGEST} in force")


def test_who_may_not_read_the_lease_still_reads_the_status() -> None:
    found = progress(seen(unread=LEASE), stored(Valid="True", Distributed="True"))

    assert (found.state, found.note) == (IN_FORCE, "")
    assert [each.message for each in found.told] == ["you may not read it"]


def test_many_replicas_are_shown_in_part() -> None:
    said = replicas(**{f"serve-{number:03}": DIGEST for number in range(2 * MOST_REPLICAS)})

    assert len(progress(reported(said), stored()).replicas) == MOST_REPLICAS


def test_a_step_that_is_no_number_is_not_known() -> None:
    assert progress(reported(replicas() | {"step": "x"}), stored()).step == 0


def test_it_reads_no_more_than_it_tells_of(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def read_all(_: Any, __: Any, wanted: list[str]) -> Any:
        asked.extend(wanted)
        return seen().readings

    monkeypatch.setattr(readings, "read_all", read_all)
    api: Any = type("Clock", (), {"server_time": lambda _: seen().now})()

    found = asyncio.run(read_progress(api, Installation(), stored(Valid="True")))

    assert asked == [LEASE, "endpoints"]
    assert found.digest == DIGEST
