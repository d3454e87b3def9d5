"""What is kept of settings of namespaces and of exceptions, and who is told of a change."""

from typing import Any

import pytest

from webhook.controller.settings.namespace_store import NamespaceStore
from webhook.kube import NamespacedName, NotFound
from webhook.settings.model import Settings

Json = dict[str, Any]
API = "/apis/mcp-admission.dev/v1alpha1"
SETTINGS, EXCEPTION = NamespacedName("team", "default"), NamespacedName("", "crm-root")


class Cluster:
    """Answers patches; with `gone`, there is nothing to patch."""

    def __init__(self) -> None:
        self.gone = False
        self.patched: list[tuple[str, Json]] = []

    async def patch(self, path: str, body: Json, *, kind: str) -> Json:
        assert kind == "merge"
        if self.gone:
            raise NotFound(404, "NotFound", path)
        self.patched.append((path, body))
        if "namespaces/" in path:
            return settings({}, version=9, status=body["status"])
        return exception(version=9, status=body["status"])


def settings(spec: Any, version: int = 2, **more: Any) -> Json:
    metadata = {"namespace": "team", "name": "default", "uid": "1", "generation": 3}
    return {"metadata": {**metadata, "resourceVersion": str(version)}, "spec": spec, **more}


def exception(version: int = 2, **more: Any) -> Json:
    metadata = {"name": "crm-root", "uid": "2", "generation": 1, "labels": {"a": "b"}}
    spec = {"reason": "the vendor mends it", "rules": ["capabilities"]}
    return {"metadata": {**metadata, "resourceVersion": str(version)}, "spec": spec, **more}


def store(cluster: Any = None) -> tuple[NamespaceStore, list[NamespacedName]]:
    told: list[NamespacedName] = []
    return NamespaceStore(cluster, lambda *_: None, lambda: None, told.append), told


def test_what_changes_is_unread_and_settings_and_a_status_are_told() -> None:
    here, told = store()
    here.settings.put(settings({"mode": "warn"}))
    here.exceptions.put(exception())
    assert list(here.unread) == [SETTINGS, EXCEPTION]
    assert told == [SETTINGS]

    told.clear()
    here.unread.clear()
    here.settings.put(settings({"mode": "warn"}, 3, status={"conditions": []}))
    here.exceptions.put(exception(3, status={"conditions": []}))
    assert not here.unread
    assert told == [SETTINGS, EXCEPTION]

    here.settings.put(settings({"mode": "observe"}, 4))
    here.exceptions.delete(exception(5))
    assert list(here.unread) == [SETTINGS, EXCEPTION]
    assert here.stored(EXCEPTION) is None


def test_settings_under_another_name_are_none() -> None:
    here, _ = store()
    other = settings({})
    other["metadata"]["name"] = "other"

    here.settings.put(other)

    assert not here.unread


def test_settings_are_kept_as_text_and_merged_when_asked_for() -> None:
    here, _ = store()
    here.settings.put(settings({"mode": "enforce", "onConflict": "warn"}))

    kept = here.settings.get(*SETTINGS)

    assert kept is not None
    assert kept.text == '{"mode":"enforce","onConflict":"warn"}'
    layer = kept.layer(Settings())
    assert layer.values == {"mode": "enforce"}
    assert [fault.key for fault in layer.faults] == [("onConflict",)]


def test_of_settings_that_are_too_long_is_kept_why_they_are_not_read() -> None:
    here, _ = store()
    here.settings.put(settings({"mcpServerDefaults": {"image": "x" * 1_000_000}}))

    kept = here.settings.get(*SETTINGS)

    assert kept is not None
    assert kept.text == ""
    (fault,) = kept.layer(Settings()).faults
    assert "1000034 characters" in fault.sentence


def test_of_an_exception_is_kept_what_its_author_wrote() -> None:
    here, _ = store()
    here.exceptions.put(exception())

    kept = here.exceptions.get(*EXCEPTION)

    assert kept is not None
    assert kept.document == {"metadata": {"name": "crm-root"}, "spec": exception()["spec"]}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (SETTINGS, f"{API}/namespaces/team/mcpnamespacesettings/default/status"),
        (EXCEPTION, f"{API}/mcpserverexceptions/crm-root/status"),
    ],
)
async def test_a_status_is_that_of_the_very_resource_that_was_seen(
    key: NamespacedName, path: str
) -> None:
    cluster = Cluster()
    here, _ = store(cluster)
    status = {"observedGeneration": 1}

    await here.write_status(key, "7", status)

    assert cluster.patched == [(path, {"metadata": {"uid": "7"}, "status": status})]
    kept = here.stored(key)
    assert kept is not None
    assert kept.status == status

    cluster.gone = True
    await here.write_status(key, "7", status)
