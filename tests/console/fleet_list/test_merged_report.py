"""A part of a report takes the place of what was known of its namespace."""

from dataclasses import replace

import pytest

from tests.fleet.reports import REPORT, field
from webhook.console.fleet_list.merged_report import find_server, with_namespace
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import FleetReport, ServerStatus, Skipped, WorkloadKey

WHOLE = FleetReport(
    tuple(ServerStatus("Deployment", name, "crm") for name in ("a", "b", "c")),
    (),
    "settings",
    registered=True,
    modes={"a": "observe", "b": "warn"},
    exceptions=(
        ExceptionStatus("one", "in-force", "m", "a"),
        ExceptionStatus("z", "in-force", "m", "b"),
    ),
)


def names(report: FleetReport) -> list[str]:
    return [f"{each.namespace}/{each.name}" for each in report.servers]


@pytest.mark.parametrize("namespace", ["a", "b", "c", "0", "bb", "d"])
def test_servers_of_a_namespace_are_replaced_in_order(namespace: str) -> None:
    part = FleetReport(
        (ServerStatus("Deployment", namespace, "n1"), ServerStatus("Pod", namespace, "n2")), (), "s"
    )
    others = [each for each in ("a/crm", "b/crm", "c/crm") if not each.startswith(f"{namespace}/")]

    found = with_namespace(WHOLE, namespace, part)

    assert names(found) == sorted([*others, f"{namespace}/n1", f"{namespace}/n2"])
    assert names(WHOLE) == ["a/crm", "b/crm", "c/crm"]


def test_a_namespace_that_is_gone_has_nothing() -> None:
    found = with_namespace(WHOLE, "b", None)

    assert names(found) == ["a/crm", "c/crm"]
    assert found.modes == {"a": "observe"}
    assert [each.name for each in found.exceptions] == ["one"]
    assert found.registered


def test_mode_exceptions_and_what_was_not_read_are_those_of_the_part() -> None:
    unread = Skipped("pods", "no")
    part = replace(
        FleetReport((), (unread,), "s", registered=False, modes={"b": "observe"}),
        exceptions=(ExceptionStatus("new", "unused", "m", "b"),),
        unknown=(unread,),
    )

    found = with_namespace(with_namespace(WHOLE, "b", part), "b", part)

    assert found.modes == {"a": "observe", "b": "observe"}
    assert [each.name for each in found.exceptions] == ["new", "one"]
    assert (found.registered, found.skipped, found.unknown) == (False, (unread,), (unread,))
    assert found.settings == "settings"


def test_a_server_is_found_by_its_workload() -> None:
    servers = sorted(REPORT.servers, key=lambda each: (each.namespace, each.kind, each.name))
    report = replace(REPORT, servers=servers)

    found = find_server(report, WorkloadKey("team", "Pod", "bare"))

    assert found is not None
    assert found.findings == (field(1),)
    assert find_server(report, WorkloadKey("team", "Pod", "zzz")) is None
    assert find_server(report, WorkloadKey("zzz", "Pod", "bare")) is None
    assert find_server(replace(REPORT, servers=()), WorkloadKey("team", "Pod", "bare")) is None
