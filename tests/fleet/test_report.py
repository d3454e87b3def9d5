"""The result of an audit: a server has the worst state of its findings, each of them once."""

import pytest

from tests.fleet.reports import REPORT
from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED
from webhook.fleet.report import FindingsByWorkload, ServerFinding, ServerStatus, WorkloadKey

CRM = WorkloadKey("team", "Deployment", "crm")
CHANGED = ServerFinding(OUT_OF_DATE, "out-of-date", "hostPID is true and would be false")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "current"),
        ([OUT_OF_DATE], "out-of-date"),
        ([UNPROTECTED, OUT_OF_DATE], "unprotected"),
        ([OUT_OF_DATE, REFUSED, UNPROTECTED], "refused"),
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

    (status,) = found.statuses()
    assert status.findings == (CHANGED, other)
    assert not found.refused(CRM)


def test_servers_without_findings_are_kept_in_order() -> None:
    found = FindingsByWorkload()
    search = CRM._replace(name="search")
    bare = WorkloadKey("shop", "Pod", "bare")
    for key in (search, CRM, bare):
        found.add(key, [])

    assert search in found
    assert [each.name for each in found.statuses()] == ["bare", "crm", "search"]


def test_a_report_counts_every_server_and_lists_those_with_findings() -> None:
    assert REPORT.counts() == {
        "all": 5, "current": 1, "out-of-date": 2, "unprotected": 1, "refused": 1,
    }  # fmt: skip
    assert [each.name for each in REPORT.with_findings] == ["older", "crm", "bare", "bridge"]


def test_a_finding_of_a_rule_ends_with_its_name() -> None:
    assert CHANGED.line == CHANGED.message
    assert CHANGED._replace(rule="host").line == f"{CHANGED.message} (host)"
