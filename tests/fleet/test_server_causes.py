"""Why servers do not run or lack a part is collected from what the cluster shows, page by page."""

import asyncio
from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, stored
from tests.fleet.listed_cluster import FORBIDDEN, NOW, Cluster
from tests.health.objects import condition, replica_failure, waiting
from webhook import objects
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.report import WorkloadKey
from webhook.fleet.server_causes import ServerCauses, asked_config
from webhook.health import INCOMPLETE, NOT_RUNNING, Cause
from webhook.settings.model import Settings

OLD, NEW = "2026-03-01T10:00:00Z", "2026-03-01T11:59:55Z"
ENV = {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k"}}}]}
QUOTA = 'pods "db-0" is forbidden: exceeded quota: few, requested: pods=1'


def key(name: str = "github-tools", kind: str = "Deployment") -> WorkloadKey:
    return WorkloadKey("team", kind, name)


def deployment(*conditions: Json, ready: int = 0, **given: Any) -> Json:
    found = stored(builders.server(replicas=1, **given), creationTimestamp=OLD)
    status = {"observedGeneration": 1, "readyReplicas": ready, "conditions": list(conditions)}
    return {**found, "status": {**status, "replicas": 1, "updatedReplicas": 1}}


def pod(*statuses: Json, created: str = OLD, **given: Any) -> Json:
    found = stored(builders.bare_pod("crm-1", **given), creationTimestamp=created)
    return {**found, "status": {"phase": "Pending", "containerStatuses": list(statuses)}}


def spec_of(found: Json) -> Json:
    spec: Json = found["spec"]["template"]["spec"]
    return spec


def told(causes: ServerCauses, cluster: Any = None) -> dict[str, list[Cause]]:
    """What is said in the end of each server, and what it read in between."""

    api: Any = cluster or Cluster()

    async def read() -> dict[str, list[Cause]]:
        parts = await causes.read_rest(ClusterPages(api, None))
        return {each.name: [*found] for each, found in causes.causes(parts, NOW)}

    return asyncio.run(read())


def reasons(causes: ServerCauses, cluster: Any = None) -> list[str]:
    return [each.reason for found in told(causes, cluster).values() for each in found]


def collected(found: Json, *pods: Json) -> ServerCauses:
    causes = ServerCauses()
    causes.add_workload(key(), found, spec_of(found))
    for each in pods:
        causes.add_pod(key(), each)
    return causes


def event(kind: str, name: str, note: str, when: str = OLD) -> Json:
    return {
        "metadata": {"name": f"{name}.1", "namespace": "team"},
        "regarding": {"kind": kind, "namespace": "team", "name": name},
        "eventTime": when,
        "note": note,
    }


def test_a_server_that_runs_has_no_cause_and_nothing_more_is_read() -> None:
    cluster = Cluster()
    causes = collected(deployment(ready=1), pod(waiting("ImagePullBackOff")))

    assert told(causes, cluster) == {"github-tools": []}
    assert cluster.asked == []


def test_deployment_and_pods_are_quoted_and_what_explains_is_preferred() -> None:
    complete = condition("Progressing", reason="NewReplicaSetAvailable")
    causes = collected(deployment(complete), pod(waiting("CrashLoopBackOff")))

    assert reasons(causes) == ["CrashLoop"]
    assert reasons(collected(deployment(complete))) == ["NoPodReady"]
    assert reasons(collected(deployment(replica_failure(QUOTA)))) == ["QuotaExceeded"]


def test_what_has_just_begun_is_nothing_to_tell() -> None:
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}

    def waits(since: str) -> Json:
        found = pod(created=since)
        found["status"]["conditions"] = [{**gated, "lastTransitionTime": since}]
        return found

    assert reasons(collected(deployment(), waits(NEW))) == []
    assert reasons(collected(deployment(), waits(OLD))) == ["SchedulingGated"]


def test_pods_that_never_become_ready_are_told_after_ten_minutes() -> None:
    running = {"name": "mcp", "ready": False, "state": {"running": {}}}

    assert reasons(collected(deployment(), pod(running, created="2026-03-01T11:55:00Z"))) == []
    (cause,) = told(collected(deployment(), pod(running)))["github-tools"]
    assert cause[:3] == (
        NOT_RUNNING,
        "NoPodReady",
        "1 wanted, and none has become ready in ten minutes",
    )


def test_where_the_workload_is_not_known_its_pods_are_counted() -> None:
    causes = ServerCauses()
    rollout = key("agents", "Rollout")
    causes.add_pod(rollout, pod(waiting("ErrImagePull")))
    assert reasons(causes) == ["ImageNotPulled"]

    ready = pod()
    ready["status"]["conditions"] = [condition("Ready")]
    causes.add_pod(rollout, ready)
    assert reasons(causes) == []


def test_each_pod_may_say_something_else_and_little_of_it_is_kept() -> None:
    causes = collected(deployment())
    for number in range(100):
        causes.add_pod(key(), pod(waiting("Failed", f"cause {number}")))

    assert len(told(causes)["github-tools"]) == 20


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job"])
def test_the_last_word_about_pods_that_are_refused_is_an_event(kind: str) -> None:
    found = stored(builders.of_kind(kind, "db"))
    found["status"] = {"desiredNumberScheduled": 1}
    cluster = Cluster(events=[event(kind, "db", QUOTA), event(kind, "other", QUOTA)])
    causes = ServerCauses()
    causes.add_workload(key("db", kind), found, spec_of(found))

    (cause,) = told(causes, cluster)["db"]
    assert cause[:4] == (
        NOT_RUNNING,
        "QuotaExceeded",
        "exceeded quota: few, requested: pods=1",
        "Event db.1",
    )
    assert cluster.by_field == {"events": "reason=FailedCreate"}


