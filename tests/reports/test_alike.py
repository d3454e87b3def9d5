"""The findings that more than a few servers have are found, and their servers named in short."""

from webhook.admission.drift import OUT_OF_DATE
from webhook.fleet.report import ServerFinding, ServerStatus
from webhook.reports.alike import MOST_ALONE, Alike, alike_findings

FIRST = ServerFinding(OUT_OF_DATE, "out-of-date", "a would be b", "/spec/a")
SECOND = ServerFinding(OUT_OF_DATE, "out-of-date", "c would be d", "/spec/c")


def server(number: int, *findings: ServerFinding) -> ServerStatus:
    return ServerStatus("Deployment", "team", f"server-{number}", findings)


def test_findings_of_the_same_servers_are_together_and_those_of_a_few_are_none() -> None:
    alone = FIRST._replace(message="e would be f")
    servers = [server(number, FIRST, SECOND) for number in range(MOST_ALONE + 1)]
    servers += [server(9, SECOND), *(server(number, alone) for number in range(10, 12))]

    assert alike_findings(servers[:-3]) == [Alike((FIRST, SECOND), tuple(servers[:-3]))]
    both = alike_findings(servers)
    assert [each.findings for each in both] == [(FIRST,), (SECOND,)]
    assert [len(each.servers) for each in both] == [4, 5]


def test_the_place_of_a_finding_makes_no_difference() -> None:
    found = [server(number, FIRST._replace(path=f"/{number}", seen="x")) for number in range(4)]

    (group,) = alike_findings(found)
    assert len(group.servers) == 4


def test_kinds_namespaces_and_names_are_said_in_short() -> None:
    servers = [server(number) for number in range(4)]
    assert Alike((), tuple(servers)).names == (
        "Deployment",
        "team",
        "server-0, server-1, server-2 and 1 more",
    )
    servers[1] = ServerStatus("Pod", "shop", "bare")
    assert Alike((), tuple(servers[:3])).names == (
        "2 kinds",
        "2 namespaces",
        "team/server-0, shop/bare, team/server-2",
    )
