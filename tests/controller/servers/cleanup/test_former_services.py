"""The Service of an earlier version goes on for a month beside the new one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.controller.servers.one_server import KEY, Json, Remembering, servers_of, stored
from tests.kube.virtual_time import run
from webhook.controller.cluster_state import ClusterState
from webhook.controller.servers.cleanup import keep_former_service
from webhook.controller.servers.server_reconciler import ServerReconciler
from webhook.kube.errors import NotFound
from webhook.kube.work_queue import NamespacedName

FORMER = "/api/v1/namespaces/team/services/crm"
NEW = "/api/v1/namespaces/team/services/crm-mcp"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
THEM = {"manager": "them", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {}}}}


def former(**metadata: Any) -> Json:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "crm", "uid": "crm-uid"}
    labels = {"app.kubernetes.io/managed-by": "mcp-admission", "mcp-admission.dev/name": "crm"}
    named = {"name": "crm", "namespace": "team", "labels": labels, "ownerReferences": [owner]}
    spec = {"type": "ClusterIP", "ports": [{"port": 80, "targetPort": 1}], "selector": {"a": "b"}}
    return stored({"kind": "Service", "metadata": {**named, **metadata}, "spec": spec}, "former")


async def beside(api: Remembering, found: Json) -> tuple[ServerReconciler, ClusterState]:
    """A server that has its new Service, and this former one."""
    api.there[FORMER] = found
    servers, view = servers_of(api)
    view.made["Service"].put(found)
    await servers.reconcile(KEY)
    return servers, view


def test_a_former_service_is_kept_for_thirty_days_and_then_deleted() -> None:
    async def main() -> None:
        api = Remembering()
        api.now = MADE + 10 * DAY
        servers, _ = await beside(api, former())
        assert await servers.reconcile(KEY) == pytest.approx(20 * DAY.total_seconds())
        assert api.there[FORMER]["spec"] == api.there[NEW]["spec"]
        assert api.there[FORMER]["metadata"]["name"] == "crm"
        ((reason, note),) = api.events
        assert reason == "ServiceRenamed"
        assert note == (
            "Service crm is called crm-mcp now: let clients call crm-mcp; crm is deleted on "
            "2026-01-31"
        )
        assert servers.refused == {}
        calls = len(api.writes)
        assert await servers.reconcile(KEY)
        assert len(api.writes) == calls

    run(main())


@pytest.mark.parametrize("name", ["kubernetes", "kubernetes-service"])
def test_one_that_leads_clients_of_the_api_server_astray_goes_at_once(name: str) -> None:
    async def main() -> None:
        api: Any = Remembering()
        servers, view = servers_of(api)
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": "crm-uid"}
        found = former(name=name, ownerReferences=[owner])
        path = FORMER.replace("/crm", f"/{name}")
        api.there[path] = found
        view.made["Service"].put(found)
        await keep_former_service(
            api, servers._writer, NamespacedName("team", name), "crm-uid", [found]
        )
        assert path not in api.there
        assert api.writes == []

    run(main())


def test_when_its_time_is_over_it_goes() -> None:
    async def main() -> None:
        api = Remembering()
        api.now = MADE + 30 * DAY
        servers, _ = await beside(api, former())
        assert FORMER not in api.there
        assert NEW in api.there
        assert await servers.reconcile(KEY) is None

    run(main())


def test_a_former_service_is_deleted_in_time_though_nothing_changes() -> None:
    async def main() -> None:
        api = Remembering()
        servers, _ = await beside(api, former())
        api.now = MADE + 30 * DAY - timedelta(seconds=5)
        servers._settled.clear()
        assert await servers.reconcile(KEY) == pytest.approx(5.0)
        api.now = MADE + 30 * DAY
        servers._settled[KEY] = servers._settled[KEY]._replace(until=0.0)
        assert await servers.reconcile(KEY) is None
        assert FORMER not in api.there

    run(main())


def test_a_former_service_is_kept_while_the_new_one_is_not_there() -> None:
    async def main() -> None:
        api = Remembering()
        api.now = MADE + 300 * DAY
        theirs = stored({"metadata": {"name": "crm-mcp", "namespace": "team"}, "spec": {}}, "x")
        api.there[NEW] = {**theirs, "kind": "Service"}
        await beside(api, former())
        assert FORMER in api.there
        assert [reason for reason, _ in api.events] == ["NameTaken"]

    run(main())


@pytest.mark.parametrize("days", [1, 300])
def test_one_that_somebody_else_has_written_to_is_let_go_and_never_deleted(days: int) -> None:
    async def main() -> None:
        api = Remembering()
        api.now = MADE + days * DAY
        ours = former()["metadata"]["managedFields"]
        await beside(api, former(managedFields=[*ours, THEM]))
        metadata = api.there[FORMER]["metadata"]
        assert metadata["ownerReferences"] == []
        assert metadata["managedFields"] == [THEM]
        assert api.there[FORMER]["spec"]["selector"] == {"a": "b"}

    run(main())


def test_one_that_somebody_writes_to_just_now_is_not_written() -> None:
    async def main() -> None:
        api = Remembering()
        api.there[FORMER] = former(managedFields=[*former()["metadata"]["managedFields"], THEM])
        servers, view = servers_of(api)
        view.made["Service"].put(former())
        await servers.reconcile(KEY)
        assert api.there[FORMER]["spec"]["selector"] == {"a": "b"}

    run(main())


@pytest.mark.parametrize(
    "found",
    [
        former(ownerReferences=[]),
        former(managedFields=[THEM]),
        former(deletionTimestamp="2026-01-01T00:00:00Z"),
    ],
    ids=["nobody-s", "not-written-by-us", "going"],
)
def test_one_that_never_was_ours_is_not_touched(found: Json) -> None:
    async def main() -> None:
        api = Remembering()
        api.now = MADE + 300 * DAY
        await beside(api, found)
        assert api.there[FORMER] == found

    run(main())


def test_one_that_is_gone_is_not_made_again() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await beside(api, former())
        del api.there[FORMER]
        view.made["Service"].drop("team", "crm")
        await servers.reconcile(KEY)
        assert FORMER not in api.there
        with pytest.raises(NotFound):
            await api.get(NEW.replace("crm-mcp", "mcp"))

    run(main())
