"""What somebody edits is put back and told: at once, and later each time it happens again."""

import asyncio

import pytest

from tests.controller.servers.one_server import KEY, Json, Remembering, servers_of, stored
from tests.kube.virtual_time import run
from webhook.controller.cluster_state import ClusterState
from webhook.controller.owned.foreign_edits import LONGEST, PutBacks
from webhook.controller.owned.not_written import Changed
from webhook.controller.owned.owned_objects import ObjectKey
from webhook.controller.servers.server_reconciler import ServerReconciler
from webhook.kube.errors import Conflict, Invalid

NAME = "crm-mcp"
PATH = f"/api/v1/namespaces/team/services/{NAME}"
SERVICE = ObjectKey("Service", "team", NAME)
POLICY = ObjectKey("NetworkPolicy", "team", "mcp-admission-baseline")
THEM = {"manager": "them", "operation": "Update", "fieldsV1": {"f:spec": {"f:type": {}}}}


@pytest.mark.parametrize(("place", "longest"), [(SERVICE, 600.0), (POLICY, 30.0)])
def test_each_time_waits_longer_up_to_a_limit(place: ObjectKey, longest: float) -> None:
    async def main() -> list[float]:
        put_backs, waits = PutBacks(), []
        assert put_backs.wait(place) == 0
        assert put_backs.note(place) is None
        for _ in range(20):
            put_backs.done(place, "note")
            waits.append(put_backs.wait(place))
            await asyncio.sleep(waits[-1])
            assert put_backs.wait(place) == 0
            assert put_backs.note(place) == "note"
        return waits

    waits = run(main())
    assert waits[:5] == [2.0, 4.0, 8.0, 16.0, min(32.0, longest)]
    assert waits[-1] == longest


def test_what_was_left_alone_for_long_is_forgotten() -> None:
    async def main() -> None:
        put_backs = PutBacks()
        for at in range(1000):
            put_backs.done(ObjectKey("Secret", "team", str(at)), "note")
        put_backs.done(SERVICE, "note")
        await asyncio.sleep(LONGEST)
        assert put_backs.note(SERVICE) == "note"
        await asyncio.sleep(LONGEST)
        assert put_backs.note(SERVICE) is None
        put_backs.done(SERVICE, "note")
        assert put_backs.wait(SERVICE) == 2.0
        assert len(put_backs._recent) == 1

    run(main())


def edited(api: Remembering, view: ClusterState, *managers: Json, **more: Json) -> None:
    """Somebody makes a NodePort of the Service."""
    found = api.there[PATH]
    spec = {**found["spec"], "type": "NodePort", **more}
    managed = [*found["metadata"]["managedFields"][:1], *managers]
    metadata = {**found["metadata"], "managedFields": managed}
    api.there[PATH] = stored({**found, "metadata": metadata, "spec": spec}, metadata["uid"])
    view.made["Service"].put(api.there[PATH])


async def right(api: Remembering) -> tuple[ServerReconciler, ClusterState]:
    servers, view = servers_of(api)
    for _ in range(2):
        await servers.reconcile(KEY)
    return servers, view


def test_an_edit_is_put_back_at_once_and_the_next_one_waits() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await right(api)
        for wait in (2.0, 4.0, 8.0):
            edited(api, view, THEM)
            assert await servers.reconcile(KEY) is None
            assert api.there[PATH]["spec"]["type"] == "ClusterIP"
            edited(api, view, THEM)
            assert await servers.reconcile(KEY) == pytest.approx(wait)
            assert api.there[PATH]["spec"]["type"] == "NodePort"
            await asyncio.sleep(wait)
            assert await servers.reconcile(KEY) is None
            await asyncio.sleep(LONGEST * 2)
            if wait == 2.0:
                # Left alone for so long, it all begins anew.
                break
        ((reason, note),) = api.events
        assert reason == "ServicePutBack"
        assert note.startswith("them changed spec.type of Service crm-mcp, which was put back: ")
        assert servers.refused == {}

    run(main())


def test_an_edit_without_a_trace_is_known_by_what_was_there() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await right(api)
        edited(api, view)
        await servers.reconcile(KEY)
        ((_, note),) = api.events
        assert note.startswith("somebody changed spec.type of Service crm-mcp, which was put back")

    run(main())


def test_what_is_wanted_otherwise_is_no_edit() -> None:
    """Another controller has made it, which says nothing of what was there."""

    async def main() -> None:
        api = Remembering()
        _, before = await right(api)
        edited(api, before)
        servers, view = servers_of(api)
        for kind, cache in before.made.items():
            for name, _ in cache.within("team"):
                resource = f"{kind.lower()}s"
                view.made[kind].put(api.there[f"/api/v1/namespaces/team/{resource}/{name}"])
        await servers.reconcile(KEY)
        assert api.there[PATH]["spec"]["type"] == "ClusterIP"
        assert api.events == []

    run(main())


def test_who_is_faster_is_looked_at_again_and_not_told() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await right(api)
        edited(api, view, THEM)
        api.refuses = [Conflict(409, "Conflict", "another version")]
        with pytest.raises(Changed):
            await servers.reconcile(KEY)
        assert api.events == []
        assert api.writes[0]["metadata"]["resourceVersion"]

    run(main())


def test_an_object_that_is_gone_is_made_again() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await right(api)
        edited(api, view, THEM)
        del api.there[PATH]
        with pytest.raises(Changed):
            await servers.reconcile(KEY)
        await servers.reconcile(KEY)
        assert api.there[PATH]["spec"]["type"] == "ClusterIP"
        assert api.events == []

    run(main())


def test_what_cannot_be_taken_out_of_theirs_stays_and_it_is_let_go() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = await right(api)
        ports: Json = {'k:{"port":80,"protocol":"TCP"}': {"f:port": {}}}
        theirs = {"f:spec": {"f:selector": {}, "f:ports": ports}}
        applied = {**THEM, "operation": "Apply", "fieldsV1": theirs}
        edited(api, view, applied, selector={"app": "other"})
        api.refuses = [Invalid(422, "Invalid", "spec.ports: Required value")]
        assert await servers.reconcile(KEY) == 60.0
        first, second = api.writes
        assert first["spec"]
        assert set(second) == {"metadata"}
        assert second["metadata"]["ownerReferences"] == []
        assert [reason for reason, _ in api.events] == ["NameTaken"]

    run(main())
