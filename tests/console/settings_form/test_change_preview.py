"""A preview is the difference that the engine sees between settings in force and those typed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.console.settings_form.subjects import cluster, namespace
from tests.controller.servers.live import Json, filled_in, server, stored
from tests.fleet.listed_cluster import FORBIDDEN, RELEASE, Cluster
from tests.fleet.reports import REPORT, field
from webhook.admission import REFUSED
from webhook.console.settings_form.change_preview import (
    MOST_SERVERS,
    ChangePreview,
    compared,
    report_with_change,
    settings_with_change,
)
from webhook.console.settings_form.settings_subject import SettingsSubject
from webhook.controller.installation import Installation
from webhook.fleet.cluster_snapshot import audited
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.settings import (
    Overlay,
    ServerException,
    Settings,
    SettingsByNamespace,
    SettingsError,
)

PLACES = Installation("mcp-admission", RELEASE)
PORT: Json = {"container": {"ports": [{"containerPort": 8000}]}}
PRIVILEGED = ServerFinding(REFUSED, "refused", "must not be true", "/spec/hostPID", "host")


def by_settings(overlays: Json | None = None, **values: Any) -> JudgingSettings:
    found = {name: Overlay(each) for name, each in (overlays or {}).items()}
    return JudgingSettings(SettingsByNamespace(Settings.model_validate(values), found), "in force")


def preview(
    servers: Json, by: JudgingSettings, subject: SettingsSubject, spec: Json
) -> ChangePreview:
    async def both() -> ChangePreview:
        api: Any = Cluster(**servers)
        where = subject.namespace or None
        now = await audited(api, PLACES, by, namespace=where)
        return compared(now, await report_with_change(api, PLACES, by, subject, spec))

    return asyncio.run(both())


def report(**findings: tuple[ServerFinding, ...]) -> FleetReport:
    servers = [ServerStatus("Deployment", "team", name, each) for name, each in findings.items()]
    return FleetReport(servers, (), "")


def test_another_runtime_class_changes_every_server() -> None:
    deployments = {"deployments": [filled_in(server(**PORT), Settings())]}
    spec = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}

    found = preview(deployments, by_settings(), cluster(), spec)

    assert found.counts == {"refused": 0, "changed": 1, "findings": 0, "fewer": 0}
    ((server_of, outcome, told),) = found.first
    assert (server_of.name, outcome) == ("crm", "changed")
    assert ["runtimeClassName" in each.message for each in told] == [True]


def test_what_is_out_of_date_already_is_not_of_the_change() -> None:
    deployments = {"deployments": [stored(server(**PORT))]}

    found = preview(deployments, by_settings(), cluster(), {"exceptions": {"longestDays": 7}})

    assert (found.servers, found.affected) == (1, 0)


def test_a_rule_that_was_off_refuses_who_breaks_it() -> None:
    pods = {"pods": [stored(builders.bare_pod("bare", hostPID=True))]}

    found = preview(pods, by_settings(rules={"host-namespaces": "off"}), cluster(), {})

    (server_of, outcome, told), *_ = found.first
    assert (server_of.name, outcome) == ("bare", "refused")
    assert {each.rule for each in told} == {"host-namespaces"}


def test_a_namespace_from_observe_to_enforce() -> None:
    pods = {
        "pods": [stored(builders.bare_pod("bare", hostPID=True))],
        "deployments": [stored(server(**PORT))],
    }
    by = by_settings(mode="observe", delegated=["mode"])
    subject = replace(namespace(mode="observe", delegated=["mode"]), namespace="team")

    found = preview(pods, by, subject, {"mode": "enforce"})

    assert [(each.server.name, each.outcome) for each in found.first] == [
        ("bare", "refused"),
        ("crm", "changed"),
    ]
    assert "would be refused" in found.first[0].findings[0].message


def test_the_other_way_there_are_fewer_findings() -> None:
    pods = {"pods": [stored(builders.bare_pod("bare", hostPID=True))]}

    found = preview(pods, by_settings(), cluster(), {"mode": "observe"})

    assert [(each.outcome, each.findings) for each in found.first] == [("fewer", ())]


def test_settings_that_are_not_known_are_no_base_of_a_preview() -> None:
    by = JudgingSettings(SettingsByNamespace(Settings()), "a guess", unknown="you may not read it")

    with pytest.raises(SettingsError, match="you may not read it"):
        preview({}, by, cluster(), {})


def test_the_settings_of_namespaces_and_their_exceptions_stay() -> None:
    granted = ServerException("a", "team-a", "crm", frozenset({"sysctls"}), (), "because", 1e12)
    overlay = Overlay({"onConflict": "warn"}, (granted,))
    in_force = SettingsByNamespace(Settings(), {"team-a": overlay})

    whole = settings_with_change(cluster(), {"mode": "warn"}, in_force)
    own = settings_with_change(namespace(), {"mode": "enforce", "nonsense": 1}, in_force)

    assert (whole.cluster.mode, whole.overlays) == ("warn", {"team-a": overlay})
    assert own.overlays == {"team-a": Overlay({"mode": "enforce"}, (granted,))}
    assert own.cluster is in_force.cluster


def test_the_worst_outcomes_come_first_and_namespaces_in_order() -> None:
    before = report(a=(field(1),), b=(), c=(), d=(field(1), field(2)), e=())
    wide = ServerFinding("unprotected", "wide-policy", "it opens more")
    after = report(a=(field(1),), b=(field(1),), c=(PRIVILEGED, field(2)), d=(field(1),), e=(wide,))

    found = compared(before, after)

    assert [(each.server.name, each.outcome) for each in found.first] == [
        ("c", "refused"),
        ("b", "changed"),
        ("e", "findings"),
        ("d", "fewer"),
    ]
    assert found.namespaces == [("team", 5, found.counts)]
    assert found.counts == {"refused": 1, "changed": 1, "findings": 1, "fewer": 1}


def test_many_servers_are_counted_and_the_first_are_shown() -> None:
    many = {f"server-{number:03}": (field(1),) for number in range(3 * MOST_SERVERS)}

    found = compared(report(**dict.fromkeys(many, ())), report(**many))

    assert (found.affected, len(found.first)) == (3 * MOST_SERVERS, MOST_SERVERS)


def test_the_same_report_twice_has_no_difference_and_says_what_was_not_read() -> None:
    found = compared(REPORT, REPORT)

    assert (found.affected, found.namespaces, found.first) == (0, [], [])
    assert found.skipped == REPORT.skipped


def test_what_may_not_be_read_is_told() -> None:
    api = Cluster()
    api.failures["pods"] = [FORBIDDEN]
    found = asyncio.run(report_with_change(api, PLACES, by_settings(), cluster(), {}))  # type: ignore[arg-type]

    assert [each.what for each in found.skipped] == ["pods"]
