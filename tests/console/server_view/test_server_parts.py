"""Rows about what belongs to a server: no value of a Secret, and nothing of others as ours."""

from typing import Any

import pytest

from tests.console.server_view.one_server import (
    DEFAULTS,
    PLACES,
    ServerCluster,
    deployment,
    event,
    judging,
    made_of,
    pod,
    replica_set,
    secret,
    whole,
)
from tests.controller.servers.live import settings
from tests.fleet.listed_cluster import FORBIDDEN, RELEASE
from tests.health.objects import condition, waiting
from webhook import names
from webhook.console.server_view import server_parts
from webhook.console.server_view.bounded_reads import Part
from webhook.console.server_view.server_parts import (
    MISSING,
    NOT_OURS,
    THERE,
    UNKNOWN,
    MadeRow,
    made_rows,
)
from webhook.console.server_view.server_reading import ServerReading, read_server
from webhook.console.server_view.whole_server import surroundings_of
from webhook.fleet.report import WorkloadKey

Json = dict[str, Any]


async def read(cluster: ServerCluster, kind: str = "Deployment") -> ServerReading:
    api: Any = cluster
    return await read_server(api, PLACES, judging(), WorkloadKey("team", kind, "crm"))


async def rows(cluster: ServerCluster) -> dict[tuple[str, str], MadeRow]:
    found, _ = made_rows(await read(cluster), DEFAULTS)
    return {(each.kind, each.name): each for each in found}


async def test_what_is_made_is_there_with_its_address() -> None:
    found = await rows(whole(secrets=[secret("B_KEY", "A_KEY")]))

    service = found["Service", "crm-mcp"]
    assert service.state == THERE
    assert service.detail == "http://crm-mcp.team.svc, port 80 to 8000"
    assert found["Secret", "crm-mcp-config"].keys.shown == ("A_KEY", "B_KEY")


async def test_no_value_of_a_secret_reaches_a_row() -> None:
    telling = secret("KEY") | {"data": {"KEY": "c2VjcmV0"}, "stringData": {"KEY": "secret"}}

    found = await rows(whole(secrets=[telling]))

    assert "c2VjcmV0" not in repr(found)
    assert "secret'" not in repr(found)


async def test_what_is_missing_and_what_is_somebody_elses_is_said() -> None:
    assert (await rows(ServerCluster(deployment())))["Service", "crm-mcp"].state == MISSING
    taken = {"kind": "Service", "metadata": {"name": "crm-mcp"}, "spec": {}}
    found = await rows(ServerCluster(deployment(), taken, secrets=[secret("K", owner="other")]))

    assert found["Service", "crm-mcp"].state == NOT_OURS
    assert "leads to no pod" in found["Service", "crm-mcp"].detail
    assert found["Secret", "crm-mcp-config"].state == NOT_OURS


@pytest.mark.parametrize("resource", ["services", "secrets"])
async def test_what_may_not_be_read_is_unknown(resource: str) -> None:
    cluster = whole()
    cluster.failures[resource] = [FORBIDDEN] * 9

    found = [each for each in (await rows(cluster)).values() if each.state == UNKNOWN]

    assert [each.detail for each in found] == ["may not be listed"]


async def test_an_access_policy_is_one_of_its_objects() -> None:
    asking = deployment()
    asking["metadata"]["annotations"] = {names.EGRESS: "10.1.2.0/24"}
    given = settings(mcpNamespace={"networkPolicy": {"egressCeilings": ["10.0.0.0/8"]}})
    cluster = ServerCluster(asking, *made_of(asking, given))
    found, refusals = made_rows(await read(cluster), given)

    assert (found[-1].kind, found[-1].name, found[-1].state) == (
        "NetworkPolicy",
        "crm-mcp-access",
        THERE,
    )
    assert refusals == []
    nothing, refused = made_rows(await read(cluster), DEFAULTS)
    assert [each.kind for each in nothing] == ["Service"]
    assert "metadata.annotations[mcp-admission.dev/egress]" in refused[0]


async def test_other_kinds_have_no_objects_and_the_policies_of_their_namespace() -> None:
    bare = pod(deployment(), "crm")
    reading = await read(ServerCluster(pods=[bare]), "Pod")
    around = surroundings_of(reading, judging(), RELEASE)

    assert made_rows(reading, DEFAULTS) == ([], [])
    wanted = server_parts.wanted_policies(reading, DEFAULTS, around.made)
    assert [each["metadata"]["name"] for each in wanted] == ["mcp-admission-baseline"]


def test_a_pod_says_why_it_waits_and_how_to_mend_it() -> None:
    statuses = [waiting("ImagePullBackOff", "back-off pulling", restartCount=3)]
    stuck = pod(deployment(), ready=False, containerStatuses=statuses)
    gated = pod(deployment(), "gated", ready=False)
    gated["status"]["conditions"] = [
        condition("PodScheduled", "False", reason="Unschedulable", message="0/3 nodes fit")
    ]

    first, second = server_parts.pod_rows(Part((stuck, gated)))

    assert (first.phase, first.ready, first.node, first.restarts) == ("Pending", False, "node-1", 3)
    assert [each.reason for each in first.causes] == ["ImageNotPulled"]
    assert first.causes[0].means.startswith("An image cannot be pulled: correct the image")
    assert second.causes[0].message == "0/3 nodes fit"
    assert second.causes[0].means.startswith("No node has room for its pods: ")


def test_a_pod_that_ends_says_so() -> None:
    going = pod(deployment())
    going["metadata"]["deletionTimestamp"] = "2026-02-01T12:00:00Z"

    assert server_parts.pod_rows(Part((going,)))[0].phase == "Terminating"


def test_events_are_bounded_in_number_and_length() -> None:
    many = tuple(event("n" * 51_200, series={"count": at}) for at in range(40))

    found = server_parts.event_rows(Part(many, more=5))

    assert (len(found.shown), found.more) == (30, 15)
    assert found.shown[0].note.endswith("(50,600 more characters)")
    assert (found.shown[0].times, found.shown[2].times) == (1, 2)
    assert found.shown[0].about == "Deployment crm"


async def test_the_last_roll_comes_first_with_its_cause() -> None:
    found = deployment()
    sets = [
        replica_set(found, at, **({"kubernetes.io/change-cause": "settings"} if at == 10 else {}))
        for at in (2, 10, 9)
    ]
    strange = replica_set(found, 11)
    strange["metadata"]["ownerReferences"][0]["uid"] = "another"

    revisions = server_parts.revision_rows(await read(whole(replicasets=[*sets, strange])))

    assert [each.number for each in revisions.shown] == ["10", "9", "2"]
    assert [each.current for each in revisions.shown] == [True, False, False]
    assert revisions.shown[0].cause == "settings"
    assert revisions.shown[0].images == ("registry.example/mcp:1",)


def test_images_are_few_and_short() -> None:
    containers = [{"image": f"{at}{'i' * 5000}"} for at in range(40)]

    found = server_parts.images_of({"containers": containers, "initContainers": [{"image": ""}]})

    assert len(found) == 11
    assert found[-1] == "and 30 more, which are not shown"
    assert max(map(len, found)) < 250
