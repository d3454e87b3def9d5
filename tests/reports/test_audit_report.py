"""One audit in every format: what people read, and what programs do."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from tests.fleet.reports import REPORT
from webhook.admission.drift import CURRENT, OUT_OF_DATE, REFUSED
from webhook.fleet.exception_use import ExceptionStatus
from webhook.fleet.report import REASONS, FleetReport, ServerFinding, ServerStatus, Skipped
from webhook.health import STATES
from webhook.reports.audit_report import AuditSource, AuditSummarySource
from webhook.reports.formats import AUDIT_FORMATS, report_parts
from webhook.reports.text import YELLOW
from webhook.rules.registry import RULES

SARIF = Path(__file__).parent / "schema" / "sarif-2.1.0.json"
NOTHING = FleetReport((), (), "the defaults")
BLIND = FleetReport((), (Skipped("pods", "403 Forbidden"),), "the defaults")
CLEAN = FleetReport((ServerStatus("Deployment", "team", "crm"),), (), "the defaults")
TABLE = """\
STATE         KIND          NAMESPACE   NAME
unprotected   Deployment    shop        older
  nothing was ever filled in
  field0 is absent
  field1 is absent
  field2 is absent
  field3 is absent
  field4 is absent
  and 2 more fields: -o json has them all
  to roll it: mcp-admission apply -n shop older
out-of-date   Deployment    team        crm
  containers[mcp].resources.requests.memory is 400Mi and would be 800Mi
  to roll it: mcp-admission apply -n team crm
out-of-date   Pod           team        bare
  field1 is absent
  to make it current, delete it and create it again
