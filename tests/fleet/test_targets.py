"""The Deployments that `apply` restarts: named servers, or all that are not current."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import Json, filled_in, memory, server, settings, stored
from tests.kube.virtual_time import run
from webhook.fleet.targets import NotEnforced, NotServers, Target, Targets
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

RELEASE = "mcp-admission-system"
MANAGED = {"mcp-admission.dev/managed": "true"}
FORBIDDEN = Forbidden(403, "Forbidden", "may not be read")
MORE = settings(**memory("800Mi"))


class Cluster:
    """Deployments of the namespace `team`, which carries these labels or may not be read."""

    def __init__(self, *deployments: Json, labels: Json | ApiError, pods: Sequence[Json] = ()):
        self.deployments = {each["metadata"]["name"]: each for each in deployments}
        self.labels, self.pods = labels, pods
        self.asked: list[tuple[str, str]] = []

    async def get(self, path: str) -> Json:
        name = path.rpartition("/")[2]
        if path.endswith("/namespaces/team"):
            if isinstance(self.labels, ApiError):
                raise self.labels
            return {"metadata": {"name": "team", "labels": self.labels}}
        if name not in self.deployments:
            raise NotFound(404, "NotFound", f"there is no {name}")
        return self.deployments[name]

    async def list_each(
        self, path: str, take: Callable[[Json], Any], *, label_selector: str = ""
    ) -> None:
        if path.endswith("/pods"):
            self.asked.append((path, label_selector))
            for each in self.pods:
                take(each)
            return
        if path == "/api/v1/namespaces":
            take(await self.get("/api/v1/namespaces/team"))
            return
        for each in self.deployments.values():
            take(each)


def targets(*found: Json, labels: Json | ApiError, under: Settings | None = None) -> Targets:
    cluster: Any = Cluster(*found, labels=labels)
    return Targets(cluster, SettingsByNamespace(under or MORE), RELEASE)


LABELLED = filled_in(server(), Settings())
PLAIN = stored(builders.server("plain", labels={}))


def test_named_servers_are_targets_once_each() -> None:
    chosen = run(targets(LABELLED, labels={}).named("team", ["crm", "crm"]))

    assert chosen == [Target("team", "crm")]
    assert str(chosen[0]) == "Deployment team/crm"


def test_one_name_that_is_no_server_stops_all() -> None:
    with pytest.raises(NotServers) as raised:
        run(targets(LABELLED, PLAIN, labels={}).named("team", ["crm", "plain", "gone"]))

    assert str(raised.value) == (
        "Deployment team/plain is no MCP server; Deployment team/gone does not exist: "
        "nothing was touched"
    )


@pytest.mark.parametrize(
    ("labels", "names"),
    [(MANAGED, ["crm", "plain"]), ({}, ["crm"]), (FORBIDDEN, ["crm"])],
    ids=["managed", "plain", "may-not-be-read"],
)
def test_outdated_servers_of_a_namespace(labels: Any, names: list[str]) -> None:
    chosen, current, _ = run(targets(LABELLED, PLAIN, labels=labels).outdated("team"))

    assert ([each.name for each in chosen], current) == (names, 0)


@pytest.mark.parametrize("namespace", ["team", None])
def test_current_servers_are_counted_and_deleted_ones_are_not(namespace: str | None) -> None:
    deleted = stored(builders.server("deleted"), deletionTimestamp="2026-03-01T12:00:00Z")
    found = targets(LABELLED, deleted, labels={}, under=Settings())

    assert run(found.outdated(namespace)) == ([], 1, {})


def test_no_server_of_an_excluded_namespace_is_a_target() -> None:
    excluded = settings(excludedNamespaces=["team"], **memory("800Mi"))

    assert run(targets(LABELLED, labels=MANAGED, under=excluded).outdated("team")) == ([], 0, {})


def below_enforce() -> Targets:
    cluster: Any = Cluster(LABELLED, labels={})
    observing = settings(**memory("800Mi"), mode="observe")
    return Targets(cluster, SettingsByNamespace(observing), RELEASE)


def test_servers_below_enforce_are_no_targets_and_are_counted() -> None:
    assert run(below_enforce().outdated(None)) == ([], 0, {"team": 1})


def test_a_namespace_below_enforce_that_is_named_is_refused() -> None:
    for asked in (below_enforce().outdated("team"), below_enforce().named("team", ["crm"])):
        with pytest.raises(NotEnforced, match="the namespace team has the mode observe, in which"):
            run(asked)


BY_PODS = settings(fillIn="pods")
WRITTEN = stored(builders.of_kind("Deployment", "crm"))
NOW = filled_in(builders.bare_pod("new"), BY_PODS)
OLD = stored(builders.bare_pod("old"))
REFUSED = stored(builders.bare_pod("refused", hostPID=True))


def of_crm(pod: Json, **more: Any) -> Json:
    """A pod of the Deployment `crm`."""
    owners = [{"controller": True, "kind": "ReplicaSet", "name": "crm-7d4f"}]
    labels = {**pod["metadata"]["labels"], "pod-template-hash": "7d4f"}
    return {
        **pod,
        "metadata": {**pod["metadata"], "ownerReferences": owners, "labels": labels, **more},
    }


def filling_pods(*pods: Json, deployment: Json = WRITTEN) -> tuple[Targets, Cluster]:
    cluster: Any = Cluster(deployment, labels={}, pods=pods)
    return Targets(cluster, SettingsByNamespace(BY_PODS), RELEASE), cluster


@pytest.mark.parametrize(
    ("pods", "state"),
    [
        ([], "current"),
        ([of_crm(NOW)], "current"),
        ([of_crm(NOW), of_crm(OLD)], "unprotected"),
        ([of_crm(OLD), of_crm(NOW)], "unprotected"),
        ([of_crm(OLD), of_crm(REFUSED)], "refused"),
        ([of_crm(OLD, deletionTimestamp="2026-03-01T12:00:00Z")], "current"),
        ([{**of_crm(OLD), "status": {"phase": "Failed"}}], "current"),
        ([of_crm(OLD, labels={"pod-template-hash": "7d4f"})], "current"),
        ([OLD], "current"),
    ],
)
def test_where_pods_are_filled_in_they_are_judged(pods: list[Json], state: str) -> None:
    found, cluster = filling_pods(*pods)
    by_list = run(found.outdated("team"))
    by_name = run(found.drift(WRITTEN))

    assert (len(by_list.targets), by_list.current) == ((0, 1) if state == "current" else (1, 0))
    assert by_name.state == state
    assert bool(by_name.reasons) is (state == "refused")
    path = "/api/v1/namespaces/team/pods"
    assert cluster.asked == [(path, ""), (path, "app=crm")]


def test_the_pods_of_all_namespaces_are_read_once_and_only_where_they_are_filled_in() -> None:
    found, cluster = filling_pods(of_crm(OLD))
    assert run(found.outdated(None)).targets == [Target("team", "crm")]
    assert cluster.asked == [("/api/v1/pods", "")]

    wrong = stored(builders.of_kind("Deployment", "crm", hostPID=True))
    found, cluster = filling_pods(deployment=wrong)
    assert run(found.outdated(None)).targets == [Target("team", "crm")]
    assert run(found.drift(wrong)).state == "refused"
    assert cluster.asked == []
