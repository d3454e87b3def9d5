"""Pages of lists are handed over; what is busy is asked again, what is forbidden is said."""

import asyncio
from typing import Any

import pytest

from tests.fleet.listed_cluster import FORBIDDEN, GONE, Cluster, Json
from tests.kube.virtual_time import run
from webhook.fleet.cluster_pages import TRIES, ClusterPages
from webhook.kube.errors import ApiError, Gone, NotFound, TooManyRequests, Unreachable

OBJECTS: list[Json] = [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]
BUSY = TooManyRequests(429, "TooManyRequests", "later", 30.0)


def read(
    cluster: Cluster, resource: str, namespace: str | None = None, inside: str | None = None
) -> tuple[bool, list[str], list[str]]:
    """Whether it was read, the names that were handed over, and what was skipped."""
    api: Any = cluster
    pages, names = ClusterPages(api, namespace), list[str]()
    take = lambda each: names.append(each["metadata"]["name"])  # noqa: E731
    done = run(pages.each(resource, take, "a=b", inside))
    return done, names, [each.what for each in pages.skipped]


@pytest.mark.parametrize(
    ("resource", "namespace", "inside", "path"),
    [
        ("deployments.apps", None, None, "/apis/apps/v1/deployments"),
        ("deployments.apps", "team", None, "/apis/apps/v1/namespaces/team/deployments"),
        ("configmaps", None, "b", "/api/v1/namespaces/b/configmaps"),
        ("configmaps", "team", "b", "/api/v1/namespaces/b/configmaps"),
    ],
)
def test_objects_are_listed_where_they_are(
    resource: str, namespace: str | None, inside: str | None, path: str
) -> None:
    cluster = Cluster(deployments=OBJECTS, configmaps=OBJECTS)

    assert read(cluster, resource, namespace, inside) == (True, ["a", "b"], [])
    assert cluster.asked == [(path, "a=b")]


@pytest.mark.parametrize("failures", [[GONE], [BUSY], [BUSY, BUSY]], ids=str)
def test_a_list_that_expired_or_is_not_served_now_is_read_again(failures: list[ApiError]) -> None:
    cluster = Cluster(deployments=OBJECTS)
    cluster.failures = {"deployments": list(failures)}

    done, names, _ = read(cluster, "deployments.apps")

    assert (done, names[-2:]) == (True, ["a", "b"])


@pytest.mark.parametrize(
    ("error", "raised"),
    [(GONE, Gone), (BUSY, TooManyRequests), (Unreachable("no answer"), Unreachable)],
)
def test_an_api_server_that_never_answers_is_an_error(
    error: ApiError, raised: type[ApiError]
) -> None:
    cluster = Cluster(deployments=OBJECTS)
    cluster.failures = {"deployments": [error] * TRIES}

    with pytest.raises(raised):
        read(cluster, "deployments.apps")


@pytest.mark.parametrize("error", [FORBIDDEN, NotFound(404, "NotFound", "no such kind")])
def test_what_may_not_be_read_is_skipped(error: ApiError) -> None:
    cluster = Cluster(deployments=OBJECTS)
    cluster.failures = {"deployments": [error]}

    assert read(cluster, "deployments.apps") == (False, [], ["deployments"])


@pytest.mark.parametrize("namespace", [None, "team"])
def test_namespaces_are_all_or_the_one_that_was_named(namespace: str | None) -> None:
    api: Any = Cluster(namespaces=OBJECTS)
    found: list[str] = []

    asyncio.run(
        ClusterPages(api, namespace).namespaces(lambda each: found.append(each["metadata"]["name"]))
    )

    assert found == (["team"] if namespace else ["a", "b"])


def test_each_object_that_is_handed_over_is_counted() -> None:
    api: Any = Cluster(deployments=OBJECTS, pods=OBJECTS)
    seen: list[str] = []
    pages = ClusterPages(api, "team", seen.append)

    for resource in ("deployments.apps", "pods"):
        run(pages.each(resource, lambda _: None))

    assert seen == ["deployments", "deployments", "pods", "pods"]