refused       StatefulSet   team        bridge
  must not be  [31mtrue (host)
  NetworkPolicy all lets it reach everybody <&>
  to mend it, correct the StatefulSet where it is deployed from, before it restarts
not-running   DaemonSet     team        agents
  exceeded quota: few (quota-exceeded, Event agents.1)
incomplete    Deployment    team        web
  secret "a" not found (secret-missing, spec.volumes[a])

7 MCP servers: 1 current, 2 out-of-date, 1 unprotected, 1 refused, 1 incomplete, 1 not-running
"""


def rendered(name: str, report: FleetReport = REPORT, *, colour: bool = False) -> str:
    return "".join(report_parts(AuditSource(report), name, colour=colour))


def test_people_read_a_table() -> None:
    assert rendered("table") == TABLE


def test_colours_are_for_terminals_alone() -> None:
    painted = rendered("table", colour=True)

    assert "\x1b[31mrefused " in painted
    assert "\x1b[33mout-of-date" in painted
    assert "\x1b" not in rendered("table")


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (NOTHING, "no MCP server found\n"),
        (BLIND, "no MCP server found in what could be looked at\n"),
        (CLEAN, "1 MCP server: 1 current\n"),
    ],
)
def test_where_there_is_nothing_to_tell_it_counts(report: FleetReport, expected: str) -> None:
    assert rendered("table", report) == expected


def test_programs_read_json() -> None:
    found = json.loads(rendered("json"))

    assert found["summary"] == {
        "all": 7,
        "current": 1,
        "out-of-date": 2,
        "unprotected": 1,
        "refused": 1,
        "incomplete": 1,
        "not-running": 1,
    }
    assert (found["as_mode"], found["below_enforce"]) == ("", [])
    assert found["would"] == {"would-change": 0, "would-refuse": 0}
    assert [each["name"] for each in found["servers"]] == [
        *("older", "crm", "bare", "bridge", "agents", "web"),
    ]
    assert found["servers"][1]["findings"][0]["before"] == "400Mi"
    assert found["servers"][2]["findings"][0]["before"] is None
    assert "before" not in found["servers"][3]["findings"][0]
    assert found["servers"][3]["findings"][0]["rule"] == "host"
    (told,) = found["servers"][4]["findings"]
    assert (told["reason"], told["seen"], told["final"]) == (
        "quota-exceeded",
        "Event agents.1",
        True,
    )
    assert found["unknown"] == [{"what": "runtimeclasses", "why": "403 Forbidden"}]
    assert found["not_looked_at"] == [
        {"what": "networkpolicies", "why": "GET /apis: 403 Forbidden: not allowed"}
    ]
    assert found["settings"] == "settings.yaml, and the environment"


REFUSES = ServerFinding(REFUSED, "refused", "would be refused: no", "/spec/hostPID", "host")
CHANGES = ServerFinding(OUT_OF_DATE, "out-of-date", "a is b and would be c")
OBSERVED = FleetReport(
    (
        ServerStatus("Deployment", "shop", "crm"),
        ServerStatus("Deployment", "team", "a", (), "would-change"),
        ServerStatus("Deployment", "team", "b", (), "would-refuse"),
        ServerStatus("Deployment", "team", "c"),
    ),
    (),
    "the defaults",
    modes={"team": "observe"},
)
ASKED = FleetReport(
    (
        ServerStatus("Deployment", "team", "a", (CHANGES,), "would-change"),
        ServerStatus("Deployment", "team", "b", (REFUSES,), "would-refuse"),
    ),
    (),
    "the defaults",
    modes={"team": "warn"},
    asked="enforce",
)


def test_a_namespace_below_enforce_is_told_once_with_what_enforce_would_do() -> None:
    assert rendered("table", OBSERVED) == (
        "namespace team has the mode observe: of 3 servers, enforce would change 1 and refuse 1\n"
        "4 MCP servers: 4 current; enforce would change 1 and refuse 1: --as enforce lists them\n"
    )
    found = json.loads(rendered("json", OBSERVED))
    assert found["below_enforce"] == [
        {
            "namespace": "team",
            "mode": "observe",
            "servers": 3,
            "would_change": 1,
            "would_refuse": 1,
        }
    ]
    assert found["would"] == {"would-change": 1, "would-refuse": 1}


def test_what_enforce_would_do_is_told_in_the_future() -> None:
    assert rendered("table", ASKED) == (
        "STATE         KIND         NAMESPACE   NAME\n"
        "out-of-date   Deployment   team        a\n"
        "  a is b and would be c\n"
        "  it stays as it is until enforce is in force and the Deployment rolls\n"
        "refused       Deployment   team        b\n"
        "  would be refused: no (host)\n"
        "  to mend it, correct the Deployment where it is deployed from, before enforce is in "
        "force\n"
        "\n"
        "namespace team has the mode warn: of 2 servers, enforce would change 1 and refuse 1\n"
        "2 MCP servers: 1 out-of-date, 1 refused; enforce would change 1 and refuse 1\n"
    )
    found = json.loads(rendered("json", ASKED))
    assert [each["would"] for each in found["servers"]] == ["would-change", "would-refuse"]
    assert found["as_mode"] == "enforce"


def test_what_an_author_would_read_is_a_note() -> None:
    told = ServerFinding(CURRENT, "would-warn", "stored as it is")
    report = FleetReport((ServerStatus("Pod", "team", "a", (told,)),), (), "the defaults")

    (run,) = json.loads(rendered("sarif", report))["runs"]

    assert [each["level"] for each in run["results"]] == ["note"]


def test_ci_systems_read_junit() -> None:
    suite = ET.fromstring(rendered("junit"))[0]
    cases = suite.findall("testcase")

    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "8",
        "failures": "6",
        "errors": "1",
    }
    assert [len(case.findall("failure")) for case in cases] == [0, 1, 1, 1, 1, 1, 1, 0]
    assert [len(case.findall("error")) for case in cases] == [0] * 7 + [1]
    assert cases[4].get("name") == "StatefulSet bridge"
    text = cases[4].findtext("failure") or ""
    assert "must not be \ufffd[31mtrue (host)\nNetworkPolicy all" in text


def test_code_scanning_reads_sarif() -> None:
    log: Any = json.loads(rendered("sarif"))
    jsonschema.validate(log, json.loads(SARIF.read_text(encoding="utf-8")))
    (run,) = log["runs"]

    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == [*REASONS, "object", *(rule.id for rule in RULES)]
    assert {rules[each["ruleIndex"]] for each in run["results"] if each["ruleIndex"] >= 0} == {
        each["ruleId"] for each in run["results"] if each["ruleId"] in rules
    }
    policy, quota = run["results"][-3:-1]
    assert (policy["ruleId"], policy["level"]) == ("wide-policy", "error")
    assert policy["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "team/StatefulSet/bridge"
    )
    (logical,) = quota["locations"][0]["logicalLocations"]
    assert (quota["ruleId"], logical["fullyQualifiedName"]) == ("quota-exceeded", "Event agents.1")
    (_, unknown) = run["invocations"][0]["toolExecutionNotifications"]
    assert unknown["level"] == "note"
    assert run["invocations"][0]["executionSuccessful"] is False
    assert json.loads(rendered("sarif", CLEAN))["runs"][0]["invocations"] == [
        {"executionSuccessful": True}
    ]


def test_what_a_rule_refuses_has_its_id_in_sarif_as_in_a_review() -> None:
    told = ServerFinding(REFUSED, "refused", "must be another", "/spec/hostPID", "run-as-user")
    report = FleetReport((ServerStatus("Pod", "team", "a", (told,)),), (), "the defaults")

    (run,) = json.loads(rendered("sarif", report))["runs"]

    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (result["ruleId"], rule["id"]) == ("run-as-user", "run-as-user")
    assert rule["helpUri"] == "docs/rules.md#run-as-user"


def many(count: int, *findings: ServerFinding, namespace: str = "team") -> list[ServerStatus]:
    return [
        ServerStatus("Deployment", namespace, f"server-{number}", findings)
        for number in range(count)
    ]


def test_namespaces_are_counted_in_a_summary() -> None:
    modes = {"shop": "observe"}
    report = FleetReport([*many(2, CHANGES), *many(1, namespace="shop")], (), "", modes=modes)

    text = "".join(report_parts(AuditSummarySource(report), "table", colour=False))
    assert text == (
        "NAMESPACE   MODE      ALL   CURRENT   OUT-OF-DATE   UNPROTECTED   REFUSED   INCOMPLETE   "
        "NOT-RUNNING\n"
        "shop        observe   1     1         -             -             -         -            "
        "-\n"
        "team        enforce   2     -         2             -             -         -            "
        "-\n"
        "\n"
        "namespace shop has the mode observe: of 1 server, enforce would change 0 and refuse 0\n"
        "3 MCP servers: 1 current, 2 out-of-date; enforce would change 0 and refuse 0\n"
    )
    data = json.loads("".join(report_parts(AuditSummarySource(report), "json", colour=False)))
    assert [each["summary"]["out-of-date"] for each in data["namespaces"]] == [0, 2]
    assert {each.shade for each in AuditSummarySource(report).items} == {"", YELLOW}
    assert data["summary"]["all"] == 3


USED = ExceptionStatus("used", "in-force", "in force", "team", "crm", ("host",), "2030-01-01")
UNUSED = ExceptionStatus("old", "unused", "no server needs it")


def test_exceptions_are_listed_and_those_that_ask_for_something_are_notes() -> None:
    report = FleetReport((), (), "the defaults", exceptions=(UNUSED, USED))

    assert rendered("table", report) == (
        "exception old: no server needs it\n"
        "exception used for team/crm (host): in force\n"
        "no MCP server found\n"
    )
    data = json.loads(rendered("json", report))
    assert [each["state"] for each in data["exceptions"]] == ["unused", "in-force"]
    assert data["exceptions"][1]["rules"] == ["host"]
    (run,) = json.loads(rendered("sarif", report))["runs"]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told == {"level": "note", "message": {"text": "exception old: no server needs it"}}


@pytest.mark.parametrize("name", AUDIT_FORMATS)
def test_every_state_and_every_format_is_known(name: str) -> None:
    assert rendered(name, NOTHING)
    assert {server.state for server in REPORT.servers} == set(STATES)


@pytest.mark.parametrize("report", [REPORT, CLEAN, NOTHING])
def test_json_that_comes_in_parts_is_one_document(report: FleetReport) -> None:
    text = rendered("json", report)

    assert text == f"{json.dumps(json.loads(text), indent=2, ensure_ascii=False)}\n"


@pytest.mark.parametrize("report", [REPORT, CLEAN, NOTHING])
def test_yaml_says_what_json_says(report: FleetReport) -> None:
    assert yaml.safe_load(rendered("yaml", report)) == json.loads(rendered("json", report))
