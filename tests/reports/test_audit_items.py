"""Rows of the table of an audit: what many servers have alike is told once, and how to mend it."""

import json
from typing import Any

import pytest

from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus
from webhook.reports.audit_report import AuditSource
from webhook.reports.formats import report_parts

REFUSES = ServerFinding(REFUSED, "refused", "would be refused: no", "/spec/hostPID", "host")
CHANGES = ServerFinding(OUT_OF_DATE, "out-of-date", "a is b and would be c")
CORRECT = "to mend them, correct them where they are deployed from"


def rendered(name: str, servers: list[ServerStatus], **given: Any) -> str:
    report = FleetReport(servers, (), "the defaults", **given)
    return "".join(report_parts(AuditSource(report), name, colour=False))


def many(count: int, *findings: ServerFinding, namespace: str = "team") -> list[ServerStatus]:
    return [
        ServerStatus("Deployment", namespace, f"server-{number}", findings)
        for number in range(count)
    ]


GONE = ServerFinding(UNPROTECTED, "not-registered", "the configuration is missing")


def test_what_many_servers_have_alike_is_told_once() -> None:
    servers = many(37, GONE, CHANGES)
    servers[1] = servers[1]._replace(findings=(GONE, CHANGES, REFUSES))
    servers += many(1, GONE, namespace="shop")

    assert rendered("table", servers) == (
        "STATE         KIND         NAMESPACE      NAME\n"
        "unprotected   Deployment   2 namespaces   team/server-0, team/server-1, team/server-2 and "
        "35 more\n"
        "  38 servers: the configuration is missing\n"
        "  to list all of them: -o json\n"
        "out-of-date   Deployment   team           server-0, server-1, server-2 and 34 more\n"
        "  37 servers: a is b and would be c\n"
        "  to roll the Deployments among them: mcp-admission apply -n team --all\n"
        "  to list all of them: -o json\n"
        "refused       Deployment   team           server-1\n"
        "  would be refused: no (host)\n"
        "  to mend it, correct the Deployment where it is deployed from, before it restarts\n"
        "\n"
        "38 MCP servers: 37 unprotected, 1 refused\n"
    )
    assert len(json.loads(rendered("json", servers))["servers"]) == 38


@pytest.mark.parametrize(
    ("finding", "modes", "expected"),
    [
        (
            REFUSES,
            {},
            "to mend them, correct them where they are deployed from, before they restart",
        ),
        (
            CHANGES,
            {"team": "warn"},
            "they stay as they are until enforce is in force and they roll",
        ),
    ],
    ids=["refused", "foreseen"],
)
def test_how_to_mend_many_servers_is_told_once(
    finding: ServerFinding, modes: dict[str, str], expected: str
) -> None:
    assert f"\n  {expected}\n" in rendered("table", many(4, finding), modes=modes)


def test_a_few_servers_have_rows_of_their_own() -> None:
    assert rendered("table", many(3, CHANGES)).count("a is b and would be c") == 3


def test_a_server_that_would_be_refused_is_corrected_before_it_rolls() -> None:
    """Though its other findings are told of it alone, and the refusal of several."""
    servers = many(4, REFUSES)
    servers[0] = servers[0]._replace(findings=(REFUSES, CHANGES))

    assert "to roll it" not in rendered("table", servers)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Deployment", "to roll it: mcp-admission apply -n team a"),
        ("Pod", "to make it current, delete it and create it again"),
        ("StatefulSet", "to make its pods current, restart the StatefulSet"),
    ],
)
def test_the_way_out_depends_on_the_kind(kind: str, expected: str) -> None:
    assert f"  {expected}\n" in rendered("table", [ServerStatus(kind, "team", "a", (CHANGES,))])
