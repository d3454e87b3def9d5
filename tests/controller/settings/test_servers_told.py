"""What the status says of servers, and how often that is written."""

from math import inf
from typing import Any

import pytest

from webhook.controller.settings.servers_told import (
    SECONDS_BETWEEN_COUNTS,
    SECONDS_BETWEEN_REASONS,
    SERVERS_RUNNING,
    StatusPace,
    counted,
    servers_condition,
)
from webhook.health import FleetCounts

Json = dict[str, Any]

STATES = {"current": 1, "out-of-date": 0, "unprotected": 0, "refused": 0}
SAID = {"status": "False", "reason": "NotRunning", "message": "m", "observedGeneration": 3}
STORED = {"conditions": [{"type": SERVERS_RUNNING, **SAID, "lastTransitionTime": "then"}]}
NOT_COUNTED = ("Unknown", "NotCounted", "the leading controller has not looked at every server yet")


def counts(incomplete: int = 0, not_running: int = 0, **reasons: dict[str, int]) -> FleetCounts:
    all_ = 1 + incomplete + not_running
    down = {"incomplete": incomplete, "not-running": not_running}
    return FleetCounts({"all": all_, **STATES, **down}, {"not-running": reasons.get("why", {})})


@pytest.mark.parametrize(
    ("found", "status", "reason", "message"),
    [
        (counts(), "True", "AllRun", "no server is not-running or incomplete"),
        (counts(1), "False", "Incomplete", "1 of 2 servers is incomplete: `mcp-admission audit"),
        (
            counts(1, 2, why={"crash-loop": 2}),
            "False",
            "NotRunning",
            "2 of 4 servers are not-running (2 crash-loop) and 1 of 4 servers is incomplete: ",
        ),
    ],
)
def test_whether_servers_run_is_said_with_the_reasons(
    found: FleetCounts, status: str, reason: str, message: str
) -> None:
    told = servers_condition(found, STORED, was_away=True)[SERVERS_RUNNING]

    assert (told["status"], told["reason"]) == (status, reason)
    assert told["message"].startswith(message)


@pytest.mark.parametrize(
    ("status", "was_away", "expected"),
    [
        pytest.param(STORED, False, SAID, id="the leader before"),
        pytest.param(STORED, True, None, id="nobody led for a while"),
        pytest.param({}, False, None, id="nobody has said anything"),
    ],
)
def test_before_each_server_was_looked_at_nothing_new_is_said(
    status: Json, expected: Json | None, *, was_away: bool
) -> None:
    told = servers_condition(None, status, was_away=was_away)[SERVERS_RUNNING]

    unknown = dict(zip(("status", "reason", "message"), NOT_COUNTED, strict=True))
    assert told == (expected or unknown)


def test_the_counts_of_a_status_are_those_of_each_state() -> None:
    assert counted({}) is None
    found = counted(counts(1, 2).states)
    assert found is not None
    assert (found["total"], found["incomplete"], found["notRunning"]) == (4, 1, 2)


def status_of(message: str = "m", reason: str = "NotRunning", total: int = 1) -> Json:
    told = {"type": SERVERS_RUNNING, "status": "False", "reason": reason, "message": message}
    others = {"type": "Valid", "status": "True", "reason": "Accepted", "message": "m"}
    return {"conditions": [others, told], "servers": {"total": total}}


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        pytest.param(status_of(), inf, id="nothing new"),
        pytest.param(status_of(reason="Incomplete"), 0.0, id="another reason"),
        pytest.param(status_of(message="n"), SECONDS_BETWEEN_REASONS - 1, id="other servers"),
        pytest.param(status_of(total=2), SECONDS_BETWEEN_COUNTS - 1, id="counts alone"),
        pytest.param({**status_of(), "locked": ["x"]}, 0.0, id="something else"),
    ],
)
def test_what_is_new_of_servers_alone_waits(wanted: Json, seconds: float) -> None:
    pace = StatusPace()
    assert pace.due_in({}, status_of(), 0.0) == 0.0
    pace.wrote(0.0)

    assert pace.due_in(status_of(), wanted, 1.0) == seconds
    assert pace.due_in(status_of(), wanted, 100.0) == (inf if seconds == inf else 0.0)
