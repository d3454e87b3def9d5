"""What the console asks of an API server, a real one answers: selectors, metadata, refusals."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import builders
from tests.console.server_view.one_server import judging
from tools.cluster.control_plane import ControlPlane
from webhook import kube, names
from webhook.console.exception_form import AskedException, usual_end
from webhook.console.exceptions_view import read_exceptions
from webhook.console.server_view.server_parts import made_rows
from webhook.console.server_view.server_reading import ServerReading, read_server
from webhook.controller.installation import Installation
from webhook.controller.settings.namespace_store import EXCEPTIONS
from webhook.fleet.report import WorkloadKey
from webhook.settings.model import Settings

Json = dict[str, Any]


@pytest.fixture
async def api(settings_resource: ControlPlane) -> AsyncIterator[kube.Api]:
    async with await kube.Api.connect(settings_resource.kubeconfig) as connected:
        yield connected


async def read(api: kube.Api, namespace: str) -> ServerReading:
    key = WorkloadKey(namespace, "Deployment", "crm")
    return await read_server(api, Installation(), judging(), key)


def about(found: Json, name: str) -> Json:
    metadata = found["metadata"]
    regarding = {key: metadata[key] for key in ("namespace", "name", "uid")}
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "regarding": {**regarding, "kind": "Deployment", "apiVersion": "apps/v1"},
        "eventTime": "2026-02-01T12:00:00.000000Z",
        "type": "Warning",
        "reason": "Refused",
        "note": name,
        "action": "Judge",
        "reportingController": "mcp-admission.dev/control",
        "reportingInstance": "one",
    }


async def test_events_and_keys_of_one_server_are_found(api: kube.Api, namespace: str) -> None:
    deployments = kube.namespaced("apps/v1", "deployments", namespace)
    crm, web = [await api.create(deployments, builders.server(each)) for each in ("crm", "web")]
    events = kube.namespaced("events.k8s.io/v1", "events", namespace)
    for found, name in ((crm, "of-crm"), (web, "of-web")):
        await api.create(events, about(found, name))
    uid = crm["metadata"]["uid"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "crm", "uid": uid}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "crm-mcp-config",
            "labels": {names.NAME: "crm"},
            "ownerReferences": [owner],
        },
        "stringData": {"API_KEY": "hunter2"},
    }
    await api.create(kube.namespaced("v1", "secrets", namespace), secret)

    server = await read(api, namespace)
    rows, _ = made_rows(server, Settings())

    told = {each["note"] for each in server.events.items}
    assert "of-crm" in told
    assert "of-web" not in told
    assert [(each.name, each.keys.shown) for each in rows if each.kind == "Secret"] == [
        ("crm-mcp-config", ("API_KEY",))
    ]
    assert "hunter2" not in repr(server)
    assert "aHVudGVyMg" not in repr(server)
    assert server.unread == ()


async def test_what_a_form_asks_for_is_stored_listed_and_revoked(
    api: kube.Api, namespace: str
) -> None:
    now = datetime.now(UTC)
    asked = AskedException(namespace, "crm", ("privileged",), "a.test/x", "why", usual_end(now, 90))

    stored = await api.create(EXCEPTIONS.path, asked.document(now))
    rows, unread = await read_exceptions(api, judging())
    path = f"{EXCEPTIONS.path}/{stored['metadata']['name']}"

    (row,) = [each for each in rows if each.namespace == namespace]
    assert unread == ""
    assert (row.workload, row.state, row.reason) == ("crm", "not-in-force", "why")
    with pytest.raises(kube.Conflict):
        await api.delete(path, uid="another")
    await api.delete(path, uid=row.uid)
    with pytest.raises(kube.NotFound):
        await api.get(path)
    with pytest.raises(kube.Invalid, match="a reason is required"):
        await api.create(EXCEPTIONS.path, asked._replace(reason=" x").document(now) | _blank(now))


def _blank(now: datetime) -> Json:
    """A resource whose reason is blank, which no form sends."""
    document = AskedException("a", "b", ("privileged",), "", "x", usual_end(now, 90)).document(now)
    return {"spec": {**document["spec"], "reason": " "}}
