"""A server as its page shows it, from what was read: truthful about what is not known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests import builders
from tests.console.server_view.one_server import (
    PLACES,
    ServerCluster,
    deployment,
    judging,
    pod,
    whole,
)
from tests.controller.servers.live import memory, settings, stored
from tests.fleet.listed_cluster import FORBIDDEN, RELEASE
from webhook.console.server_view.server_reading import read_server
from webhook.console.server_view.three_columns import NO_PODS
from webhook.console.server_view.whole_server import (
    BELOW,
    EXCLUDED,
    NO_SERVER,
    NOT_REGISTERED,
    ServerView,
    view_server,
)
from webhook.fleet.report import WorkloadKey
from webhook.fleet.settings_in_force import JudgingSettings

Json = dict[str, Any]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def view(
    cluster: ServerCluster,
    by: JudgingSettings | None = None,
    kind: str = "Deployment",
    address: str = "",
) -> ServerView:
    api: Any = cluster
    by = by or judging()
    read = await read_server(api, PLACES, by, WorkloadKey("team", kind, "crm"))
    return view_server(read, by, RELEASE, NOW, address)


def exception(name: str = "e", workload: str = "crm", **spec: Any) -> Json:
    return {
        "metadata": {"name": name, "creationTimestamp": "2026-02-20T00:00:00Z"},
        "spec": {
            "workload": {"namespace": "team", "name": workload},
            "rules": ["privileged"],
            "reason": "its vendor mends it",
            "expires": "2026-02-25T00:00:00Z",
            **spec,
        },
    }


async def test_a_current_server_says_all_that_there_is() -> None:
    found = await view(whole(), address="8.8.8.8")

    assert (found.state, found.mode, found.pods_ready) == ("current", "enforce", "1 of 1")
    assert found.notes == ()
    assert found.findings.shown == ()
    assert found.columns.of == "template"
    assert found.images == ("registry.example/mcp:1",)
    assert [each.kind for each in found.made] == ["Service"]
    assert found.reach.callers.closed
    assert found.drawing is not None
    assert found.address is not None
    assert found.address.rows
    assert [each.number for each in found.revisions.shown] == ["1"]
    assert found.may_roll


async def test_commands_can_be_copied() -> None:
    commands = (await view(whole())).commands

    assert commands.roll == "mcp-admission apply -n team crm"
    assert commands.restart == "kubectl rollout restart -n team deployment/crm"
    assert commands.draft == "mcp-admission exception draft deployment/crm -n team"
    assert commands.audit == "mcp-admission audit -n team"


async def test_an_outdated_server_has_columns_and_findings() -> None:
    found = await view(whole(), judging(settings(**memory("800Mi"))))

    assert found.state == "out-of-date"
    assert found.may_roll
    assert found.columns.differing.shown
    assert [each.about.id for each in found.findings.shown] == ["out-of-date"]


async def test_a_refused_server_is_not_rolled() -> None:
    refused = stored(builders.server("crm", replicas=1, hostPID=True))
    found = await view(ServerCluster(refused))

    assert found.is_refused
    assert not found.may_roll
    assert "host-namespaces" in [each.about.id for each in found.findings.shown]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"mode": "observe"}, BELOW.format("observe")),
        ({"excludedNamespaces": ["team"]}, EXCLUDED),
    ],
)
async def test_where_nothing_is_enforced_it_is_said(given: Json, note: str) -> None:
    found = await view(whole(), judging(settings(**given)))

    assert note in found.notes
    assert not found.may_roll


async def test_what_is_no_server_is_said_to_be_none() -> None:
    plain = stored(builders.server("crm", labels={}))
    found = await view(ServerCluster(plain))

    assert found.state == ""
    assert NO_SERVER in found.notes
    assert NO_SERVER in found.columns.notes
    assert found.commands.roll == ""


async def test_what_may_not_be_read_is_among_the_notes() -> None:
    cluster = whole()
    for resource in (
        "networkpolicies",
        "mutatingwebhookconfigurations",
        "namespaces",
    ):
        cluster.failures[resource] = [FORBIDDEN] * 9
    guess = judging()._replace(unknown="the settings in force are not known to you")

    found = await view(cluster, guess)

    assert found.drawing is None
    assert not found.reach.known
    assert NOT_REGISTERED in found.notes
    assert "the settings in force are not known to you" in found.notes
    assert any(each.startswith("you may not read networkpolicies") for each in found.notes)


async def test_with_pods_filled_in_a_pod_is_compared() -> None:
    given = judging(settings(fillIn="pods"))

    assert (await view(whole(), given)).columns.of == "pod crm-7d4f-x1"
    without = (await view(whole(pods=[]), given)).columns
    assert without.notes == (NO_PODS,)


async def test_a_bare_pod_is_shown_as_it_is() -> None:
    found = await view(ServerCluster(pods=[pod(deployment(), "crm")]), kind="Pod")

    assert found.columns.of == "pod crm"
    assert found.made == ()
    assert found.commands.restart == ""
    assert found.pods_ready == "1 of 1"


async def test_its_exceptions_are_listed_whatever_became_of_them() -> None:
    documents = [exception(), exception("other", "web"), exception("bad", rules=[])]

    found = await view(whole(mcpserverexceptions=documents))

    assert [(each.name, each.state) for each in found.exceptions.shown] == [("e", "ended")]
