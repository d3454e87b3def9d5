"""What a Deployment is depends on its namespace, and is judged anew when that changes."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import settings, stored
from tests.kube.virtual_time import run
from webhook import names
from webhook.admission import Scope, drift
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.namespaces.namespace_reconciler import NamespaceReconciler, PolicyInForce
from webhook.controller.owned.writer import Writer
from webhook.kube.work_queue import Queue
from webhook.objects import made
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
TEAM = {"team": "tools"}
NUMBERS = itertools.count(100)


class Team:
    """A namespace with Deployments, that has its policy and its labels already."""

    def __init__(self, *deployments: Json, under: Settings | None = None) -> None:
        queues = Queues(*(Queue() for _ in Queues._fields))
        self.deployments = deployments
        self.told: list[str] = []
        self.labels: list[Json] = []
        self.judged: list[bool] = []
        self.kept: dict[str, str] = {}
        self.by_hand: set[str] = set()
        self.view = ClusterState(SettingsByNamespace(under or Settings()), "release", (), queues)
        self.view.begin()
        api: Any = self
        writer, notes = Writer(api, self.view.made), EventRecorder(api, "test", Queue())
        self.levels: list[str] = []
        self.namespaces = NamespaceReconciler(api, self.view, writer, notes, self.levels.append)

    async def list_each(
        self, _: str, take: Callable[[Json], None], *, between: Callable[[], Awaitable[None]]
    ) -> str:
        for each in self.deployments:
            take(each)
            await between()
            self.judged.append(each["metadata"]["name"] in _judged(self.view))
        return "1"

    async def apply(self, _: str, body: Json) -> Json:
        if body["kind"] == "Namespace":
            self.labels.append(body["metadata"]["labels"])
            return applied(self.namespace(**self.kept), body, self.by_hand)
        return await self.create("", body)

    async def create(self, _: str, body: Json) -> Json:
        if body["kind"] == "Event":
            self.told.append(body["reason"])
            return body
        version = str(next(NUMBERS))
        ours = [{"manager": "mcp-admission", "operation": "Update"}]
        metadata = {**body["metadata"], "uid": "made", "resourceVersion": version}
        metadata["managedFields"] = ours
        self.made = {**body, "metadata": metadata}
        return self.made

    async def patch(self, _: str, body: Json, *, kind: str) -> Json:
        assert kind == "merge"
        self.labels.append(body["metadata"]["labels"])
        return self.namespace()

    async def get(self, _: str) -> Json:
        return self.made

    async def delete(self, *_: object, **__: object) -> None:
        """It is gone."""

    def namespace(self, **labels: str) -> Json:
        version = str(next(NUMBERS))
        return {
            "metadata": {"name": "team", "uid": "t", "resourceVersion": version, "labels": labels}
        }

    def covered(self, **labels: str) -> dict[str, bool]:
        """Which are servers, once the namespace carries these labels."""
        self.view.namespaces.put(self.namespace(**labels))
        asyncio.run(self.namespaces.reconcile("team"))
        return {name: kept.covered for name, kept in self.view.deployments.within("team")}


def applied(found: Json, body: Json, by_hand: set[str]) -> Json:
    """The namespace once we have applied this; without labels, nothing is ours any more."""
    metadata, labels = found["metadata"], body["metadata"]["labels"]
    metadata["labels"] = {**metadata["labels"], **labels}
    metadata["annotations"] = body["metadata"].get("annotations", {})
    ours = entry("mcp-admission", "Apply", labels)
    theirs = entry("kubectl-label", "Update", by_hand - labels.keys())
    metadata["managedFields"] = ours + theirs
    return found


def entry(manager: str, operation: str, labels: Iterable[str]) -> list[Json]:
    """The managedFields of somebody who wrote these labels."""
    named: Json = {f"f:{key}": {} for key in labels}
    fields = {"f:metadata": {"f:labels": named}}
    return [{"manager": manager, "operation": operation, "fieldsV1": fields}] if named else []


def deployment(name: str, labels: Json, of_template: Json | None = None) -> Json:
    found = stored(builders.server(name))
    found["metadata"]["labels"] = labels
    found["spec"]["template"]["metadata"]["labels"] = {"app": name, **(of_template or {})}
    return found


def test_deployments_are_servers_while_their_namespace_is_managed() -> None:
    team = Team(deployment("plain", {}), deployment("out", {names.SERVER: "false"}))
    managed = {names.MANAGED: "true"}

    assert team.covered() == {}
    assert team.covered(**managed) == {"plain": True, "out": True}
    assert team.covered() == {"out": False}
    assert team.covered(**managed) == {"plain": True, "out": True}


@pytest.mark.parametrize("of_template", [{}, TEAM, {names.SERVER: "true"}])
def test_one_that_opted_out_is_no_server_whatever_a_selector_says(of_template: Json) -> None:
    given = settings(selectors=[TEAM])
    found = deployment("out", {**TEAM, names.SERVER: "false"}, of_template)
    team = Team(found, under=given)
    team.view.namespaces.put(team.namespace())
    team.view.deployments.put(found)

    assert team.covered() == {"out": False}


def test_a_policy_that_somebody_edits_again_and_again_is_put_back_a_little_later() -> None:
    async def main() -> None:
        team = Team()
        team.view.namespaces.put(team.namespace())
        team.view.deployments.put(deployment("plain", {names.SERVER: "true"}))
        key = "team"
        await team.namespaces.reconcile(key)
        wanted = team.made["spec"]
        them = {"manager": "them", "operation": "Apply", "fieldsV1": {"f:spec": {}}}

        def edited() -> None:
            managers = [*team.made["metadata"]["managedFields"][:1], them]
            metadata = {**team.made["metadata"], "managedFields": managers}
            metadata["resourceVersion"] = str(next(NUMBERS))
            team.made = {**team.made, "metadata": metadata, "spec": {"podSelector": {}}}
            team.view.made["NetworkPolicy"].put(team.made)

        edited()
        assert await team.namespaces.reconcile(key) is None
        assert team.made["spec"] == wanted
        edited()
        wait = await team.namespaces.reconcile(key)
        assert wait == pytest.approx(2.0)
        assert team.made["spec"] != wanted
        await asyncio.sleep(2.0)
        assert await team.namespaces.reconcile(key) is None
        assert team.made["spec"] == wanted
        assert team.told == ["NetworkPolicyPutBack"]

    run(main())


def test_labels_without_managed_fields_are_applied_again_and_go_with_the_management() -> None:
    async def main() -> None:
        team = Team()
        enforce = "pod-security.kubernetes.io/enforce"
        six = made.namespace_objects("team", Settings(), "release", Scope.MANAGED)[0]
        labels = {**six["metadata"]["labels"], names.MANAGED: "true"}
        team.view.namespaces.put(team.namespace(**labels))
        await team.namespaces.reconcile("team")
        assert team.labels == [six["metadata"]["labels"]]

        applied = team.namespace(**{enforce: "restricted"})
        fields: Json = {"f:metadata": {"f:labels": {f"f:{enforce}": {}}}}
        for manager in ("mcp-admission", "before-first-apply"):
            entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields}
            applied["metadata"].setdefault("managedFields", []).append(entry)
        team.kept = {enforce: "restricted"}
        team.view.namespaces.put(applied)
        await team.namespaces.reconcile("team")
        assert team.labels[1:] == [{}, {enforce: None}]

    run(main())


def test_before_every_list_is_complete_nothing_is_taken_away_and_policies_are_made() -> None:
    async def main() -> None:
        team = Team()
        team.view.begin(complete=False)
        team.view.namespaces.put(team.namespace())
        await team.create("", made.namespace_objects("team", Settings(), "r", Scope.OPTED_IN)[0])
        team.view.made["NetworkPolicy"].put(team.made)
        before = team.made

        async def delete(*_: object, **__: object) -> None:
            pytest.fail("its servers are not known yet")

        team.delete = delete  # type: ignore[method-assign]
        await team.namespaces.reconcile("team")
        assert team.made is before

        team.view.namespaces.put(team.namespace(**{names.MANAGED: "true"}))
        await team.namespaces.reconcile("team")
        assert team.labels

    run(main())


def test_an_unlabelled_policy_of_ours_goes_with_the_last_server() -> None:
    async def main() -> None:
        team = Team()
        team.view.namespaces.put(team.namespace())
        await team.create("", made.namespace_objects("team", Settings(), "r", Scope.OPTED_IN)[0])
        del team.made["metadata"]["labels"]
        team.view.foreign.caches["NetworkPolicy"].put(team.made)
        gone: list[object] = []

        async def delete(*path: object, **_: object) -> None:
            gone.extend(path)

        team.delete = delete  # type: ignore[method-assign]
        await team.namespaces.reconcile("team")
        assert len(gone) == 1

    run(main())


def test_deployments_of_a_namespace_that_becomes_managed_are_judged_as_they_come() -> None:
    """Each may have a megabyte, and is kept whole until it is judged."""
    team = Team(*(deployment(f"d{number}", {}) for number in range(3)))

    team.covered(**{names.MANAGED: "true"})

    assert team.judged == [True] * 3


def _judged(state: ClusterState) -> set[str]:
    """Those about which there is a verdict other than the one before any."""
    return {
        name
        for name, _ in state.deployments.within("team")
        if state.judge.verdict("team", name) != drift.CURRENT
    }


def test_another_pod_security_level_is_told_once() -> None:
    team = Team()
    enforced = "pod-security.kubernetes.io/enforce"
    tellings = []
    for labels in ({}, {}, {enforced: "baseline"}, {enforced: "baseline"}, {enforced: "none"}):
        team.covered(**labels)
        tellings.append(len(team.levels))

    assert tellings == [1, 1, 2, 2, 3]
    team.view.namespaces.delete(team.namespace())
    asyncio.run(team.namespaces.reconcile("team"))
    assert team.levels == ["team"] * 4


def test_nothing_is_kept_of_a_namespace_that_is_gone() -> None:
    """Some are made and deleted all day."""
    team = Team(deployment("plain", {names.SERVER: "true"}))
    team.covered(**{names.MANAGED: "true"})
    assert team.namespaces.blocked.keys() == {"team"}
    live: Any = None
    team.namespaces.in_force["team"] = PolicyInForce(live, Settings(), Scope.MANAGED, 0.0)

    team.view.namespaces.drop("", "team")
    asyncio.run(team.namespaces.reconcile("team"))

    kept = {name: found for name, found in vars(team.namespaces).items() if found == {}}
    assert kept.keys() == {"_levels", "_looked", "_stood", "blocked", "in_force"}
