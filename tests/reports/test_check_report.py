"""What `check` and `status` print: one line a sentence, and a command that can be copied."""

from typing import Any

import pytest

from tests.fleet.checkup.snapshots import replicas, seen
from webhook.controller.installation import LEASE, SAID_REPLICAS
from webhook.fleet.checkup.catalog import CHECKS_AFTER
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, Told, run_checks
from webhook.fleet.checkup.overview import overview
from webhook.fleet.report import FleetReport, ServerStatus
from webhook.reports.check_report import check_data, check_lines, status_lines
from webhook.reports.text import GREEN, PLAIN

Json = dict[str, Any]
RESULTS = [
    CheckResult("one", "part", (Told(OK, "well"),)),
    CheckResult(
        "another", "part", (Told(FAULT, "a", "mend"), Told(FAULT, "b", "mend"), Told(NOTE, "c"))
    ),
    CheckResult("third", "part", (Told(UNKNOWN, "who knows"),)),
]


def test_each_sentence_has_its_mark_and_a_command_stands_once_below() -> None:
    assert list(check_lines(RESULTS, colour=False)) == [
        "✓ one      well",
        "✗ another  a",
        "✗ another  b",
        "    mend",
        "! another  c",
        "? third    who knows",
        "",
        "3 checks: 1 ok, 1 unknown, 1 fault",
    ]


def test_a_terminal_has_colours() -> None:
    assert next(check_lines(RESULTS, colour=True)) == f"{GREEN}✓{PLAIN} one      well"


def test_programs_get_every_sentence() -> None:
    found = check_data("after", RESULTS)

    assert found["stage"] == "after"
    assert found["summary"] == {"ok": 1, "note": 0, "unknown": 1, "fault": 1}
    assert found["checks"][1]["verdict"] == "fault"
    assert found["checks"][1]["told"][0] == {"verdict": "fault", "message": "a", "mend": "mend"}


def screen(changes: Json | None = None, **given: Any) -> str:
    fleet = FleetReport(given.pop("servers", []), [], "settings")
    found = seen(changes, fleet=fleet)
    return "\n".join(status_lines(overview(found, run_checks(CHECKS_AFTER, found)), colour=False))


def test_a_healthy_fleet_is_one_screen() -> None:
    assert screen() == (
        "enforcing      yes since 2026-04-30T10:00:00Z\n"
        "mode           enforce\n"
        "settings       a1b2c3d4e5f60718\n"
        "certificate    ends 2026-06-30T10:00:00Z\n"
        "authority      ends 2034-07-18T10:00:00Z\n"
        "control        led by mcp-admission-control-2-x2x4z\n"
        "certificates   led by mcp-admission-certificates-2-x2x4z\n"
        "\n"
        "REPLICA   READY   SETTINGS\n"
        "serve-1   yes     a1b2c3d4e5f60718\n"
        "serve-2   yes     a1b2c3d4e5f60718\n"
        "\n"
        "NAMESPACE   MODE   ALL   CURRENT   OUT-OF-DATE   UNPROTECTED   REFUSED   INCOMPLETE   "
        "NOT-RUNNING\n"
        "(all)              0     0         0             0             0         0            0\n"
        "\n"
        "nothing needs a person"
    )


def test_what_needs_a_person_has_its_command() -> None:
    found = screen({"endpoints": (), LEASE: ()})

    assert found.startswith("enforcing      unknown\n")
    assert "no replica serves" in found
    assert "needs a person:\n✗ Service mcp-admission-system/mcp-admission has no ready" in found
    assert "\n    kubectl --namespace mcp-admission-system get pods" in found


def test_a_replica_with_other_settings_is_marked() -> None:
    from tests.fleet.checkup.snapshots import lease

    says = {SAID_REPLICAS: replicas(**{"serve-1": "other"})}

    assert "serve-1   yes     other (other settings)" in screen({LEASE: (lease(says),)})


@pytest.mark.parametrize(("count", "more"), [(15, False), (17, True)])
def test_a_screen_has_fifteen_namespaces(count: int, more: bool) -> None:
    servers = [ServerStatus("Deployment", f"team-{at:02}", "x") for at in range(count)]

    found = screen(servers=servers)

    assert sum(line.startswith("team-") for line in found.splitlines()) == 15
    assert ("(2 more)" in found) is more


def test_without_an_audit_servers_are_unknown() -> None:
    found = overview(seen(), [])

    assert "servers: unknown" in list(status_lines(found, colour=False))
