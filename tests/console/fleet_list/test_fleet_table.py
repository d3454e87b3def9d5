"""What the page of the fleet shows is the report's, and its ways lead where they say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.console.fleet_list.test_fleet_rows import FLEET, query
from tests.fleet.reports import REPORT
from webhook.console.fleet_list.fleet_rows import SORTS
from webhook.console.fleet_list.fleet_table import (
    COLUMNS,
    QUESTIONS,
    age_text,
    form_values,
    table_values,
)
from webhook.fleet.report import REASONS, FleetReport, ServerFinding, ServerStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def values(text: str = "", report: FleetReport = FLEET) -> dict[str, Any]:
    return table_values(report, query(text), NOW)


@pytest.mark.parametrize(
    ("created", "age"),
    [
        ("2026-03-01T11:59:30Z", "30s"),
        ("2026-03-01T12:00:00Z", "0s"),
        ("2026-03-01T11:30:00Z", "30m"),
        ("2026-03-01T01:00:00Z", "11h"),
        ("2026-02-01T12:00:00Z", "28d"),
        ("2024-03-01T12:00:00Z", "730d"),
        ("2027-01-01T00:00:00Z", "0s"),
        ("2026-03-01", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_an_age_is_said_in_its_largest_unit(created: str, age: str) -> None:
    assert age_text(created, NOW) == age


def test_a_tile_leads_to_its_servers_and_back() -> None:
    tiles = {each.text: each for each in values("namespace=team&q=b&page=2")["tiles"]}

    assert [*tiles] == [
        "current", "out-of-date", "unprotected", "refused", "incomplete", "not-running",
        "excepted", "observed",
    ]  # fmt: skip
    assert tiles["refused"].url == "/?namespace=team&state=refused&q=b"
    assert tiles["observed"].url == "/?namespace=team&mark=observed&q=b"
    assert not any(each.chosen for each in tiles.values())
    chosen = {each.text: each for each in values("state=refused")["tiles"]}["refused"]
    assert (chosen.url, chosen.chosen, chosen.number) == ("/", True, 1)


def test_questions_are_reasons_of_findings() -> None:
    assert QUESTIONS.keys() <= REASONS.keys()


def test_each_filter_can_be_taken_away() -> None:
    found = values("namespace=team&state=refused&state=current&rule=privileged&q=a")["filters"]

    assert {each.text: each.url for each in found} == {
        "namespace team": "/?state=current&state=refused&rule=privileged&q=a",
        "search a": "/?namespace=team&state=current&state=refused&rule=privileged",
        "state current": "/?namespace=team&state=refused&rule=privileged&q=a",
        "state refused": "/?namespace=team&state=current&rule=privileged&q=a",
        "finding privileged": "/?namespace=team&state=current&state=refused&q=a",
    }


def test_the_namespace_of_who_may_see_it_alone_is_never_taken_away() -> None:
    found = table_values(FLEET, query("namespace=team&state=current"), NOW, "team")

    assert {each.text: each.url for each in found["filters"]} == {
        "namespace team": "",
        "state current": "/?namespace=team",
    }
    assert found["cleared"] == "/?namespace=team"
    assert values("namespace=team")["cleared"] == "/"


def test_namespaces_are_offered_whose_deployments_a_roll_would_change() -> None:
    assert values(report=REPORT)["rollable"] == [("shop", 1), ("team", 1)]
    observed = replace(REPORT, modes={"shop": "observe"})
    assert values(report=observed)["rollable"] == [("team", 1)]


def test_few_namespaces_are_offered_those_with_most_first() -> None:
    findings = (ServerFinding("out-of-date", "out-of-date", "m"),)
    servers = [
        ServerStatus("Deployment", f"team-{at % 60}", f"crm-{at}", findings) for at in range(61)
    ]

    found = values(report=FleetReport(servers, (), "s"))["rollable"]

    assert (len(found), found[0]) == (50, ("team-0", 2))


@pytest.mark.parametrize(
    ("text", "column", "order", "url"),
    [
        ("", "state", "descending", "/?sort=state"),
        ("sort=state", "state", "ascending", "/"),
        ("", "name", "none", "/?sort=name"),
        ("sort=name", "name", "ascending", "/?sort=-name"),
        ("sort=-name", "name", "descending", "/?sort=name"),
        ("", "findings", "none", "/?sort=-findings"),
        ("sort=-findings", "findings", "descending", "/?sort=findings"),
    ],
)
def test_a_heading_sorts_and_turns_round(text: str, column: str, order: str, url: str) -> None:
    found = {each["name"]: each for each in values(text)["columns"]}[column]

    assert (found["order"], found["url"]) == (order, url)


def test_every_column_can_be_sorted() -> None:
    assert [*COLUMNS] == [*SORTS]


def test_a_row_says_what_is_known_of_a_server() -> None:
    (row,) = values("q=bare")["rows"]

    assert row == {
        "namespace": "team",
        "namespace_url": "/?namespace=team",
        "kind": "Pod",
        "name": "bare",
        "url": "/servers/team/Pod/bare",
        "state": "refused",
        "marks": [],
        "would": "",
        "findings": 2,
        "words": ["older-than-webhook", "privileged", "refused"],
        "further": 0,
        "image": "",
        "runtime_class": "gvisor",
        "created": "2026-01",
        "age": "",
    }


def test_what_enforce_would_do_is_said_beside_the_state() -> None:
    server = ServerStatus("Deployment", "shop", "crm", (), "would-refuse")
    report = FleetReport((server,), (), "s", modes={"shop": "warn"})

    (row,) = values(report=report)["rows"]

    assert (row["state"], row["marks"], row["would"]) == (
        "current", ["observed"], "enforce would refuse it",
    )  # fmt: skip


def test_an_address_of_a_server_is_one_address_whatever_its_name() -> None:
    server = ServerStatus("Deployment", "a/b", "../?x=\u202e#")

    (row,) = values(report=FleetReport((server,), (), "s"))["rows"]

    assert row["url"] == "/servers/a%2Fb/Deployment/..%2F%3Fx%3D%E2%80%AE%23"


def test_many_reasons_are_counted() -> None:
    findings = tuple(ServerFinding("refused", f"r{at}", "m") for at in range(9))
    server = ServerStatus("Deployment", "team", "crm", findings)

    (row,) = values(report=FleetReport((server,), (), "s"))["rows"]

    assert (len(row["words"]), row["further"], row["findings"]) == (3, 6, 9)


def test_pages_lead_to_each_other() -> None:
    servers = [ServerStatus("Deployment", "team", f"{at:03}") for at in range(120)]
    report = FleetReport(servers, (), "s")

    turns = {
        page: [each.text for each in values(f"page={page}", report)["turns"]] for page in (1, 2, 3)
    }

    assert turns == {
        1: ["Next", "Last"],
        2: ["First", "Previous", "Next", "Last"],
        3: ["First", "Previous"],
    }
    third = values("page=7", report)
    assert (third["first"], third["last"], third["page"]) == (101, 120, 3)
    assert values(report=REPORT)["turns"] == []


def test_the_form_knows_every_word() -> None:
    found = form_values(query("q=a&page=2"))

    assert (found["part"], found["here"]) == ("/fleet?q=a&page=2", "/?q=a&page=2")
    assert "older-than-webhook" in found["reasons"]
    assert "privileged" in found["rules"]
