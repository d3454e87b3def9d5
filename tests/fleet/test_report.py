"""The result of an audit: a server has the worst state of its findings, each of them once."""

from dataclasses import replace

import pytest

from tests.fleet.reports import REPORT
from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED
from webhook.fleet.report import FindingsByWorkload, ServerFinding, ServerStatus, WorkloadKey
from webhook.fleet.server_facts import FactsByWorkload

CRM = WorkloadKey("team", "Deployment", "crm")
CHANGED = ServerFinding(OUT_OF_DATE, "out-of-date", "hostPID is true and would be false")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "current"),
        ([OUT_OF_DATE], "out-of-date"),
        ([UNPROTECTED, OUT_OF_DATE], "unprotected"),
        ([OUT_OF_DATE, REFUSED, UNPROTECTED], "refused"),
        ([REFUSED, "not-running", "incomplete"], "not-running"),
    ],
)
def test_a_server_has_the_worst_state_of_its_findings(states: list[str], expected: str) -> None:
    findings = tuple(ServerFinding(state, "reason", "message") for state in states)

    assert ServerStatus("Deployment", "team", "crm", findings).state == expected


def test_the_same_finding_of_several_pods_counts_once() -> None:
    found = FindingsByWorkload()
    other = CHANGED._replace(path="/spec/hostPID")
    found.add(CRM, [CHANGED])
    found.add(CRM, [CHANGED, other])

    (status,) = found.statuses(FactsByWorkload())
    assert status.findings == (CHANGED, other)
    assert not found.refused(CRM)


def test_findings_that_are_alike_are_kept_once() -> None:
    found = FindingsByWorkload()
    search = CRM._replace(name="search")
    for key in (CRM, search):
        found.add(key, [ServerFinding(*CHANGED)])
    found.add(search, [CHANGED._replace(path="/spec/other", final=True)])
    found.add(CRM, [CHANGED._replace(path="/spec/other")])

    crm, other = found.statuses(FactsByWorkload())
    assert crm.findings[0] is other.findings[0]
    assert [each.findings[1].final for each in (crm, other)] == [False, True]


def test_servers_without_findings_are_kept_in_order() -> None:
    found = FindingsByWorkload()
    search = CRM._replace(name="search")
    bare = WorkloadKey("shop", "Pod", "bare")
    for key in (search, CRM, bare):
        found.add(key, [])

    assert search in found
    assert [each.name for each in found.statuses(FactsByWorkload())] == ["bare", "crm", "search"]


def test_a_report_counts_every_server_and_lists_those_with_findings() -> None:
    assert REPORT.counts() == {
        "all": 7, "current": 1, "out-of-date": 2, "unprotected": 1, "refused": 1, "incomplete": 1,
        "not-running": 1,
    }  # fmt: skip
    assert [each.name for each in REPORT.listed] == [
        "older", "crm", "bare", "bridge", "agents", "web",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("states", "rules", "expected"),
    [
        ({"current"}, set(), ["fine"]),
        ({"current", "refused"}, set(), ["fine", "bridge"]),
        (set(), {"host"}, ["bridge"]),
        (set(), {"out-of-date", "quota-exceeded"}, ["older", "crm", "bare", "agents"]),
        ({"out-of-date"}, {"host"}, []),
    ],
)
def test_what_is_asked_about_is_listed_and_everything_is_counted(
    states: set[str], rules: set[str], expected: list[str]
) -> None:
    report = replace(REPORT, states=frozenset(states), rules=frozenset(rules))

    assert [each.name for each in report.listed] == expected
    assert report.counts() == REPORT.counts()


def test_states_are_counted_by_namespace() -> None:
    found = REPORT.by_namespace()

    assert {name: counts["all"] for name, counts in found.items()} == {"shop": 2, "team": 5}
    assert (found["shop"]["unprotected"], found["team"]["not-running"]) == (1, 1)


def test_a_finding_of_a_rule_ends_with_its_name() -> None:
    assert CHANGED.line == CHANGED.message
    assert CHANGED._replace(rule="host").line == f"{CHANGED.message} (host)"


def test_a_finding_that_kubernetes_says_ends_with_where() -> None:
    seen = CHANGED._replace(reason="crash-loop", seen="pod a")

    assert seen.line == f"{CHANGED.message} (crash-loop, pod a)"
