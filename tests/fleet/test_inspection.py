"""A cluster is read page by page: findings are kept, and what may not be read is reported."""

import asyncio
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, memory, server, settings, stored
from tests.fleet.listed_cluster import FORBIDDEN, GONE, RELEASE, Cluster
from tests.kube.virtual_time import run
from webhook.admission import Scope
from webhook.controller.installation import Installation
from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.inspection import Audit
from webhook.fleet.judged_mode import JudgedMode
from webhook.fleet.report import ServerStatus
from webhook.kube.errors import (
    ApiError,
    Gone,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

PLACES = Installation("mcp-admission", RELEASE)
PORT: Json = {"container": {"ports": [{"containerPort": 8000}]}}
OWNER = {"controller": True, "uid": "x"}


def judged(given: Settings | None = None) -> JudgedMode:
    return JudgedMode(SettingsByNamespace(given or Settings()))


def audited(
    cluster: Cluster,
    given: Settings | None = None,
    namespace: str | None = None,
    mode: JudgedMode | None = None,
) -> tuple[list[ServerStatus], list[str]]:
    api: Any = cluster
    audit = Audit(api, mode or judged(given), PLACES, ClusterPages(api, namespace))
    found = asyncio.run(audit.run())
    return found, [each.what for each in audit.skipped]


def policy() -> Json:
    from webhook.objects.made import namespace_objects

    (found,) = namespace_objects("team", Settings(), RELEASE, Scope.OPTED_IN)
    return found


def of_deployment(**spec: Any) -> Json:
    container = builders.container(ports=[{"containerPort": 8000}])
    return builders.of_kind("Deployment", "crm", containers=[container], **spec)


def owned(kind: str, name: str, number: int, **spec: Any) -> Json:
    found = stored(builders.bare_pod(f"{name}-{number}", **(spec or {"hostPID": True})))
    found["metadata"]["ownerReferences"] = [{**OWNER, "kind": kind, "name": name}]
    return found


def of_replica_set(name: str, pod_template_hash: str, **spec: Any) -> Json:
    found = owned("ReplicaSet", name, 1, **spec)
    found["metadata"]["labels"]["pod-template-hash"] = pod_template_hash
    return found


def mirror() -> Json:
    found = owned("Node", "node-1", 1)
    found["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    return found


def test_a_pod_is_reported_under_the_workload_that_owns_it() -> None:
    pods = [
        *(owned("DaemonSet", "agents", number) for number in range(3)),
        of_replica_set("crm-7d4f", "7d4f", hostPID=False),
        of_replica_set("alone-7d4f", "7d4f"),
        mirror(),
        stored(builders.bare_pod("bare", hostPID=True)),
        {**stored(builders.bare_pod("going", hostPID=True))},
    ]
    pods[-1]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster = Cluster(
        deployments=[filled_in(server(**PORT), Settings())], pods=pods, networkpolicies=[policy()]
    )
    found, _ = audited(cluster)

    assert [(each.kind, each.name, each.state) for each in found] == [
        ("DaemonSet", "agents", "refused"),
        ("Deployment", "crm", "current"),
        ("Pod", "bare", "refused"),
        ("ReplicaSet", "alone-7d4f", "refused"),
    ]
    (agents, *_) = found
    assert len({each.message for each in agents.findings}) == len(agents.findings)


@pytest.mark.parametrize(
    ("pod", "reported"),
    [
        pytest.param(of_replica_set("crm-7d4f", "7d4f"), "Deployment crm", id="as-if-of-it"),
        pytest.param(
            of_replica_set("crm-canary", "7d4f"), "ReplicaSet crm-canary", id="beside-its-own"
        ),
        pytest.param(owned("ReplicaSet", "crm-7d4f", 1), "ReplicaSet crm-7d4f", id="without-hash"),
        pytest.param(owned("Node", "node-1", 1), "Node node-1", id="as-if-of-a-kubelet"),
    ],
)
def test_an_owner_that_anybody_can_write_hides_no_pod(pod: Json, reported: str) -> None:
    cluster = Cluster(
        deployments=[filled_in(server(**PORT), Settings())], pods=[pod], networkpolicies=[policy()]
    )
    found, _ = audited(cluster)

    refused = [f"{each.kind} {each.name}" for each in found if each.state == "refused"]
    assert refused == [reported]


def test_a_policy_that_selects_a_label_of_pods_alone_is_a_finding_of_their_deployment() -> None:
    wide: Json = {
        "metadata": {"name": "open", "namespace": "team"},
        "spec": {
            "podSelector": {"matchLabels": {"pod-template-hash": "7d4f"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{}],
            "egress": [{}],
        },
    }
    cluster = Cluster(
        deployments=[filled_in(server(**PORT), Settings())],
        pods=[of_replica_set("crm-7d4f", "7d4f", hostPID=False)],
        networkpolicies=[policy(), wide],
    )
    (found,), _ = audited(cluster)

    assert (found.kind, {each.reason for each in found.findings}) == ("Deployment", {"wide-policy"})


def test_pods_without_the_label_are_looked_for_where_they_are_servers() -> None:
    namespaces: list[Json] = [
        {"metadata": {"name": "team", "labels": {"mcp-admission.dev/managed": "true"}}},
        {"metadata": {"name": "other"}},
    ]
    given = settings(selectors=[{"app": "kmcp", "tier": "x"}])
    cluster = Cluster(namespaces=namespaces)
    audited(cluster, given)

    label = "mcp-admission.dev/server"
    assert [each for each in cluster.asked if each[0].endswith("/pods")] == [
        ("/api/v1/pods", label),
        ("/api/v1/namespaces/team/pods", f"!{label}"),
        ("/api/v1/pods", f"app=kmcp,tier=x,!{label}"),
    ]
    assert ("/apis/apps/v1/replicasets", "!pod-template-hash") in cluster.asked
    assert not any("secrets" in path for path, _ in cluster.asked)


def test_one_namespace_is_all_that_is_asked_for() -> None:
    cluster = Cluster()
    audited(cluster, namespace="team")

    asked = [path for path, _ in cluster.asked if "/namespaces/team/" not in path]
    assert asked == ["/apis/mcp-admission.dev/v1alpha1/mcpserverexceptions"]


def test_where_no_policies_are_made_none_are_read() -> None:
    cluster = Cluster(deployments=[filled_in(server(**PORT), Settings())])
    given = settings(mcpNamespace={"networkPolicy": {"enabled": False}})
    found, _ = audited(cluster, given)

    assert not any("networkpolicies" in path for path, _ in cluster.asked)
    assert [each.state for each in found] == ["current"]


def test_a_list_that_expired_begins_again_and_no_finding_is_doubled() -> None:
    cluster = Cluster(deployments=[stored(server(**PORT)), stored(builders.server("b", **PORT))])
    cluster.failures = {"deployments": [GONE, GONE]}
    found, skipped = audited(cluster)

    assert ([each.name for each in found], skipped) == (["b", "crm"], [])
    assert len({each.message for each in found[0].findings}) == len(found[0].findings)

    cluster.failures = {"deployments": [GONE] * 3}
    with pytest.raises(Gone):
        audited(cluster)


def test_an_api_server_that_is_busy_is_asked_again_when_it_says() -> None:
    cluster = Cluster(deployments=[stored(server(**PORT))])
    busy = TooManyRequests(429, "TooManyRequests", "later", 30.0)
    cluster.failures = {"deployments": [busy, busy]}
    api: Any = cluster
    found = run(Audit(api, judged(), PLACES, ClusterPages(api, None)).run())

    assert [each.name for each in found] == ["crm"]


def test_a_missing_configuration_is_a_finding_of_every_reviewed_server() -> None:
    excluded = stored(server(**PORT))
    excluded["metadata"]["namespace"] = "kube-system"
    cluster = Cluster(deployments=[filled_in(server(**PORT), Settings()), excluded])
    cluster.failures = {"validatingwebhookconfigurations": [NotFound(404, "NotFound", "gone")]}
    found, _ = audited(cluster)

    assert {(each.namespace, finding.reason) for each in found for finding in each.findings} == {
        ("kube-system", "not-reviewed"),
        ("team", "not-registered"),
        ("team", "policy-missing"),
    }
    assert "nothing is refused" in str(found)
    assert "nothing is filled in" not in str(found)


@pytest.mark.parametrize("kept", [["--namespace=other", "--namespace=team"], []])
def test_an_installation_has_servers_where_it_is_kept_to_alone(kept: list[str]) -> None:
    elsewhere = stored(server(**PORT))
    elsewhere["metadata"]["namespace"] = "apart"
    pod = builders.bare_pod()
    pod["metadata"]["namespace"] = "apart"
    here = filled_in(server(**PORT), Settings())
    managed = {"metadata": {"name": "apart", "labels": {"mcp-admission.dev/managed": "true"}}}
    cluster = Cluster(namespaces=[managed], deployments=[here, elsewhere], pods=[pod])
    cluster.arguments += kept
    found, skipped = audited(cluster)

    assert {each.namespace for each in found} == ({"team"} if kept else {"team", "apart"})
    for path in ("/namespaces/apart/", "/mcpserverexceptions"):
        assert any(path in each for each, _ in cluster.asked) is not bool(kept)
    assert skipped == []


@pytest.mark.parametrize(
    ("failures", "registered"), [([], True), ([NotFound(404, "", "")], False), ([FORBIDDEN], None)]
)
def test_whether_it_is_registered_is_said(
    failures: list[ApiError], *, registered: bool | None
) -> None:
    cluster = Cluster()
    cluster.failures = {"mutatingwebhookconfigurations": failures}
    api: Any = cluster
    audit = Audit(api, judged(), PLACES, ClusterPages(api, None))
    asyncio.run(audit.run())

    assert (audit.registered, audit.skipped) == (registered, [])


@pytest.mark.parametrize("namespace", [None, "team"])
@pytest.mark.parametrize(
    "resource", ["namespaces", "networkpolicies", "deployments", "pods", "cronjobs"]
)
def test_what_may_not_be_read_is_said(resource: str, namespace: str | None) -> None:
    cluster = Cluster(deployments=[stored(server(**PORT))])
    cluster.failures = {resource: [FORBIDDEN] * 5}
    found, skipped = audited(cluster, namespace=namespace)

    assert skipped == [resource]
    assert bool(found) is (resource != "deployments")


def test_an_api_server_that_does_not_answer_is_an_error_and_no_empty_report() -> None:
    cluster = Cluster()
    cluster.failures = {"deployments": [Unreachable("no answer")]}

    with pytest.raises(Unreachable):
        audited(cluster)


@pytest.mark.parametrize("namespace", ["kube-system", RELEASE, "left-alone"])
def test_a_label_in_a_namespace_that_is_left_alone_is_a_finding(namespace: str) -> None:
    objects: list[Json] = [stored(server(), namespace=namespace)]
    found, _ = audited(Cluster(deployments=objects), settings(excludedNamespaces=["left-alone"]))

    assert [each.findings[0].reason for each in found] == ["not-reviewed"]


def asked(mode: str, **changes: Any) -> JudgedMode:
    return JudgedMode(SettingsByNamespace(settings(mode="observe", **changes)), mode)


def unprotected() -> Cluster:
    """A server that was never filled in, one that is refused, and no policy."""
    stateful = {**builders.server("db", hostPID=True), "kind": "StatefulSet"}
    stateful["spec"]["template"]["metadata"]["labels"] = {"mcp-admission.dev/server": "true"}
    return Cluster(
        deployments=[stored(server(**PORT))],
        statefulsets=[stored(stateful)],
        pods=[stored(builders.bare_pod("bare", hostPID=True))],
    )


def test_a_server_in_an_observed_namespace_lacks_nothing() -> None:
    cluster, mode = unprotected(), asked("")
    found, _ = audited(cluster, mode=mode)

    assert {each.findings for each in found} == {()}
    assert {each.name: each.would for each in found} == {
        "bare": "would-refuse",
        "crm": "would-change",
        "db": "would-refuse",
    }
    assert not any("networkpolicies" in path for path, _ in cluster.asked)


def test_asked_about_enforce_an_observed_namespace_is_told_field_by_field() -> None:
    found, _ = audited(unprotected(), mode=asked("enforce"))

    assert {(each.name, each.state, each.would) for each in found} == {
        ("bare", "refused", "would-refuse"),
        ("crm", "out-of-date", "would-change"),
        ("db", "refused", "would-refuse"),
    }
    reasons = {finding.reason for each in found for finding in each.findings}
    assert reasons == {"out-of-date", "refused"}
    assert all("would be" in finding.message for each in found for finding in each.findings)


def test_asked_about_warn_authors_are_told_at_most_three_lines() -> None:
    found, _ = audited(unprotected(), mode=asked("warn"))

    for each in found:
        assert {finding.reason for finding in each.findings} == {"would-warn"}
        assert 1 <= len(each.findings) <= 3
        assert each.state == "current"


@pytest.mark.parametrize("by", [{}, {"fillIn": "pods"}], ids=["templates", "pods"])
def test_nobody_is_warned_of_replicas_that_run_already(by: Json) -> None:
    lines = {}
    for replicas in (1, 2):
        cluster = Cluster(deployments=[stored(builders.server("crm", replicas=replicas))])
        (found,), _ = audited(cluster, mode=asked("warn", **by))
        lines[replicas] = [finding.message for finding in found.findings]

    assert lines[2] == lines[1]


def test_below_enforce_a_missing_configuration_means_that_nothing_is_recorded() -> None:
    cluster = Cluster(deployments=[stored(server(**PORT))])
    cluster.failures = {"validatingwebhookconfigurations": [NotFound(404, "NotFound", "gone")]}
    (found,), _ = audited(cluster, mode=asked(""))

    (finding,) = found.findings
    assert finding.reason == "not-registered"
    assert "so that what enforce would do is not recorded" in finding.message


def test_the_modes_of_namespaces_with_servers_are_known() -> None:
    api: Any = unprotected()
    audit = Audit(api, asked(""), PLACES, ClusterPages(api, None))
    asyncio.run(audit.run())

    assert audit.modes() == {"team": "observe"}


BY_PODS = settings(fillIn="pods")


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        pytest.param(stored(builders.bare_pod("crm-1")), "unprotected", id="older"),
        pytest.param(filled_in(builders.bare_pod("crm-1"), BY_PODS), "current", id="current"),
        pytest.param(
            filled_in(builders.bare_pod("crm-1"), settings(**memory("1Gi"))),
            "out-of-date",
            id="out-of-date",
        ),
        pytest.param(stored(builders.bare_pod("crm-1", hostPID=True)), "refused", id="refused"),
    ],
)
def test_where_pods_are_filled_in_they_say_what_their_deployment_is(
    pod: Json, expected: str
) -> None:
    pod["metadata"]["ownerReferences"] = [{**OWNER, "kind": "ReplicaSet", "name": "crm-7d4f"}]
    pod["metadata"]["labels"]["pod-template-hash"] = "7d4f"
    deployment = stored(of_deployment())
    cluster = Cluster(deployments=[deployment], pods=[pod], networkpolicies=[policy()])
    (found,), _ = audited(cluster, BY_PODS)

    assert (found.kind, found.name, found.state) == ("Deployment", "crm", expected)


def test_what_template_and_pod_are_refused_for_is_said_once() -> None:
    deployment = stored(of_deployment(hostPID=True))
    pod = of_replica_set("crm-7d4f", "7d4f")
    cluster = Cluster(deployments=[deployment], pods=[pod], networkpolicies=[policy()])
    (found,), _ = audited(cluster, BY_PODS)

    assert len([each for each in found.findings if each.state == "refused"]) == 1


def excepted(failures: list[ApiError] | None = None) -> Audit:
    """An audit of a server that an exception lets off a rule, and of one more exception."""
    granted = ServerException(
        "old", "team", "crm", frozenset({"host-namespaces"}), (), "why", 2_000_000_000.0
    )
    by_namespace = SettingsByNamespace(Settings(), {"team": Overlay(exceptions=(granted,))})
    spec = {
        "workload": {"namespace": "team", "name": "crm"},
        "rules": ["host-namespaces"],
        "reason": "why",
        "expires": "2026-02-01T00:00:00Z",
    }
    made = {"name": "ended", "creationTimestamp": "2026-01-01T00:00:00Z"}
    cluster: Any = Cluster(
        deployments=[stored(server(hostPID=True))],
        mcpserverexceptions=[{"metadata": made, "spec": spec}],
    )
    cluster.failures = {"mcpserverexceptions": failures or []}
    audit = Audit(cluster, JudgedMode(by_namespace), PLACES, ClusterPages(cluster, None))
    asyncio.run(audit.run())
    return audit


def test_exceptions_are_told_with_what_became_of_them() -> None:
    audit = excepted()

    found = {each.name: each.state for each in audit.exceptions(1_900_000_000.0)}
    assert found == {"ended": "ended", "old": "in-force"}
    assert audit.exceptions_unread == ""


def test_exceptions_that_may_not_be_read_are_no_missing_part_of_the_audit() -> None:
    audit = excepted([FORBIDDEN])

    assert [each.name for each in audit.exceptions(1_900_000_000.0)] == ["old"]
    assert (audit.exceptions_unread, audit.skipped) == ("may not be listed", [])


def down(**metadata: Any) -> Json:
    """A Deployment whose pods the API server refuses, which its controller quotes."""
    found = filled_in(server(**PORT), Settings())
    found["metadata"] |= metadata
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: few"}
    return {**found, "status": {"observedGeneration": 1, "conditions": [failure]}}


def test_a_server_that_does_not_run_is_told_with_what_kubernetes_says() -> None:
    (found,), _ = audited(Cluster(deployments=[down()], networkpolicies=[policy()]))

    assert found.state == "not-running"
    (finding,) = found.findings
    assert (finding.reason, finding.final) == ("quota-exceeded", True)
    assert finding.line == (
        "exceeded quota: few (quota-exceeded, Deployment status.conditions[ReplicaFailure])"
    )


@pytest.mark.parametrize(("mode", "expected"), [("", "not-running"), ("enforce", "current")])
def test_what_does_not_run_is_told_below_enforce_and_not_as_what_enforce_would_do(
    mode: str, expected: str
) -> None:
    (found,), _ = audited(Cluster(deployments=[down()]), mode=asked(mode))

    assert found.state == expected


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (judged(), "pods will be refused: hostPID must be false"),
        (asked("enforce"), "pods would be refused: hostPID must be false"),
    ],
    ids=["enforce", "enforce-is-asked-about"],
)
def test_pods_of_a_refused_template_are_not_told_for_the_same_again(
    mode: JudgedMode, said: str
) -> None:
    cluster = unprotected()
    pods = [owned("StatefulSet", "db", at, hostPID=True, hostIPC=bool(at)) for at in range(2)]
    cluster.objects["pods"] = pods
    found, _ = audited(cluster, mode=mode)

    (database,) = (each for each in found if each.name == "db")
    refused = [each.message for each in database.findings if each.state == "refused"]
    assert refused[0] == said
    assert [each.rpartition("refused: ")[2] for each in refused[1:]] == ["hostIPC must be false"]


