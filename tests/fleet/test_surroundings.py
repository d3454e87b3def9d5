"""The findings around a server: labels and policies that are missing, changed or undone."""

from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, settings
from webhook import names
from webhook.admission import Scope
from webhook.fleet.surroundings import Policies, Surroundings, isolation_findings
from webhook.objects import deployed_server as servers
from webhook.objects import made
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Level

RELEASE = "mcp-admission-system"
LABELS = {builders.SERVER: "true", builders.NAME: "crm", "app": "crm"}
GRANTED = settings(mcpNamespace={"networkPolicy": {"egressCeilings": ["10.1.0.0/16"]}})
ASKING = builders.server("crm", annotations={"mcp-admission.dev/egress": "10.1.2.0/24:5432"})
(ACCESS,) = (
    each
    for each in made.server_objects(
        servers.server_of(filled_in(ASKING, GRANTED)), GRANTED, None
    ).objects
    if each["kind"] == "NetworkPolicy"
)
(BASELINE,) = made.namespace_objects("team", GRANTED, RELEASE, Scope.OPTED_IN)
BESIDE = {"policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]}


def users(name: str, **selector: Any) -> Json:
    metadata = {"name": name, "namespace": "team", "uid": "x", "managedFields": []}
    return {"metadata": metadata, "spec": {"podSelector": selector, **BESIDE}}


def edited(policy: Json, **spec: Any) -> Json:
    return {**policy, "spec": {**policy["spec"], **spec}}


def unlabelled(policy: Json) -> Json:
    return {**policy, "metadata": {**policy["metadata"], "labels": {}}}


def by_name(name: str) -> Json:
    return {"matchLabels": {builders.NAME: name}}


def among(*names: str) -> Json:
    key = {"key": builders.NAME, "operator": "In", "values": list(names)}
    return {"matchExpressions": [key]}


MISSING, CHANGED, WIDE = "policy-missing", "policy-changed", "wide-policy"
BOTH = [BASELINE, ACCESS]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(BOTH, [], id="as-made"),
        pytest.param([*BOTH, *BOTH], [], id="listed-twice"),
        pytest.param([ACCESS], [("unprotected", MISSING)], id="no-baseline"),
        pytest.param([BASELINE], [("out-of-date", MISSING)], id="no-access"),
        pytest.param(
            [edited(BASELINE, podSelector={"matchLabels": {"a": "b"}}), ACCESS],
            [("unprotected", CHANGED)],
            id="baseline-that-selects-nothing",
        ),
        pytest.param(
            [unlabelled(BASELINE), ACCESS], [("unprotected", CHANGED)], id="baseline-without-label"
        ),
        pytest.param(
            [BASELINE, edited(ACCESS, egress=[{}])],
            [("out-of-date", CHANGED), ("unprotected", WIDE)],
            id="access-that-is-wider",
        ),
        pytest.param([*BOTH, users("all")], [("unprotected", WIDE)], id="users-for-all"),
        pytest.param(
            [*BOTH, users("one", **by_name("crm"))], [("unprotected", WIDE)], id="by-name"
        ),
        pytest.param([*BOTH, users("one", **by_name("other"))], [], id="for-another"),
        pytest.param(
            [*BOTH, users("some", **among("crm", "x"))], [("unprotected", WIDE)], id="among-others"
        ),
        pytest.param([*BOTH, users("some", **among("x"))], [], id="among-others-alone"),
    ],
)
def test_missing_changed_and_wide_policies_are_findings(
    live: list[Json], expected: list[tuple[str, str]]
) -> None:
    policies = Policies()
    for each in live:
        policies.add(each)
    found = isolation_findings("team", LABELS, BOTH, policies)

    assert [(each.state, each.reason) for each in found] == expected


def test_where_no_policy_is_made_none_is_missing_and_none_is_wide() -> None:
    policies = Policies()
    policies.add(users("all"))

    assert list(isolation_findings("team", LABELS, [], policies)) == []


def surroundings(given: Settings, labels: Json, *live: Json) -> Surroundings:
    around = Surroundings(SettingsByNamespace(given), RELEASE)
    around.add_namespace({"metadata": {"name": "team", "labels": labels}})
    around.policies = Policies()
    for each in live:
        around.policies.add(each)
    return around


MANAGED = {"mcp-admission.dev/managed": "true"}
SIX = {
    f"pod-security.kubernetes.io/{mode}{part}": value
    for mode in ("enforce", "audit", "warn")
    for part, value in (("", "restricted"), ("-version", "latest"))
}
(OF_MANAGED,) = (
    each
    for each in made.namespace_objects("team", Settings(), RELEASE, Scope.MANAGED)
    if each["kind"] == "NetworkPolicy"
)


def test_labels_of_others_that_ask_for_more_are_no_finding() -> None:
    given = Settings.model_validate({"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}})
    fields: Json = {"f:metadata": {"f:labels": {f"f:{key}": {} for key in SIX}}}
    by_hand = {"manager": "kubectl-label", "operation": "Update", "fieldsV1": fields}
    metadata = {"name": "team", "labels": MANAGED | SIX, "managedFields": [by_hand]}
    around = surroundings(given, {}, OF_MANAGED)
    around.add_namespace({"metadata": metadata})

    assert list(around.findings("team", LABELS)) == []


@pytest.mark.parametrize(
    ("labels", "live", "expected"),
    [
        ({}, [BASELINE], []),
        ({}, [OF_MANAGED], ["policy-changed"]),
        (MANAGED | SIX, [OF_MANAGED], []),
        (MANAGED, [OF_MANAGED], ["namespace-labels"]),
        (
            MANAGED | SIX | {"pod-security.kubernetes.io/warn": "x"},
            [],
            ["namespace-labels", MISSING],
        ),
    ],
)
def test_findings_of_a_namespace_follow_its_labels_and_policies(
    labels: Json, live: list[Json], expected: list[str]
) -> None:
    around = surroundings(Settings(), labels, *live)

    assert [each.reason for each in around.findings("team", LABELS)] == expected
    assert around.scope("team") is (Scope.MANAGED if labels else Scope.OPTED_IN)


def test_policies_that_may_not_be_looked_at_are_not_missing() -> None:
    around = surroundings(Settings(), {})
    around.policies = None

    assert list(around.findings("team", LABELS)) == []


def test_a_namespace_that_is_excluded_is_never_managed() -> None:
    around = surroundings(settings(excludedNamespaces=["team"]), MANAGED)

    assert around.excluded("team")
    assert around.scope("team") is Scope.OPTED_IN
    assert around.managed_namespaces() == []
    assert surroundings(Settings(), MANAGED).managed_namespaces() == ["team"]
    assert all(around.excluded(each) for each in (RELEASE, "kube-system"))


@pytest.mark.parametrize(
    ("labels", "enforced", "level"),
    [
        ({}, True, Level.PRIVILEGED),
        ({"pod-security.kubernetes.io/enforce": "baseline"}, False, Level.BASELINE),
        ({names.MANAGED: "true"}, False, Level.PRIVILEGED),
        ({names.MANAGED: "true"}, True, Level.RESTRICTED),
    ],
    ids=["plain", "labelled", "managed-below-enforce", "managed"],
)
def test_a_namespace_refuses_by_its_label_or_by_the_one_it_gets(
    labels: dict[str, str], enforced: bool, level: Level
) -> None:
    around = Surroundings(SettingsByNamespace(Settings()), RELEASE)
    around.add_namespace({"metadata": {"name": "team", "labels": labels}})

    assert around.level("team", enforced=enforced) == level
    assert around.level("other", enforced=enforced) is None
