"""One server with a configuration, and an API that remembers what was written."""

import itertools
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from webhook import names
from webhook.controller.cluster_state import ClusterState, Queues
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.owned.writer import Writer
from webhook.controller.servers.server_reconciler import ServerReconciler
from webhook.kube.errors import AlreadyExists, ApiError, NotFound
from webhook.kube.work_queue import NamespacedName, Queue
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
KEY = NamespacedName("team", "crm")
NUMBERS = itertools.count(100)


def stored(body: Json, uid: str) -> Json:
    """As the API server has it, which we have written."""
    ours = {"manager": "mcp-admission", "operation": "Update", "fieldsV1": {"f:metadata": {}}}
    metadata = {
        "managedFields": [ours],
        "creationTimestamp": "2026-01-01T00:00:00Z",
        **body["metadata"],
        "uid": uid,
        "resourceVersion": str(next(NUMBERS)),
    }
    return {**body, "metadata": metadata}


class Remembering:
    """Stores what is created; `meanwhile` happens while a Service is."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.revisions: list[str] = []
        self.causes: list[str | None] = []
        self.annotations: Json = {}
        self.of_template: Json = {}
        self.value = "value"
        self.reads = 0
        self.generation = 1
        self.status: Json = {}
        self.there: dict[str, Json] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.now = datetime(2026, 1, 2, tzinfo=UTC)
        self.events: list[tuple[str, str]] = []
        self.writes: list[Json] = []
        self.refuses: list[ApiError] = []

    def server_time(self) -> datetime:
        return self.now

    async def get(self, path: str) -> Json:
        if path in self.there:
            return self.there[path]
        if "mcp" in path:
            raise NotFound(404, "NotFound", path)
        self.reads += 1
        data = {"KEY": b64encode(self.value.encode()).decode()}
        return stored({"metadata": {"name": "source"}, "data": data}, "source")

    async def create(self, path: str, body: Json) -> Json:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.there:
            raise AlreadyExists(409, "AlreadyExists", place)
        if body["kind"] == "Service":
            self.meanwhile()
        if body["kind"] == "Event":
            # How this Deployment stands is no matter of its objects.
            if body["reason"] != "OutOfDate":
                self.events.append((body["reason"], body["note"]))
        else:
            self.created.append(body["kind"])
        self.there[place] = stored(body, f"uid-{next(NUMBERS)}")
        return self.there[place]

    async def patch(self, path: str, body: Json, *, kind: str) -> Json:
        assert kind == "merge"
        if names.CHANGE_CAUSE in (said := body["metadata"].get("annotations", {})):
            self.causes.append(said[names.CHANGE_CAUSE])
            self.annotations = {**self.annotations, **said}
        if path in self.there:
            return self._written(path, body)
        if "spec" in body:
            self.of_template = body["spec"]["template"]["metadata"]["annotations"]
            self.revisions.append(self.of_template[names.REVISION])
        return self.deployment()

    def deployment(self) -> Json:
        """The Deployment with what was written of it; a test counts its generations."""
        found = deployment(self.of_template, self.generation, **self.status)
        said = {key: value for key, value in self.annotations.items() if value is not None}
        found["metadata"]["annotations"] |= said
        return found

    async def apply(self, path: str, body: Json) -> Json:
        return self._written(path, body)

    async def delete(self, path: str, *, uid: str, resource_version: str) -> None:
        seen = self.there[path]["metadata"]
        assert (uid, resource_version) == (seen["uid"], seen["resourceVersion"])
        del self.there[path]

    def _written(self, path: str, body: Json) -> Json:
        self.writes.append(body)
        if self.refuses:
            raise self.refuses.pop(0)
        before = self.there[path]
        metadata = {**before["metadata"], **body["metadata"]}
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            del self.there[path]
            return {**before, "metadata": metadata}
        self.there[path] = stored({**before, **body, "metadata": metadata}, metadata["uid"])
        return self.there[path]


def deployment(
    annotations: Json, generation: int = 1, *, touched: bool = True, **status: Any
) -> Json:
    """The Deployment; `touched`: the webhook has filled in its template."""
    if touched:
        annotations = {names.INJECTED: "{}", **annotations}
    labels = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "crm"}
    template = {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "mcp", "ports": [{"containerPort": 80}]}]},
    }
    metadata = {
        "name": "crm",
        "namespace": "team",
        "generation": generation,
        "labels": labels,
        "annotations": {"mcp-admission.dev/config-from": "source"},
    }
    found = {"metadata": metadata, "spec": {"template": template}, "status": status}
    return stored(found, "crm-uid")


def servers_of(api: Any) -> tuple[ServerReconciler, ClusterState]:
    """The reconciler of servers with the Deployment in its caches, and these."""
    queues = Queues(*(Queue() for _ in Queues._fields))
    view = ClusterState(SettingsByNamespace(Settings()), "release", (), queues)
    view.namespaces.put(stored({"metadata": {"name": "team"}}, "team-uid"))
    view.deployments.put(deployment({}))
    return ServerReconciler(
        api, view, Writer(api, view.made), EventRecorder(api, "test", Queue())
    ), view
