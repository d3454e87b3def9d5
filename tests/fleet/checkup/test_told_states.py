"""What the leaders say is believed while they renew their Leases, and is unknown otherwise."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import DIGEST, certificates, enforcing, lease, replicas, seen
from webhook.controller.installation import (
    CERTIFICATES_LEASE,
    LEASE,
    SAID_CERTIFICATES,
    SAID_ENFORCING,
    SAID_REPLICAS,
)
from webhook.fleet.checkup import told_certificates, told_states
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, Snapshot, Told
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus, Skipped

Json = dict[str, Any]
HOLDER = "pod-1_uid"
SERVE = dict.fromkeys(("serve-1", "serve-2"), DIGEST)
Judge = Callable[[Snapshot], Iterator[Told]]


def control(*, renewed: bool = True, **says: Json) -> Snapshot:
    known = {"enforcing": SAID_ENFORCING, "replicas": SAID_REPLICAS}
    held = lease({known[key]: say for key, say in says.items()}, renewed=renewed)
    return seen({LEASE: (held,)}, settings={"mode": "observe"})


@pytest.mark.parametrize(
    ("said", "verdict", "words", "mend"),
    [
        (enforcing(), OK, "enforcing since 2026-04-30T10:00:00Z", ""),
        (enforcing("False", "RegistrationMissing"), FAULT, "nothing is enforced", "helm"),
        (enforcing("False", "WrongCA"), FAULT, "(WrongCA)", "deployment/mcp-admission-cert"),
        (enforcing("False", "OtherSettings"), FAULT, "(Oth", "restart deployment/mcp-admission-s"),
        (enforcing("False", "NoReplica"), FAULT, "fine", "rollout status"),
        (enforcing("False", "Unreachable"), FAULT, "fine", "logs deployment/mcp-admission-control"),
        (enforcing("False", "BelowEnforce"), NOTE, "nothing is enforced: fine", ""),
        (enforcing("Unknown", "NotProbed"), UNKNOWN, "fine", ""),
        ({}, UNKNOWN, "has not probed yet", ""),
    ],
)
def test_enforcing_is_what_the_probe_has_shown(
    said: Json, verdict: str, words: str, mend: str
) -> None:
    (told,) = told_states.judge_enforcing(control(enforcing=said))

    assert told.verdict == verdict
    assert words in told.message
    assert mend in told.mend


def test_the_condition_counts_where_the_lease_says_nothing() -> None:
    condition = {"type": "Enforcing", "observedGeneration": 3, **enforcing("False", "LetPass")}
    resource = {"metadata": {"generation": 3}, "status": {"conditions": [condition]}}
    changes = {LEASE: (lease({}),), "settings-resource": (resource,)}

    (told,) = told_states.judge_enforcing(seen(changes))
    resource["metadata"] = {"generation": 4}
    (later,) = told_states.judge_enforcing(seen(changes))

    assert (told.verdict, later.verdict) == (FAULT, UNKNOWN)


def test_where_neither_lease_nor_resource_says_anything_the_reason_is_told() -> None:
    changes = {LEASE: (lease({}),)}

    (told,) = told_states.judge_enforcing(seen(changes, unread="settings-resource"))

    assert told == (UNKNOWN, "enforcing: you may not read it", "")


@pytest.mark.parametrize(
    "judge",
    [told_states.judge_enforcing, told_states.judge_replicas, told_certificates.judge_certificates],
    ids=["enforcing", "replicas", "certificates"],
)
def test_without_a_leader_nothing_is_known(judge: Judge) -> None:
    away = {
        LEASE: (lease({SAID_REPLICAS: replicas()}, renewed=False),),
        CERTIFICATES_LEASE: (lease({SAID_CERTIFICATES: certificates()}, renewed=False),),
    }

    (told,) = judge(seen(away))

    assert told.verdict == UNKNOWN
    assert "does not renew its Lease" in told.message


def settings(status: str | None, observed: int = 1, *, renewed: bool = True) -> Snapshot:
    condition = {"type": "Valid", "status": status, "message": "a\nb", "observedGeneration": 1}
    resource = {
        "metadata": {"generation": observed},
        "status": {"conditions": [condition] if status else []},
    }
    return seen({"settings-resource": (resource,), LEASE: (lease({}, renewed=renewed),)})


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (seen(), OK, "no MCPServerSettings"),
        (settings("True"), OK, "is valid"),
        (settings("False"), FAULT, "is not in force: a b"),
        (settings("True", observed=2), UNKNOWN, "not judged this"),
        (settings(None), UNKNOWN, "not judged this"),
        (settings("True", renewed=False), UNKNOWN, "does not renew"),
    ],
    ids=["none", "valid", "invalid", "changed", "new", "away"],
)
def test_the_settings_resource_is_valid_for_its_own_generation(
    found: Snapshot, verdict: str, words: str
) -> None:
    (told,) = told_states.judge_settings(found)

    assert told.verdict == verdict
    assert words in told.message


@pytest.mark.parametrize(
    ("said", "verdict", "words"),
    [
        (replicas(), OK, f"every replica has {DIGEST} in force"),
        (replicas(**SERVE | {"b": "other"}), FAULT, f"b works by other settings than {DIGEST}"),
        (replicas(**SERVE | {"a": None}), FAULT, "a does not say which"),
        (replicas(**{"serve-1": DIGEST}), UNKNOWN, "serve-2 was not asked"),
        (replicas() | {"replicas": {}}, UNKNOWN, "serve-1, serve-2 was not asked"),
        (replicas() | {"problem": "403"}, UNKNOWN, "403"),
        ({}, UNKNOWN, "has not asked them yet"),
    ],
)
def test_every_replica_reports_the_settings_that_it_should_have(
    said: Json, verdict: str, words: str
) -> None:
    (told,) = told_states.judge_replicas(control(replicas=said))

    assert told.verdict == verdict
    assert words in told.message


@pytest.mark.parametrize("step", [1, 2, None])
def test_replicas_that_report_a_step_have_not_made_the_change(step: int | None) -> None:
    (told,) = told_states.judge_replicas(control(replicas=replicas() | {"step": step}))

    assert told.verdict == UNKNOWN
    assert f"step {step} of 3 of a change" in told.message


@pytest.mark.parametrize("below", [False, True])
def test_what_the_leader_before_has_said_is_not_known_any_more(below: bool) -> None:
    said = enforcing("False", "BelowEnforce") if below else enforcing()
    before = control(enforcing=said | {"by": "old"}, replicas=replicas() | {"by": "old"})
    own = control(enforcing=enforcing() | {"by": HOLDER}, replicas=replicas() | {"by": HOLDER})

    for judge in (told_states.judge_enforcing, told_states.judge_replicas):
        assert [told.verdict for told in judge(before)] == [UNKNOWN]
        assert [told.verdict for told in judge(own)] == [OK]


def test_a_verdict_of_the_mode_before_is_not_known_any_more() -> None:
    said = {LEASE: (lease({SAID_ENFORCING: enforcing("False", "BelowEnforce")}),)}

    (told,) = told_states.judge_enforcing(seen(said, settings={"mode": "enforce"}))

    assert told.verdict == UNKNOWN
    assert "was not probed since" in told.message


def test_where_no_replica_is_there_nobody_knows_their_settings() -> None:
    nobody = lease({SAID_REPLICAS: replicas() | {"replicas": {}}})

    (told,) = told_states.judge_replicas(seen({"endpoints": (), LEASE: (nobody,)}))

    assert told.verdict == UNKNOWN


@pytest.mark.parametrize("text", ["no json", "[]"])
def test_what_the_lease_says_is_read_with_care(text: str) -> None:
    held = lease({})
    held["metadata"]["annotations"] = {SAID_REPLICAS: text}

    assert told_states.said_in_lease(seen({LEASE: (held,)}), LEASE, SAID_REPLICAS) == {}


def fleet(*states: str, skipped: tuple[Skipped, ...] = (), **given: Any) -> FleetReport:
    servers = [
        ServerStatus("Deployment", f"team-{number}", "x", (ServerFinding(state, "r", "m"),))
        for number, state in enumerate(states)
    ]
    return FleetReport(servers, skipped, "settings", **given)


def test_servers_are_counted_by_state_and_the_command_leads_to_them() -> None:
    found = list(told_states.judge_servers(seen(fleet=fleet("current", "out-of-date", "refused"))))

    assert [(each.verdict, each.message, each.mend) for each in found] == [
        (OK, "1 of 3 servers is current", ""),
        (
            NOTE,
            "1 of 3 servers is out-of-date (1 r), in team-1",
            "mcp-admission apply --all --namespace team-1",
        ),
        (
            FAULT,
            "1 of 3 servers is refused (1 r), in team-2",
            "mcp-admission audit --state refused --namespace team-2",
        ),
    ]


def test_a_part_of_the_fleet_that_may_not_be_read_is_unknown() -> None:
    (told, _) = told_states.judge_servers(seen(fleet=fleet(skipped=(Skipped("pods", "no"),))))

    assert told == Told(UNKNOWN, "servers: pods may not be read: no")


def test_no_fleet_no_word_and_an_empty_one_is_well() -> None:
    assert list(told_states.judge_servers(seen())) == []
    assert list(told_states.judge_exceptions(seen())) == []
    assert [each.verdict for each in told_states.judge_servers(seen(fleet=fleet()))] == [OK]


def test_an_exception_that_has_ended_is_a_note() -> None:
    ended = ExceptionStatus("old", "ended", "it has ended")
    report = fleet(exceptions=(ended, ExceptionStatus("new", "in-force", "in force")))

    (told,) = told_states.judge_exceptions(seen(fleet=report))

    assert (told.verdict, told.message) == (NOTE, "exception old: it has ended")