def test_below_enforce_nothing_is_made_and_nothing_of_that_is_missing() -> None:
    cluster = Cluster(deployments=[filled_in(server(), Settings())])

    (found,), _ = audited(cluster, mode=asked(""))
    assert found.state == "current"
    (found,), _ = audited(cluster)
    assert "port-unknown" in {each.reason for each in found.findings}


@pytest.mark.parametrize("kind", ["statefulsets", "cronjobs"])
def test_other_workloads_lack_parts_too(kind: str) -> None:
    env_from = [{"secretRef": {"name": "mine"}}]
    container = builders.container(envFrom=env_from)
    of_kind = {"statefulsets": "StatefulSet", "cronjobs": "CronJob"}[kind]
    given = {kind: [stored(builders.of_kind(of_kind, "db", containers=[container]))]}
    (found,), _ = audited(Cluster(**given))

    assert [each.reason for each in found.findings] == ["secret-missing"]


def test_a_rollout_that_is_stuck_is_told_once() -> None:
    found = filled_in(server(**PORT), Settings())
    stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    counts = {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}
    found["status"] = {"observedGeneration": 1, "conditions": [stuck], **counts}

    (told,), _ = audited(Cluster(deployments=[found], networkpolicies=[policy()]))
    assert [each.reason for each in told.findings] == ["not-rolled"]


