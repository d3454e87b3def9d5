"""What a reconcile of one server came to, and when it needs another look."""

from typing import Any

import pytest

from tests.controller.servers.one_server import deployment
from webhook.admission import Scope
from webhook.controller.deployment_state import observe_deployment
from webhook.controller.owned.owned_objects import ObjectKey
from webhook.controller.servers.outcome import Patience, Settled, WriteOutcome
from webhook.kube.errors import Forbidden
from webhook.kube.work_queue import NamespacedName
from webhook.settings.model import Settings

ERROR = Forbidden(403, "Forbidden", "no")


@pytest.mark.parametrize(
    ("outcome", "written", "right", "again"),
    [
        (WriteOutcome({}), True, True, None),
        (WriteOutcome({"ConfigMissing": "no Secret"}), True, False, None),
        (WriteOutcome({}, failures=[ERROR]), False, False, None),
        (WriteOutcome({}, taken=["Service crm-mcp"]), False, False, None),
        (WriteOutcome({}, going=["Service crm-mcp"]), False, False, None),
        (WriteOutcome({}, pauses=[8.0, 2.0]), False, False, 2.0),
        (WriteOutcome({}, ends_in=60.0), True, True, 60.0),
        (WriteOutcome({}, pauses=[8.0], ends_in=3.0), False, False, 3.0),
    ],
)
def test_an_outcome_is_right_where_all_is_written_and_nothing_missing(
    outcome: WriteOutcome, written: bool, right: bool, again: float | None
) -> None:
    assert (outcome.written, outcome.right, outcome.again) == (written, right, again)


def test_notes_of_one_kind_share_an_event() -> None:
    places = [ObjectKey("Secret", "team", name) for name in ("a", "b", "c")]
    outcome = WriteOutcome({})

    outcome.add_put_backs(lambda place: None if place.name == "b" else place.name, places)

    assert outcome.news == {"SecretPutBack": "a; c"}


SETTINGS = Settings()
FOUND = observe_deployment(deployment({}), SETTINGS, Scope.OPTED_IN)
assert FOUND is not None
SETTLED = Settled(FOUND, SETTINGS, "source 1", (None,), until=100.0)


@pytest.mark.parametrize(
    ("change", "settled"),
    [
        ({}, True),
        ({"found": FOUND._replace(revision="new")}, False),
        ({"settings": Settings()}, False),
        ({"source": "source 2"}, False),
        ({"source": None}, False),
        ({"lives": ()}, False),
        ({"now": 100.0}, False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_a_server_is_settled_until_something_changes(change: dict[str, Any], settled: bool) -> None:
    same = {"found": FOUND, "settings": SETTINGS, "source": "source 1", "lives": (None,)}

    assert SETTLED.is_settled(**{**same, "now": 99.0, **change}) is settled


def test_the_end_of_a_rollout_changes_nothing_that_is_made() -> None:
    assert FOUND is not None
    begun = FOUND._replace(rolled=False)
    ended = SETTLED._replace(deployment=begun.rolled_out)

    assert ended.is_settled(begun, SETTINGS, "source 1", (None,), 0.0)


def test_what_only_others_can_end_is_looked_at_later_each_time() -> None:
    patience, one, other = Patience(), NamespacedName("team", "one"), NamespacedName("team", "two")

    assert [patience.next(one, 60.0) for _ in range(6)] == [60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    assert patience.next(other, 2.0) == 2.0
    patience.forget(one)
    patience.forget(one)
    assert patience.next(one, 60.0) == 60.0
    assert [patience.next(other, 2.0) for _ in range(1000)][-1] == 600.0
