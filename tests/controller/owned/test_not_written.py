"""Why an object is not written: what somebody has to end is told apart from what passes."""

from typing import Any

import pytest

from webhook.controller.owned.not_written import Changed, GoingAway, NotOurs, Waits
from webhook.controller.owned.owned_objects import ObjectKey

PLACE = ObjectKey("Secret", "team", "crm-mcp-config")


@pytest.mark.parametrize(
    ("finalizers", "held", "message"),
    [
        (None, [], "Secret crm-mcp-config is being deleted"),
        (["foregroundDeletion", "orphan"], [], "Secret crm-mcp-config is being deleted"),
        (
            ["a/b", "orphan", "c/d"],
            ["a/b", "c/d"],
            (
                "Secret crm-mcp-config is being deleted, and kept by its finalizers a/b, c/d: "
                "take them away"
            ),
        ),
    ],
)
def test_a_deletion_that_somebody_holds_up_says_who(
    finalizers: list[str] | None, held: list[str], message: str
) -> None:
    metadata: dict[str, Any] = {"finalizers": finalizers} if finalizers else {}
    found = GoingAway(PLACE, {"metadata": metadata})

    assert (found.held, found.message, found.status) == (held, message, 0)


def test_what_was_found_is_at_hand() -> None:
    other = {"metadata": {"name": "crm-mcp-config"}}

    assert NotOurs(PLACE.kind, PLACE.name, other).found is other
    assert Waits(4.0).seconds == 4.0
    assert Changed(PLACE).message == "Secret crm-mcp-config has changed since it was read"
