"""A search finds each workload without the label once, as the object that somebody writes."""

import asyncio
from typing import Any

import pytest

from tests.fleet.listed_cluster import FORBIDDEN, RELEASE, Cluster
from tests.fleet.unlabelled.manifests import ORDINARY, RESOURCES, SERVERS, Json
from webhook.fleet.unlabelled.lookalikes import LookalikeSearch, UnlabelledReport
from webhook.fleet.unlabelled.recognisers import CERTAIN, LIKELY
from webhook.kube.errors import NotFound
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

LABELLED = {"mcp-admission.dev/server": "true"}
CONTAINERS = [{"name": "main", "image": "mcp/github"}]


def cluster(*objects: Json) -> Cluster:
    by_resource: dict[str, list[Json]] = {}
    for each in objects:
        by_resource.setdefault(RESOURCES[each["kind"]].partition(".")[0], []).append(each)
    return Cluster(**by_resource)


def searched(found: Cluster, **given: Any) -> UnlabelledReport:
    api: Any = found
    settings, namespace = given.get("settings", Settings()), given.get("namespace")
    return asyncio.run(
        LookalikeSearch(api, SettingsByNamespace(settings), RELEASE, namespace).run()
    )


def titles(report: UnlabelledReport) -> list[str]:
    return [f"{each.key.kind} {each.key.namespace}/{each.key.name}" for each in report.found]


def pod(name: str = "bare", **metadata: Any) -> Json:
    return {
        "kind": "Pod",
        "metadata": {"namespace": "team", "name": name, "uid": name, **metadata},
        "spec": {"containers": CONTAINERS},
    }


def workload(kind: str = "Deployment", **more: Any) -> Json:
    template = {"metadata": more.pop("template", {}), "spec": {"containers": CONTAINERS}}
    found = pod("crm", **more)
    return {**found, "kind": kind, "spec": {"selector": {}, "template": template}}


def owned_by(kind: str, version: str = "apps/v1", **more: Any) -> list[Json]:
    return [{"apiVersion": version, "kind": kind, "name": "x", "controller": True, **more}]


def test_all_kinds_are_found_the_surest_first_and_nothing_else() -> None:
    report = searched(cluster(*ORDINARY.values(), *SERVERS.values()))
    confidences = [each.confidence for each in report.found]

    assert set(titles(report)) == SERVERS.keys()
    assert report.looked_at == len(SERVERS) + len(ORDINARY)
    assert confidences == sorted(confidences, reverse=True)
    assert {CERTAIN, LIKELY} == set(confidences)
    assert list(report.skipped) == []


@pytest.mark.parametrize(
    "found",
    [
        workload(labels=LABELLED),
        workload(labels={"mcp-admission.dev/server": "false"}),
        workload(template={"labels": LABELLED}),
        workload(deletionTimestamp="2026-01-01T00:00:00Z"),
        workload(namespace="kube-system"),
        workload(namespace=RELEASE),
        workload("Job", ownerReferences=owned_by("CronJob", "batch/v1")),
        pod(ownerReferences=owned_by("StatefulSet")),
        pod(ownerReferences=owned_by("Node", "v1")),
        {**pod(), "status": {"phase": "Succeeded"}},
        {**workload("Job"), "status": {"completionTime": "2026-01-01T00:00:00Z"}},
    ],
    ids=str,
)
def test_what_is_labelled_left_alone_over_or_made_by_another_is_none(found: Json) -> None:
    report = searched(cluster(found))

    assert (titles(report), report.looked_at) == ([], 0)


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (pod(ownerReferences=owned_by("Sandbox", "agents.x-k8s.io/v1alpha1")), "Pod team/bare"),
        (
            workload("ReplicaSet", ownerReferences=owned_by("Rollout", "argoproj.io/v1alpha1")),
            "ReplicaSet team/crm",
        ),
        (workload(ownerReferences=owned_by("CronJob", controller=False)), "Deployment team/crm"),
    ],
)
def test_what_others_than_kubernetes_make_is_found_itself(found: Json, title: str) -> None:
    assert titles(searched(cluster(found))) == [title]


def test_what_a_selector_or_a_namespace_makes_a_server_is_none() -> None:
    namespaces = [{"metadata": {"name": "team", "labels": {"mcp-admission.dev/managed": "true"}}}]
    chosen = cluster(workload(labels={"app": "crm"}, ownerReferences=owned_by("MCPServer", "a/v1")))
    managed = cluster(workload())
    managed.objects["namespaces"] = namespaces

    assert titles(searched(chosen, settings=Settings(selectors=[{"app": "crm"}]))) == []
    assert titles(searched(managed)) == []


def test_what_no_review_can_read_is_looked_at_by_its_words() -> None:
    odd = workload(template={"labels": {"app": 7}})

    assert titles(searched(cluster(odd))) == ["Deployment team/crm"]


def test_one_namespace_is_all_that_is_asked_for() -> None:
    asked = cluster()
    searched(asked, namespace="team")

    assert all("/namespaces/team/" in path for path, _ in asked.asked)


def test_what_may_not_be_read_is_said() -> None:
    blind = cluster(workload())
    blind.failures = {"pods": [FORBIDDEN], "namespaces": [FORBIDDEN]}
    report = searched(blind)

    assert [each.what for each in report.skipped] == ["namespaces", "pods"]
    assert titles(report) == ["Deployment team/crm"]


def test_a_namespace_that_does_not_exist_is_an_error() -> None:
    gone = cluster()
    gone.failures = {"namespaces": [NotFound(404, "NotFound", "no")]}

    with pytest.raises(NotFound, match="there is no namespace gone"):
        searched(gone, namespace="gone")
