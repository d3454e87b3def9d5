"""The ConfigMap and the status that the controller writes, as it knows them afterwards."""

from typing import Any

import pytest

from webhook.controller.settings.settings_store import SettingsStore
from webhook.kube.errors import AlreadyExists

Json = dict[str, Any]
MAP = "/api/v1/namespaces/system/configmaps"


class Cluster:
    """Stores the ConfigMap."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []
        self.body: Json = {}
        self.taken = False
        self.version = 1

    def stored(self, body: Json) -> Json:
        self.version += 1
        metadata = {"namespace": "system", **body["metadata"], "uid": "1"}
        self.body = {**body, "metadata": {**metadata, "resourceVersion": str(self.version)}}
        return self.body

    async def create(self, path: str, body: Json) -> Json:
        self.written.append(("create", path))
        if self.taken:
            raise AlreadyExists(409, "AlreadyExists", path)
        return self.stored(body)

    async def apply(self, path: str, body: Json) -> Json:
        self.written.append(("apply", path))
        return self.stored(body)

    async def patch(self, path: str, body: Json, *, kind: str) -> Json:
        self.written.append((kind, path))
        self.body = body
        metadata = {"name": "default", "uid": "1", "generation": 3, "resourceVersion": "9"}
        return {"metadata": metadata | body["metadata"], "spec": {}, "status": body["status"]}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def store(api: Any, changes: list[None], **more: bool) -> SettingsStore:
    return SettingsStore(api, "system", lambda *_: None, lambda: changes.append(None), **more)


async def test_files_are_created_once_and_applied_afterwards(cluster: Cluster) -> None:
    changes: list[None] = []
    here = store(cluster, changes)
    assert here.files is None

    await here.write({"a": "1"}, {"b.gz": ""}, {"label": "x"})
    assert here.files == {"a": "1"}
    assert cluster.body["binaryData"] == {}
    await here.write({"b": "2"}, {"b.gz": "aGk="}, {})

    assert here.files == {"b": "2", "b.gz": "aGk="}
    assert cluster.body["binaryData"] == {"b.gz": "aGk="}
    assert cluster.written == [("create", MAP), ("apply", f"{MAP}/mcp-admission-settings")]
    assert len(changes) == 2


async def test_a_config_map_that_was_not_seen_is_written_over(cluster: Cluster) -> None:
    cluster.taken = True
    here = store(cluster, [])

    await here.write({"a": "1"}, {}, {})

    assert here.files == {"a": "1"}
    assert [verb for verb, _ in cluster.written] == ["create", "apply"]


def test_nothing_is_known_before_the_config_map_was_listed(cluster: Cluster) -> None:
    here = store(cluster, [], resource=False)
    assert not here.known

    here._files.synced.set()
    assert here.known
