"""A download is what the page lists: JSON and SARIF as `audit` has them, CSV without formulas."""

import csv
import io
import json
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any

import pytest

from tests.console.fleet_list.test_fleet_rows import FLEET, query
from tests.fleet.reports import REPORT
from webhook.cli import audit
from webhook.cli.main import main
from webhook.console.fleet_list.fleet_downloads import FILES, HEADINGS, chosen_report, csv_parts
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import FleetReport, ServerStatus
from webhook.fleet.server_facts import ServerFacts
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.settings import Settings, SettingsByNamespace

BY = JudgingSettings(SettingsByNamespace(Settings()), REPORT.settings)
WHOLE = replace(
    REPORT,
    exceptions=(
        ExceptionStatus("a", "in-force", "m", "shop"),
        ExceptionStatus("b", "ended", "m", "team"),
    ),
    modes={"shop": "observe"},
)


def written(name: str, text: str, report: FleetReport = WHOLE) -> str:
    return "".join(FILES[name].write(report, query(text)))


def rows(text: str = "", report: FleetReport = FLEET) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_parts(report, query(text))))))


@pytest.mark.parametrize("name", ["json", "sarif"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("state=refused&state=current", ["--state", "refused", "--state", "current"]),
        ("rule=older-than-webhook", ["--rule", "older-than-webhook"]),
        ("namespace=team&rule=out-of-date", ["-n", "team", "--rule", "out-of-date"]),
        ("sort=name&page=7", []),
    ],
    ids=["all", "states", "reason", "namespace", "sorted"],
)
def test_the_bytes_are_those_of_audit(
    name: str,
    text: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def found(*given: Any) -> FleetReport:
        only = given[4]
        chosen = [each for each in WHOLE.servers if only in (None, each.namespace)]
        exceptions = [each for each in WHOLE.exceptions if only in (None, each.namespace)]
        modes = WHOLE.modes if only in (None, "shop") else {}
        return replace(WHOLE, servers=chosen, exceptions=exceptions, modes=modes)

    async def connected(_: object) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def judged(*_: object) -> JudgingSettings:
        return BY

    monkeypatch.setattr(audit, "audited", found)
    monkeypatch.setattr(audit, "connect_to_cluster", connected)
    monkeypatch.setattr(audit, "judging_settings", judged)
    main(["audit", "-o", name, *words])

    assert written(name, text) == capsys.readouterr().out


def test_what_audit_cannot_be_asked_for_chooses_the_servers_of_the_report() -> None:
    found = json.loads(written("json", "q=bridge"))

    assert [each["name"] for each in found["servers"]] == ["bridge"]
    assert found["summary"]["all"] == 1
    marked = chosen_report(WHOLE, query("mark=observed"))
    assert [each.name for each in marked.servers] == ["fine", "older"]


def test_a_spreadsheet_has_a_line_for_each_server_that_is_listed() -> None:
    assert [each["name"] for each in rows()] == ["bare", "old", "Cart", "crm"]
    assert [each["name"] for each in rows("state=current&sort=-name")] == ["crm", "Cart"]
    assert rows("q=old") == [
        {
            "namespace": "shop",
            "kind": "Deployment",
            "name": "old",
            "state": "unprotected",
            "mode": "observe",
            "findings": "1",
            "reasons": "older-than-webhook",
            "image": "reg/old:2",
            "runtime class": "kata",
            "created": "2025",
            "exceptions": "",
        }
    ]
    assert [each["exceptions"] for each in rows("q=crm")] == ["why"]
    assert "".join(csv_parts(replace(FLEET, servers=()), query(""))).count("\n") == 1
    assert {*rows()[0]} == {*HEADINGS}


@pytest.mark.parametrize(
    ("image", "cell"),
    [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ('a",=1', 'a",=1'),
        # What reads the file with other separators than ours knows no quotes but the first.
        ("a;=1", "a;'=1"),
        ('a; "=1;b', "a; \"'=1;b"),
        ("a\n=2", "a\n'=2"),
        ("a;b\t@1;c-1", "a;b\t'@1;c-1"),
    ],
)
def test_no_cell_is_a_formula(image: str, cell: str) -> None:
    report = FleetReport(
        (ServerStatus("Deployment", "team", "crm", (), "", ServerFacts(image)),), (), "s"
    )

    (found,) = rows(report=report)

    assert (found["image"], found["name"]) == (cell, "crm")
    assert all(
        line.startswith('"') for line in "".join(csv_parts(report, query(""))).split("\r\n")[:-1]
    )