def test_an_event_about_pods_that_are_there_by_now_is_old() -> None:
    found = stored(builders.of_kind("StatefulSet", "db"))
    found["status"] = {"replicas": 1}
    other = stored(builders.of_kind("StatefulSet", "lacks"))
    causes = ServerCauses()
    for each in (found, other):
        name = each["metadata"]["name"]
        causes.add_workload(key(name, "StatefulSet"), each, spec_of(each))

    assert told(causes, Cluster(events=[event("StatefulSet", "db", QUOTA)]))["db"] == []


def test_a_replica_set_says_itself_why_its_pods_are_refused() -> None:
    found = stored(builders.of_kind("ReplicaSet", "db"))
    found["status"] = {"conditions": [replica_failure(QUOTA)]}
    causes = ServerCauses()
    causes.add_workload(key("db", "ReplicaSet"), found, spec_of(found))

    assert reasons(causes) == ["QuotaExceeded"]


def secret(name: str, **metadata: Any) -> Json:
    return {"metadata": {"name": name, "namespace": "team", **metadata}}


def test_what_is_asked_for_and_not_there_is_told_though_pods_run() -> None:
    found = deployment(ready=1, container=ENV, runtimeClassName="gvisor")
    cluster = Cluster(secrets=[secret("other")])

    (missing, no_class) = told(collected(found), cluster)["github-tools"]
    assert missing[:4] == (
        INCOMPLETE,
        "SecretMissing",
        'secret "a" not found',
        "spec.containers[mcp].env[A]",
    )
    assert (no_class.reason, no_class.since) == ("RuntimeClassMissing", OLD)
    assert cluster.metadata_only == {"secrets"}

    there = Cluster(secrets=[secret("a")], runtimeclasses=[{"metadata": {"name": "gvisor"}}])
    assert told(collected(found), there) == {"github-tools": []}


@pytest.mark.parametrize("resource", ["secrets", "runtimeclasses"])
def test_what_may_not_be_read_is_not_known_and_no_cause(resource: str) -> None:
    found = deployment(ready=1, container=ENV, runtimeClassName="gvisor")
    cluster: Any = Cluster()
    cluster.failures = {resource: [FORBIDDEN]}
    causes = collected(found)
    parts = asyncio.run(causes.read_rest(ClusterPages(cluster, None)))

    assert [each.what for each in parts.unknown] == [resource]
    (only,) = [each.reason for _, found in causes.causes(parts, NOW) for each in found]
    assert (only == "SecretMissing") is (resource == "runtimeclasses")


def test_a_pod_that_waits_says_what_its_template_does_not_ask_for() -> None:
    waits = pod(waiting("ContainerCreating"), container=ENV)

    assert reasons(collected(deployment(), waits)) == ["SecretMissing"]


CONFIGURED: Json = {
    "asks": {"config-from": "mine", "file-keys": "a.pem"},
    "container": {
        "ports": [{"containerPort": 8000}],
        "envFrom": [{"secretRef": {"name": "github-tools-mcp-config"}}],
    },
}
REFUSED = "metadata.annotations[mcp-admission.dev/file-keys] names a.pem, which Secret mine lacks"


def configured(**given: Any) -> ServerCauses:
    found = deployment(**deepcopy(CONFIGURED), **given)
    server = objects.server_of(found)
    refusals = objects.server_objects(server, Settings(), None).refusals
    causes = ServerCauses()
    causes.add_workload(key(), found, spec_of(found), refusals, asked_config(server, refusals))
    return causes


def test_a_config_secret_that_is_missing_is_told_once() -> None:
    waits = pod(waiting("CreateContainerConfigError", 'secret "github-tools-mcp-config" not found'))
    causes = configured()
    causes.add_pod(key(), waits)

    (cause,) = told(causes)["github-tools"]
    assert (cause.state, cause.reason) == (INCOMPLETE, "ConfigMissing")
    assert "names mine, which is no Secret of namespace team: create it" in cause.message


def test_where_secrets_may_not_be_read_the_pod_says_what_is_missing() -> None:
    waits = pod(waiting("CreateContainerConfigError", 'secret "github-tools-mcp-config" not found'))
    cluster: Any = Cluster()
    cluster.failures = {"secrets": [FORBIDDEN]}
    causes = configured()
    causes.add_pod(key(), waits)

    assert reasons(causes, cluster) == ["SecretMissing"]


def written(when: str, *keys: str) -> Json:
    fields: Json = {"f:data": {".": {}, **{f"f:{each}": {} for each in keys}}}
    return secret("mine", managedFields=[{"time": when, "fieldsV1": fields}, {"manager": "x"}])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(written(OLD), ["ConfigRefused"], id="not-written-since"),
        pytest.param(written(NEW, "b"), ["ConfigRefused"], id="still-without-the-key"),
        pytest.param(written(NEW, "a.pem"), [], id="mended"),
    ],
)
def test_what_the_controller_says_of_a_config_secret_holds_until_it_is_mended(
    source: Json, expected: list[str]
) -> None:
    said = [event("Deployment", "github-tools", note, OLD) for note in ("before", REFUSED)]
    cluster = Cluster(events=said, secrets=[source, secret("github-tools-mcp-config")])

    found = told(configured(ready=1), cluster)["github-tools"]
    assert [each.reason for each in found] == expected
    assert {each.message for each in found} <= {REFUSED}
    assert cluster.by_field["events"] == "reason=ConfigRefused"
