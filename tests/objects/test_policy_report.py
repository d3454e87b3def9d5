"""What a report says of a server: one case a line, the results that matter of each."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import builders
from tests.admission.test_excepted import excepting
from tests.controller.servers.live import filled_in, memory, server, settings, stored
from webhook import names
from webhook.admission import CURRENT, Drift, Scope, drift_of
from webhook.objects.policy_report import (
    CATEGORIES,
    OPEN_REPORTS,
    POLICY_REPORTS,
    RESULTS,
    ReportedServer,
    build_report,
    report_digest,
    report_results,
)
from webhook.rules.registry import RULES
from webhook.settings.model import Settings

Json = dict[str, Any]
DEFAULTS = Settings()
CRM = ReportedServer("team", "crm", "uid-of-crm")
UNTIL = datetime(2026, 12, 31, tzinfo=UTC).timestamp()
ESCALATING = builders.container(securityContext={"allowPrivilegeEscalation": True})
PRIVILEGED = [
    builders.container(name=name, securityContext={"privileged": True}) for name in "abcde"
]
EXCEPTED = excepting("privilege-escalation", to="crm", until=UNTIL)


def results(found: Json, under: Settings = DEFAULTS) -> list[Json]:
    seen = drift_of(found, under, Scope.OPTED_IN)
    return report_results(CRM, seen, enforced=under.enforced)


def said(found: list[Json]) -> list[str]:
    return [f"{each['policy']} {each['result']} {each['severity']}" for each in found]


CASES = [
    pytest.param(filled_in(server(), DEFAULTS), DEFAULTS, ["drift pass info"], id="all-right"),
    pytest.param(
        filled_in(server(), DEFAULTS),
        settings(**memory("800Mi")),
        ["drift warn low"],
        id="out-of-date",
    ),
    pytest.param(stored(server()), DEFAULTS, ["drift fail high"], id="never-filled-in"),
    pytest.param(
        stored(server()), settings(mode="observe"), ["drift warn low"], id="not-in-observe"
    ),
    pytest.param(
        stored(server(hostNetwork=True)),
        DEFAULTS,
        ["host-namespaces fail high"],
        id="refused",
    ),
    pytest.param(
        stored(server(hostNetwork=True)),
        settings(mode="warn"),
        ["host-namespaces warn high"],
        id="refused-once-it-enforces",
    ),
    pytest.param(
        filled_in(server(containers=[ESCALATING]), EXCEPTED),
        EXCEPTED,
        ["drift pass info", "privilege-escalation skip medium"],
        id="excepted",
    ),
    pytest.param(
        stored(server(containers=[ESCALATING], hostNetwork=True)),
        EXCEPTED,
        ["host-namespaces fail high", "privilege-escalation skip medium"],
        id="one-of-two-excepted",
    ),
]


@pytest.mark.parametrize(("found", "under", "expected"), CASES)
def test_results(found: Json, under: Settings, expected: list[str]) -> None:
    assert said(results(found, under)) == expected


def test_a_result_holds_the_sentence_the_places_and_what_the_rule_is_for() -> None:
    (each,) = results(stored(server(hostNetwork=True)))

    assert each == {
        "source": "mcp-admission",
        "policy": "host-namespaces",
        "category": "Pod Security Standards (Baseline)",
        "severity": "high",
        "result": "fail",
        "scored": True,
        "message": "hostNetwork must be false",
        "properties": {
            "field": "spec.template.spec.hostNetwork",
            "path": "/spec/template/spec/hostNetwork",
            "rule": "A pod shares no namespace of its node.",
        },
    }


def test_a_rule_has_one_result_however_many_fields_it_objects_to() -> None:
    found = results(stored(server(containers=PRIVILEGED)))
    (each,) = [one for one in found if one["policy"] == "privileged"]

    assert each["message"].count("securityContext.privileged must be false") == 3
    assert each["message"].endswith("; and 2 more")
    assert each["properties"]["field"].splitlines() == [
        f"spec.template.spec.containers[{at}].securityContext.privileged" for at in range(3)
    ]


def test_a_skipped_result_names_the_exception() -> None:
    found = results(filled_in(server(containers=[ESCALATING]), EXCEPTED), EXCEPTED)

    assert found[1]["properties"]["exception"] == "old-bridge"
    assert found[1]["message"].startswith("excepted until 2026-12-31 by old-bridge: ")


def test_one_out_of_date_names_the_fields_and_the_command() -> None:
    (each,) = results(filled_in(server(), DEFAULTS), settings(**memory("800Mi")))

    assert each["message"] == (
        "the settings have changed since it rolled: containers[mcp].resources.requests.memory "
        "would change; `mcp-admission apply -n team crm` rolls it"
    )
    assert each["properties"]["state"] == "out-of-date"


def test_one_that_was_not_judged_is_an_error_and_never_fine() -> None:
    assert said(report_results(CRM, None, enforced=True)) == ["drift error high"]


@pytest.mark.parametrize(
    ("pods", "enforced", "expected"),
    [
        ("out-of-date", True, "drift warn low"),
        ("unprotected", True, "drift fail high"),
        ("unprotected", False, "drift warn low"),
        ("too-large", True, "drift error high"),
    ],
)
def test_where_pods_are_filled_in_their_state_is_told(
    pods: str, enforced: bool, expected: str
) -> None:
    found = report_results(CRM, Drift(CURRENT), pods=pods, enforced=enforced)

    assert said(found) == [expected]


def test_an_annotation_of_a_user_is_named_as_kubectl_names_it() -> None:
    found = stored(server())
    found["metadata"]["annotations"] = {"mcp-admission.dev/port": "none of them"}

    (each,) = [one for one in results(found) if one["policy"] == "annotations"]
    assert each["properties"]["field"] == "metadata.annotations['mcp-admission.dev/port']"


@pytest.mark.parametrize("api", [OPEN_REPORTS, POLICY_REPORTS])
def test_a_report_belongs_to_its_server_and_counts_its_results(api: Any) -> None:
    found = results(stored(server(containers=[ESCALATING], hostNetwork=True)), EXCEPTED)
    report = build_report(api, CRM, found, 1_800_000_000)

    (owner,) = report["metadata"]["ownerReferences"]
    assert owner == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "crm", "uid": CRM.uid}
    assert report["scope"] == {**owner, "namespace": "team"}
    assert report["summary"] == {"pass": 0, "fail": 1, "warn": 0, "error": 0, "skip": 1}
    assert report["metadata"]["name"] == names.report_of("crm") == "crm-mcp-report"
    assert ("source" in report) is (api is OPEN_REPORTS)
    assert {each["timestamp"]["seconds"] for each in report["results"]} == {1_800_000_000}


def test_the_digest_is_of_what_is_said_and_of_whom_and_not_of_the_time() -> None:
    found = results(stored(server(hostNetwork=True)))
    one, later = (build_report(OPEN_REPORTS, CRM, found, at) for at in (1, 2))

    digest = report_digest(CRM, found)
    assert {each["metadata"]["annotations"][names.REPORT_DIGEST] for each in (one, later)} == {
        digest
    }
    assert report_digest(CRM._replace(uid="another"), found) != digest
    assert report_digest(CRM, found[:0]) != digest


def test_a_hostile_template_makes_no_long_report() -> None:
    name = "\u202e" + "x" * 16_384 + "\x1b[31m"
    containers = [
        builders.container(
            name=f"{name}{at}",
            securityContext={"privileged": True, "capabilities": {"add": [name, "ALL"]}},
            ports=[{"containerPort": 80, "hostPort": 80, "name": name}],
        )
        for at in range(20)
    ]
    volumes = [{"name": name, "hostPath": {"path": name}}]
    found = results(stored(server(containers=containers, volumes=volumes, hostPID=True)))

    text = json.dumps(build_report(OPEN_REPORTS, CRM, found, 1))
    assert len(found) <= len(RULES)
    assert len(text) < 65_536
    assert "\\u202e" not in text
    assert "\\u001b" not in text


def test_every_rule_has_a_category() -> None:
    assert {CATEGORIES[rule.level] for rule in RULES} == set(CATEGORIES.values())
    assert RESULTS == ("pass", "fail", "warn", "error", "skip")
