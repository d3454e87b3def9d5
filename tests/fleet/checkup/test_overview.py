"""The fleet in one object: keys are stable, what is unknown is null, and the worst comes first."""

from typing import Any

import pytest

from tests.fleet.checkup import snapshots
from tests.fleet.checkup.snapshots import DIGEST, seen
from webhook.controller.installation import CERTIFICATES_LEASE, LEASE
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, Told
from webhook.fleet.checkup.overview import MOST_NEEDS, overview
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus

Json = dict[str, Any]


def server(namespace: str, state: str = "") -> ServerStatus:
    findings = (ServerFinding(state, "r", "m"),) if state else ()
    return ServerStatus("Deployment", namespace, "x", findings)


FLEET = FleetReport(
    [server("a"), server("b", "refused"), server("c", "out-of-date"), server("c")],
    [],
    "settings",
    modes={"a": "warn"},
)


def result(*told: Told) -> CheckResult:
    return CheckResult("id", "part", told)


def test_a_healthy_fleet() -> None:
    found = overview(seen(fleet=FLEET), [result(Told(OK, "well"), Told(NOTE, "noted"))])

    assert found["enforcing"] == {
        "enforcing": "yes",
        "since": snapshots.days(-1),
        "reason": "Enforcing",
        "message": "fine",
    }
    assert found["mode"] == "enforce"
    assert found["settings"] == {"digest": DIGEST, "valid": None}
    assert found["replicas"] == [
        {"name": name, "ready": True, "digest": DIGEST} for name in ("serve-1", "serve-2")
    ]
    assert found["certificates"] == {
        "certificate_ends": snapshots.days(60),
        "authority_ends": snapshots.days(3000),
    }
    assert found["leaders"] == {
        name: f"mcp-admission-{name}-2-x2x4z" for name in ("control", "certificates")
    }
    assert found["servers"]["all"] == 4
    assert found["needs"] == []


def test_the_namespaces_with_the_worst_servers_come_first() -> None:
    rows = overview(seen(fleet=FLEET), [])["namespaces"]

    assert [(row["namespace"], row["mode"]) for row in rows] == [
        ("b", "enforce"),
        ("c", "enforce"),
        ("a", "warn"),
    ]
    assert rows[1]["servers"]["all"] == 2
    assert rows[1]["servers"]["out-of-date"] == 1


def test_faults_come_before_what_is_unknown_and_there_are_at_most_five() -> None:
    results = [
        result(Told(UNKNOWN, "unknown")),
        *(result(Told(FAULT, str(number), "mend")) for number in range(5)),
    ]

    needs = overview(seen(), results)["needs"]
    few = overview(seen(), results[:2])["needs"]

    assert [each["message"] for each in needs] == ["0", "1", "2", "3", "4"]
    assert len(needs) == MOST_NEEDS
    assert [each["verdict"] for each in few] == [FAULT, UNKNOWN]


@pytest.mark.parametrize("away", ["not renewed", "not read"])
def test_without_leaders_nothing_is_shown_as_known(away: str) -> None:
    old = {name: (snapshots.lease({}, renewed=False),) for name in (LEASE, CERTIFICATES_LEASE)}
    snapshot = seen(old) if away == "not renewed" else seen(old, unread=LEASE)

    found = overview(snapshot, [])

    assert found["enforcing"] == {
        "enforcing": "unknown", "since": None, "reason": None, "message": None
    }  # fmt: skip
    assert found["leaders"] == {"control": None, "certificates": None}
    assert {each["digest"] for each in found["replicas"]} == {None}
    assert found["certificates"]["certificate_ends"] is None
    assert (found["servers"], found["namespaces"]) == (None, [])
