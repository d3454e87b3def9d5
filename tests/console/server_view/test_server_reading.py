"""What is read of one server is what audit says of it, at the price of one server."""

from typing import Any

import pytest

from tests import builders
from tests.console.server_view.one_server import (
    DEFAULTS,
    PLACES,
    ServerCluster,
    deployment,
    event,
    judging,
    made_of,
    pod,
    whole,
)
from tests.controller.servers.live import filled_in, memory, settings, stored
from tests.fleet.listed_cluster import FORBIDDEN
from webhook import names
from webhook.console.server_view.server_reading import ServerReading, read_server
from webhook.fleet.cluster_snapshot import audited
from webhook.fleet.report import WorkloadKey
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube.errors import NotFound

KEY = WorkloadKey("team", "Deployment", "crm")
Json = dict[str, Any]


async def read(
    cluster: ServerCluster, key: WorkloadKey = KEY, by: JudgingSettings | None = None
) -> ServerReading:
    api: Any = cluster
    return await read_server(api, PLACES, by or judging(), key)


def refused() -> Json:
    return stored(builders.server("crm", replicas=1, hostPID=True))


CLUSTERS = [
    pytest.param(whole(), {}, id="current"),
    pytest.param(whole(), memory("800Mi"), id="out-of-date"),
    pytest.param(ServerCluster(refused()), {}, id="refused"),
    pytest.param(ServerCluster(deployment()), {}, id="without-policies"),
    pytest.param(whole(), {"mode": "observe", **memory("800Mi")}, id="below-enforce"),
    pytest.param(whole(), {"excludedNamespaces": ["team"]}, id="excluded"),
    pytest.param(
        ServerCluster(deployment(), *made_of(deployment()), pods=[pod(deployment(), ready=False)]),
        {"fillIn": "pods"},
        id="pods-are-filled-in",
    ),
]


@pytest.mark.parametrize(("cluster", "given"), CLUSTERS)
async def test_its_findings_are_those_of_an_audit(cluster: ServerCluster, given: Json) -> None:
    by = judging(settings(**given))
    api: Any = cluster

    found = await read(cluster, by=by)
    report = await audited(api, PLACES, by, namespace="team")

    assert list(report.servers) == ([] if found.status is None else [found.status])
    assert found.found is not None
    assert len(found.policies.items) == len(cluster.objects.get("networkpolicies", []))  # type: ignore[arg-type]


async def test_other_workloads_of_the_namespace_are_not_listed() -> None:
    cluster = whole()

    await read(cluster)

    asked = [path.rpartition("/")[2] for path, _ in cluster.asked]
    assert asked.count("pods") == 1
    assert not {"deployments", "statefulsets", "jobs", "daemonsets"} & {*asked}
    assert cluster.metadata_only == {"secrets"}
    assert dict(cluster.asked)["/api/v1/namespaces/team/pods"].startswith("app=crm,")


async def test_pods_of_others_are_left_out_and_those_that_wait_come_first() -> None:
    found = deployment()
    pods = [pod(found, f"crm-7d4f-{at}", ready=at % 2 == 0) for at in range(120)]
    strange = pod(found, "strange")
    strange["metadata"]["ownerReferences"][0]["name"] = "other-7d4f"

    shown = (await read(whole(pods=[*pods, strange]))).pods

    assert len(shown.items) == 50
    assert shown.more == 70
    assert {each["status"]["phase"] for each in shown.items} == {"Pending"}


async def test_a_pod_and_a_kind_that_is_not_known_are_read_too() -> None:
    bare = filled_in(builders.bare_pod("alone"), DEFAULTS)
    owned = pod(deployment(), "run-1")
    owned["metadata"]["ownerReferences"] = [{"controller": True, "kind": "Rollout", "name": "run"}]
    cluster = ServerCluster(pods=[bare, owned])

    alone = await read(cluster, WorkloadKey("team", "Pod", "alone"))
    of_rollout = await read(cluster, WorkloadKey("team", "Rollout", "run"))

    assert alone.status is not None
    assert [each["metadata"]["name"] for each in alone.pods.items] == ["alone"]
    assert of_rollout.found is None
    assert of_rollout.status is not None
    assert of_rollout.status.name == "run"
    assert names.SERVER in dict(cluster.asked)["/api/v1/namespaces/team/pods"]


@pytest.mark.parametrize("kind", ["Deployment", "CronJob", "Rollout"])
async def test_what_is_not_there_is_not_found(kind: str) -> None:
    with pytest.raises(NotFound):
        await read(ServerCluster(), WorkloadKey("team", kind, "crm"))


@pytest.mark.parametrize(
    ("resource", "part"),
    [
        ("networkpolicies", "policies"),
        ("pods", "pods"),
        ("replicasets", "revisions"),
        ("services", "services"),
        ("secrets", "secrets"),
        ("events", "events"),
        ("mcpserverexceptions", "exceptions"),
    ],
)
async def test_what_may_not_be_read_says_why(resource: str, part: str) -> None:
    cluster = whole()
    cluster.failures[resource] = [FORBIDDEN] * 20

    found = await read(cluster)

    assert getattr(found, part).unread == "may not be listed"
    assert getattr(found, part).items == ()


async def test_policies_are_read_below_enforce_too() -> None:
    found = await read(whole(), by=judging(settings(mode="observe")))

    assert len(found.policies.items) == 1


async def test_events_come_last_first_and_are_bounded() -> None:
    events = [event(str(at), eventTime=f"2026-02-01T12:00:{at % 60:02}Z") for at in range(300)]

    found = await read(whole(events=events, replicasets=[], pods=[]))

    assert found.events.items[0]["eventTime"] == "2026-02-01T12:00:59Z"
    assert len(found.events.items) == 200
    assert found.events.more == 100