def test_what_only_administrators_may_read_is_not_known() -> None:
    container = {**PORT["container"], "envFrom": [{"secretRef": {"name": "mine"}}]}
    cluster: Any = Cluster(deployments=[filled_in(server(container=container), Settings())])
    cluster.failures = {"secrets": [FORBIDDEN]}
    audit = Audit(cluster, judged(), PLACES, ClusterPages(cluster, None))
    asyncio.run(audit.run())

    assert ([each.what for each in audit.unknown], audit.skipped) == (["secrets"], [])


SERVERS = 400
MOST_KEPT = 12_000


def test_little_is_kept_of_a_server_that_is_up_to_date() -> None:
    """Ten thousand must not need much: what is measured is what one more server costs."""
    text = json.dumps(filled_in(server(**PORT), Settings()))

    def many(count: int) -> Iterator[Json]:
        for number in range(count):
            found = json.loads(text.replace('"crm"', f'"crm-{number}"'))
            found["metadata"]["managedFields"] = [{"manager": "x" * 10_000}]
            yield found

    def kept(count: int) -> int:
        cluster = Cluster(deployments=lambda: many(count), networkpolicies=[policy()])
        tracemalloc.start()
        found, _ = audited(cluster)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found) == count
        assert all(each.state == "current" for each in found)
        return peak

    few = kept(20)
    assert (kept(SERVERS) - few) / (SERVERS - 20) < MOST_KEPT
