"""What a Deployment is depends on its namespace, and is judged anew when that changes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.controller.reconcile.live import settings, stored
from tests.e2e import manifests
from webhook.controller.queue import Queue
from webhook.controller.reconcile.namespace import Namespaces
from webhook.controller.reconcile.notes import Notes
from webhook.controller.reconcile.view import Key, View
from webhook.controller.reconcile.write import Writer
from webhook.rules import names
from webhook.settings.model import Settings

Json = dict[str, Any]
TEAM = {"team": "tools"}
NUMBERS = itertools.count(100)


class Team:
    """A namespace with Deployments, that has its policy and its labels already."""

    def __init__(self, *deployments: Json, under: Settings | None = None) -> None:
        queue: Queue[Key] = Queue(lambda *_: None)
        self.deployments = deployments
        self.view = View(under or Settings(), "release", (), queue)
        api: Any = self
        writer, notes = Writer(api, self.view.made), Notes(api, "test")
        self.namespaces = Namespaces(api, self.view, writer, notes)

    async def list_each(self, _: str, take: Callable[[Json], None]) -> str:
        for each in self.deployments:
            take(each)
        return "1"

    async def apply(self, _: str, body: Json) -> Json:
        return self.namespace(**body["metadata"]["labels"])

    async def create(self, _: str, body: Json) -> Json:
        version = str(next(NUMBERS))
        ours = [{"manager": "mcp-admission", "operation": "Update"}]
        metadata = {**body["metadata"], "uid": "made", "resourceVersion": version}
        metadata["managedFields"] = ours
        self.made = {**body, "metadata": metadata}
        return self.made

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
        asyncio.run(self.namespaces.reconcile(Key("namespace", "team")))
        return {name: kept.covered for name, kept in self.view.deployments.within("team")}


def deployment(name: str, labels: Json, of_template: Json | None = None) -> Json:
    found = stored(manifests.server(name))
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
