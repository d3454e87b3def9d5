"""One made object is created, brought back or deleted; an object of another owner never is."""

from copy import deepcopy
from typing import Any

import pytest

from tests.controller.servers.one_server import Remembering, servers_of, stored
from webhook.controller.owned.owned_objects import ObjectKey, Owner
from webhook.controller.owned.writer import Changed, GoingAway, NotOurs, Waits, Writer
from webhook.kube.errors import Conflict

Json = dict[str, Any]
PLACE = ObjectKey("Secret", "team", "crm-mcp-config")
PATH = "/api/v1/namespaces/team/secrets/crm-mcp-config"
CRM = Owner("crm-uid")
WANTED: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "type": "Opaque",
    "metadata": {
        "name": "crm-mcp-config",
        "namespace": "team",
        "labels": {
            "app.kubernetes.io/managed-by": "mcp-admission",
            "mcp-admission.dev/name": "crm",
        },
        "ownerReferences": [{"kind": "Deployment", "name": "crm", "uid": "crm-uid"}],
    },
    "data": {"KEY": "b25l"},
}


def wanted(value: str) -> Json:
    return {**deepcopy(WANTED), "data": {"KEY": value}}


@pytest.fixture
def api() -> Remembering:
    return Remembering()


@pytest.fixture
def writer(api: Any) -> Writer:
    _, view = servers_of(api)
    return Writer(api, view.made)


async def test_an_object_is_created_once_and_then_left_as_it_is(
    api: Remembering, writer: Writer
) -> None:
    assert writer.written(WANTED) is None

    await writer.put(WANTED, CRM, {"note": "first"})
    await writer.put(WANTED, CRM)

    assert (api.created, api.writes) == (["Secret"], [])
    assert api.there[PATH]["metadata"]["annotations"] == {"note": "first"}
    assert writer.fits(WANTED)
    assert not writer.fits(wanted("dHdv"))


async def test_an_object_that_is_no_longer_wanted_like_this_is_applied(
    api: Remembering, writer: Writer
) -> None:
    await writer.put(WANTED, CRM)
    await writer.put(wanted("dHdv"), CRM)

    assert api.there[PATH]["data"] == {"KEY": "dHdv"}
    assert writer.fits(wanted("dHdv"))


async def test_what_is_edited_again_and_again_is_put_back_later(
    api: Remembering, writer: Writer
) -> None:
    await writer.put(WANTED, CRM)
    stood = writer.live(PLACE)

    async def edit() -> None:
        api.there[PATH] = stored({**api.there[PATH], "data": {"KEY": "b2Rk"}}, "uid")
        writer._made["Secret"].put(api.there[PATH])
        await writer.put(WANTED, CRM, stood=stood)

    await edit()
    assert api.there[PATH]["data"] == WANTED["data"]
    with pytest.raises(Waits):
        await edit()
    assert api.there[PATH]["data"] == {"KEY": "b2Rk"}


async def test_an_object_of_another_owner_is_neither_written_nor_deleted(
    api: Remembering, writer: Writer
) -> None:
    theirs = stored({**WANTED, "metadata": {"name": PLACE.name, "namespace": "team"}}, "theirs")
    api.there[PATH] = theirs

    with pytest.raises(NotOurs, match="Secret crm-mcp-config belongs to somebody else"):
        await writer.put(WANTED, CRM)
    await writer.take_away(PLACE, CRM)

    assert api.there == {PATH: theirs}
    assert (api.created, api.writes) == ([], [])


async def test_an_object_that_is_being_deleted_is_waited_for(
    api: Remembering, writer: Writer
) -> None:
    metadata = {**WANTED["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    api.there[PATH] = stored({**WANTED, "metadata": metadata}, "going")

    with pytest.raises(GoingAway):
        await writer.put(WANTED, CRM)


async def test_an_object_of_ours_is_deleted(api: Remembering, writer: Writer) -> None:
    await writer.put(WANTED, CRM)
    await writer.take_away(PLACE, CRM)

    assert api.there == {}
    assert writer.live(PLACE) is None


async def test_a_write_that_meets_another_one_is_looked_at_again(
    api: Remembering, writer: Writer
) -> None:
    await writer.put(WANTED, CRM)
    api.refuses = [Conflict(409, "Conflict", "changed")]

    with pytest.raises(Changed):
        await writer.put(wanted("dHdv"), CRM)
