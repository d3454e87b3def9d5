"""What changes while a server is written is seen to afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tests.controller.virtual_time import run
from webhook.controller.errors import AlreadyExists
from webhook.controller.queue import Queue
from webhook.controller.reconcile.notes import Notes
from webhook.controller.reconcile.server import Servers
from webhook.controller.reconcile.view import Key, View
from webhook.controller.reconcile.write import Writer
from webhook.settings.model import Settings

Json = dict[str, Any]
KEY = Key("server", "team", "crm")
NUMBERS = itertools.count(100)


def stored(body: Json, uid: str) -> Json:
    metadata = {**body["metadata"], "uid": uid, "resourceVersion": str(next(NUMBERS))}
    return {**body, "metadata": metadata}


class Remembering:
    """Stores what is created; `meanwhile` happens while a Service is."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.there: dict[str, Json] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    async def get(self, _: str) -> Json:
        return stored({"metadata": {"name": "source"}, "data": {"KEY": "dmFsdWU="}}, "source")

    async def create(self, path: str, body: Json) -> Json:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.there:
            raise AlreadyExists(409, "AlreadyExists", place)
        if body["kind"] == "Service":
            self.meanwhile()
        self.created.append(body["kind"])
        self.there[place] = stored(body, f"uid-{next(NUMBERS)}")
        return self.there[place]

    async def patch(self, _path: str, body: Json, *, kind: str) -> Json:
        assert kind == "merge"
        return deployment(body["spec"]["template"]["metadata"]["annotations"])


def deployment(annotations: Json) -> Json:
    labels = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "crm"}
    template = {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "mcp", "ports": [{"containerPort": 80}]}]},
    }
    metadata = {
        "name": "crm",
        "namespace": "team",
        "generation": 1,
        "labels": labels,
        "annotations": {"mcp-admission.dev/config-from": "source"},
    }
    return stored({"metadata": metadata, "spec": {"template": template}}, "crm-uid")


def test_an_object_that_goes_while_another_is_written_is_made_again() -> None:
    async def main() -> list[str]:
        queue: Queue[Key] = Queue(lambda *_: None)
        view = View(Settings(), "release", (), queue)
        view.namespaces.put(stored({"metadata": {"name": "team"}}, "team-uid"))
        view.deployments.put(deployment({}))
        api: Any = Remembering()
        servers = Servers(api, view, Writer(api, view.made), Notes(api, "test"))
        await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        assert sorted(api.created) == ["Secret", "Service"]

        api.created.clear()
        path = "/api/v1/namespaces/team/services/crm"
        secret = "/api/v1/namespaces/team/secrets/crm-mcp-config"

        def secret_goes() -> None:
            del api.there[secret]
            view.made["Secret"].drop("team", "crm-mcp-config")

        del api.there[path]
        view.made["Service"].drop("team", "crm")
        api.meanwhile = secret_goes
        await servers.reconcile(KEY)
        api.meanwhile = lambda: None
        await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        found: list[str] = api.created
        return found

    assert sorted(run(main())) == ["Secret", "Service"]
