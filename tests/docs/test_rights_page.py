"""The page about rights has a row for every rule of every role, and none beyond; policies exist."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tools.chart.shipped import shipped

PAGE = Path("docs/rights.md").read_text(encoding="utf-8")
HOOKS = Path("tests/chart/hooks.yaml").read_text(encoding="utf-8")
ROLES = ("Role", "ClusterRole")
ACCOUNTS = ("mcp-admission-control", "mcp-admission-certificates", "mcp-admission-uninstall")


class Right(NamedTuple):
    """A rule of a role, or a row of the page."""

    resources: frozenset[str]
    names: frozenset[str]
    verbs: frozenset[str]


def listed(cell: str) -> frozenset[str]:
    return frozenset(filter(None, (part.strip() for part in cell.split(","))))


def rows(account: str) -> list[list[str]]:
    """The cells of the table of an account, without its head."""
    (section,) = re.findall(rf"^## {account}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def rights(account: str) -> Counter[Right]:
    """What the roles that are named after an account grant."""
    hooks = [each for each in yaml.safe_load_all(HOOKS) if each]
    return Counter(
        Right(
            frozenset(rule["resources"]),
            frozenset(rule.get("resourceNames", [])),
            frozenset(rule["verbs"]),
        )
        for role in [*shipped(*ROLES), *hooks]
        if role["kind"] in ROLES and role["metadata"]["name"] == account
        for rule in role["rules"]
    )


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_rule_has_its_row(account: str) -> None:
    told = Counter(Right(*map(listed, row[:3])) for row in rows(account))

    assert told == rights(account)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_row_says_who_needs_it_and_what_its_abuse_gives(account: str) -> None:
    for row in rows(account):
        assert len(row) == 6, row
        assert all(row[3:5]), row


def test_the_policies_that_stop_an_abuse_exist() -> None:
    named = {cell for account in ACCOUNTS for row in rows(account) for cell in row[5:]}
    said = {name for cell in named for name in re.findall(r"`(mcp-admission-[a-z-]+)`", cell)}
    made = {each["metadata"]["name"] for each in shipped("ValidatingAdmissionPolicy")}

    assert said - {"mcp-admission-baseline"} <= made


def test_every_role_of_users_has_its_row() -> None:
    told = {(row[0], Right(listed(row[1]), frozenset(), listed(row[2]))) for row in rows("Users")}
    made = {
        (role["metadata"]["name"], right._replace(names=frozenset()))
        for role in shipped(*ROLES)
        if role["metadata"]["name"] not in ACCOUNTS
        for right in rights(role["metadata"]["name"])
    }

    assert told == made
    assert all(len(row) == 6 for row in rows("Users"))


def test_no_role_is_bound_to_an_account_that_the_page_does_not_list() -> None:
    bound = {
        (binding["roleRef"]["name"], subject["name"])
        for binding in shipped("RoleBinding", "ClusterRoleBinding")
        for subject in binding["subjects"]
        if subject["kind"] != "Group"
    }

    assert {role for role, _ in bound} <= set(ACCOUNTS)
    assert all(role == account for role, account in bound)


def test_one_role_is_bound_to_a_group_and_reads_the_settings_alone() -> None:
    bound = [
        (binding["metadata"]["namespace"], binding["roleRef"]["name"], subject["name"])
        for binding in shipped("RoleBinding", "ClusterRoleBinding")
        for subject in binding["subjects"]
        if subject["kind"] == "Group"
    ]
    ((_, role, _),) = bound

    assert bound == [("mcp-admission-system", role, "system:authenticated")]
    assert rights(role) == Counter(
        [
            Right(
                frozenset({"configmaps"}),
                frozenset({"mcp-admission-settings", "mcp-admission-locked"}),
                frozenset({"get"}),
            )
        ]
    )
