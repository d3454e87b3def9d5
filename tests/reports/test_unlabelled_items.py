"""A search for unlabelled servers in every format: what people read, and what programs do."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from tests.fleet.unlabelled.manifests import SERVERS, similar
from webhook.fleet.report import Skipped
from webhook.fleet.unlabelled.lookalikes import Lookalike, UnlabelledReport
from webhook.reports.formats import AUDIT_FORMATS, report_parts
from webhook.reports.unlabelled_items import UNLABELLED, UnlabelledSource

SARIF = Path(__file__).parent / "schema" / "sarif-2.1.0.json"
TITLES = ("Deployment obot-mcp/ms1abc", "Pod gvisor/sandboxed", "Deployment demos/demo-api")
BLIND = (Skipped("pods", "403 Forbidden"),)
TABLE = """\
CONFIDENCE   KIND         NAMESPACE   NAME
certain      Deployment   obot-mcp    ms1abc
  metadata.annotations has mcp-server-display-name: made by Obot
  metadata.annotations has mcp-server-scope: made by Obot
  containers[mcp].image is ghcr.io/obot-platform/mcp-images/phat:main: an image for servers of Obot
  metadata.labels has mcp-user-id=7: made by Obot
  containers[mcp].ports has mcp: a port for MCP
  and 1 more reason: -o json has them all
  Obot writes the Deployment again: make everything in the namespace a server
  to label it: kubectl label namespace obot-mcp mcp-admission.dev/managed=true
certain      Pod          gvisor      sandboxed
  containers[main].command runs mcp-server-fetch==2025.1 by uvx: the package of an MCP server
  containers[main].command runs mcp-server-fetch by uvx: the package of an MCP server
  a Pod that exists cannot become a server: this deletes it and creates it again from its manifest FILE
  to label it: kubectl label --local -f FILE mcp-admission.dev/server=true -o yaml | kubectl replace --force -f -
likely       Deployment   demos       demo-api
  containers[api].ports has mcp-http: a port for MCP
  containers[api].ports has mcp-ws: a port for MCP
  to label it: kubectl label deployment -n demos demo-api mcp-admission.dev/server=true

3 of 40 workloads without the label: 2 certain, 1 likely, 0 possible
"""  # noqa: E501 - a command that is copied has one line


def found(title: str) -> Lookalike:
    known = similar(SERVERS[title])
    assert known is not None
    return known


REPORT = UnlabelledReport([found(title) for title in TITLES], 40, ())


def rendered(name: str, report: UnlabelledReport = REPORT, *, colour: bool = False) -> str:
    return "".join(report_parts(UnlabelledSource(report, "the defaults"), name, colour=colour))


def test_people_read_a_table() -> None:
    assert rendered("table") == TABLE
    assert "\x1b[31mcertain" in rendered("table", colour=True)
    assert "\x1b[33mlikely" in rendered("table", colour=True)


@pytest.mark.parametrize(
    ("looked_at", "skipped", "expected"),
    [
        (0, (), ""),
        (1, (), ""),
        (0, BLIND, " in what could be looked at"),
    ],
)
def test_where_nothing_is_found_it_counts(
    looked_at: int, skipped: tuple[Skipped, ...], expected: str
) -> None:
    of = "none of 1 workload" if looked_at else "none of 0 workloads"
    said = rendered("table", UnlabelledReport((), looked_at, skipped))

    assert said.startswith(f"{of} without the label looks like an MCP server{expected}\n")


def test_programs_read_json() -> None:
    read = json.loads(rendered("json", REPORT._replace(skipped=BLIND)))

    assert read["summary"] == {"looked_at": 40, "certain": 2, "likely": 1, "possible": 0}
    assert read["not_looked_at"] == [{"what": "pods", "why": "403 Forbidden"}]
    assert read["settings"] == "the defaults"
    assert read["workloads"][2] == {
        "kind": "Deployment",
        "namespace": "demos",
        "name": "demo-api",
        "confidence": "likely",
        "reasons": [
            {
                "where": "containers[api].ports",
                "value": port,
                "confidence": "likely",
                "message": f"containers[api].ports has {port}: a port for MCP",
            }
            for port in ("mcp-http", "mcp-ws")
        ],
        "labelling": {
            "command": "kubectl label deployment -n demos demo-api mcp-admission.dev/server=true",
            "note": "",
        },
    }
    assert yaml.safe_load(rendered("yaml", REPORT._replace(skipped=BLIND))) == read


def test_ci_systems_read_junit() -> None:
    suite = ET.fromstring(rendered("junit", REPORT._replace(skipped=BLIND)))[0]
    failures = [case.find("failure") for case in suite.findall("testcase")]

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "3", "1")
    assert [each.get("message") for each in failures if each is not None] == [
        "is an MCP server without the label",
        "is an MCP server without the label",
        "is a likely MCP server without the label",
    ]


def test_code_scanning_reads_sarif() -> None:
    log: Any = json.loads(rendered("sarif", REPORT._replace(skipped=BLIND)))
    jsonschema.validate(log, json.loads(SARIF.read_text(encoding="utf-8")))
    (run,) = log["runs"]

    assert [each["level"] for each in run["results"]] == ["error", "error", "warning"]
    assert {each["ruleId"] for each in run["results"]} == {UNLABELLED}
    assert run["tool"]["driver"]["rules"][0]["id"] == UNLABELLED
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "kubectl label namespace obot-mcp" in run["results"][0]["message"]["text"]


@pytest.mark.parametrize("name", AUDIT_FORMATS)
def test_a_search_that_finds_nothing_has_every_format(name: str) -> None:
    assert rendered(name, UnlabelledReport((), 0, ()))
