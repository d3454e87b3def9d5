"""The tables of checks: ids are stable, and a healthy installation is well in every one."""

import re
from pathlib import Path

import pytest

from tests.fleet.checkup.snapshots import seen
from webhook.fleet.checkup.catalog import CHECKS_AFTER, CHECKS_BEFORE, SERVERS, names_read
from webhook.fleet.checkup.checks import OK, UNKNOWN, VERDICTS, Check, run_checks
from webhook.fleet.checkup.rendered_chart import RENDERED_CHECKS
from webhook.fleet.report import FleetReport

PAGE = Path("docs/check.md")
FLEET = FleetReport([], [], "settings")
(ENFORCING,) = (each for each in CHECKS_AFTER if each.id == "enforcing")


@pytest.mark.parametrize("checks", [CHECKS_BEFORE, CHECKS_AFTER], ids=["before", "after"])
def test_an_id_stands_for_one_check(checks: tuple[Check, ...]) -> None:
    ids = [each.id for each in checks]

    assert len({*ids}) == len(ids)


def test_all_is_well_where_nothing_is_wrong() -> None:
    results = run_checks(CHECKS_AFTER, seen(fleet=FLEET))

    assert {each.id: each.verdict for each in results if each.verdict != OK} == {}
    silent = {each.id for each in CHECKS_AFTER} - {each.id for each in results}
    assert silent == {"exceptions", "console", "console-certificate"}, "there is none to tell of"


@pytest.mark.parametrize("name", names_read([*CHECKS_BEFORE, *CHECKS_AFTER]))
def test_what_may_not_be_read_makes_a_check_unknown_and_is_never_well(name: str) -> None:
    asking = [each for each in (*CHECKS_BEFORE, *CHECKS_AFTER) if name in each.reads]

    results = run_checks(asking, seen(unread=name, fleet=FLEET))

    assert {each.verdict for each in results} == {UNKNOWN}
    assert len(results) == len(asking)


@pytest.mark.parametrize("name", ["settings-resource", "deployments"])
def test_the_lease_alone_says_whether_anything_is_enforced(name: str) -> None:
    (result,) = run_checks([ENFORCING], seen(unread=name))

    assert result.verdict == OK


def test_servers_are_judged_apart_from_the_installation() -> None:
    assert [each.id for each in CHECKS_AFTER if each.part == SERVERS] == ["servers", "exceptions"]


def test_the_page_has_a_row_for_every_check() -> None:
    rows = re.findall(r"^\| (`[a-z-]+`.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {word for row in rows for word in re.findall(r"`([a-z-]+)`", row)}

    ids = {each.id for each in (*CHECKS_BEFORE, *CHECKS_AFTER)} | RENDERED_CHECKS.keys()
    assert told - {*VERDICTS} == ids
