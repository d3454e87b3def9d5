"""One made object is created, brought back or deleted; an object of another owner never is."""

from copy import deepcopy
from typing import Any

import pytest

from tests.controller.servers.one_server import Remembering, servers_of, stored
from webhook.controller.owned.not_written import Changed, GoingAway, NotOurs, Waits
from webhook.controller.owned.owned_objects import NAMESPACE, ObjectKey, Owner
from webhook.controller.owned.writer import Writer
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


BASELINE = ObjectKey("NetworkPolicy", "team", "mcp-admission-baseline")
BASELINE_PATH = f"/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/{BASELINE.name}"
POLICY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {
        "name": BASELINE.name,
        "namespace": "team",
        "labels": {"app.kubernetes.io/managed-by": "mcp-admission"},
    },
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
WIDE: Json = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
OTHER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "other", "uid": "other"}
GOING = "2026-01-01T00:00:00Z"


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
    assert not writer.fits(WANTED)

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


EDITS = [
    pytest.param({}, id="spec"),
    pytest.param({"managedFields": []}, id="managed-fields"),
    pytest.param({"managedFields": [{"manager": "them", "operation": "Apply"}]}, id="applied"),
    pytest.param({"ownerReferences": [OTHER]}, id="owner"),
    pytest.param({"ownerReferences": [OTHER, {**OTHER, "kind": "Job"}]}, id="owners"),
    pytest.param({"labels": {}}, id="no-label"),
    pytest.param({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, id="label"),
    pytest.param({"annotations": {"meta.helm.sh/release-name": "crm"}}, id="release"),
    pytest.param({"finalizers": ["team.example/hold"]}, id="finalizer"),
    pytest.param(
        {"finalizers": ["team.example/hold"], "deletionTimestamp": GOING}, id="held-deletion"
    ),
]


@pytest.mark.parametrize("known", [True, False], ids=["known", "after-a-restart"])
@pytest.mark.parametrize("metadata", EDITS)
async def test_whatever_is_done_to_an_object_of_a_reserved_name_is_put_back_and_said(
    api: Remembering, writer: Writer, metadata: Json, known: bool
) -> None:
    await writer.put(POLICY, NAMESPACE)
    stood = writer.live(BASELINE)
    before = api.there[BASELINE_PATH]
    edited = {**before["metadata"], **metadata}
    api.there[BASELINE_PATH] = stored({**before, "metadata": edited, "spec": WIDE}, edited["uid"])
    if known:
        writer._made["NetworkPolicy"].put(api.there[BASELINE_PATH])
    else:
        writer._made["NetworkPolicy"].drop("team", BASELINE.name)

    await writer.put(POLICY, NAMESPACE, stood=stood if known else None)

    assert writer.fits(POLICY)
    after = api.there[BASELINE_PATH]
    assert after["spec"] == POLICY["spec"]
    assert not after["metadata"].get("ownerReferences")
    assert not after["metadata"].get("finalizers")
    note = writer.put_backs.note(BASELINE)
    # What was wanted before is not known, and annotations say nothing of the rest.
    traced = known or metadata.keys() - {"annotations"}
    assert bool(note) is bool(traced)
    assert note is None or f"of NetworkPolicy {BASELINE.name}, which was put back" in note


async def test_an_object_of_a_reserved_name_is_ours_whoever_made_it(
    api: Remembering, writer: Writer
) -> None:
    metadata = {"name": BASELINE.name, "namespace": "team", "managedFields": []}
    api.there[BASELINE_PATH] = stored({**POLICY, "metadata": metadata, "spec": WIDE}, "theirs")

    await writer.put(POLICY, NAMESPACE)

    assert writer.fits(POLICY)
    assert writer.put_backs.note(BASELINE)
    assert "resourceVersion" not in api.writes[0]["metadata"]


async def test_a_finalizer_keeps_no_object_of_a_reserved_name_that_is_to_go(
    api: Remembering, writer: Writer
) -> None:
    await writer.put(POLICY, NAMESPACE)
    metadata = {**api.there[BASELINE_PATH]["metadata"], "finalizers": ["team.example/hold"]}
    api.there[BASELINE_PATH] = stored({**POLICY, "metadata": metadata}, metadata["uid"])

    await writer.take_away(BASELINE, NAMESPACE)

    assert api.there == {}


async def test_what_keeps_an_object_from_being_deleted_is_named(
    api: Remembering, writer: Writer
) -> None:
    held = {"deletionTimestamp": GOING, "finalizers": ["team.example/hold", "foregroundDeletion"]}
    api.there[PATH] = stored({**WANTED, "metadata": {**WANTED["metadata"], **held}}, "going")

    with pytest.raises(GoingAway, match=r"its finalizers team.example/hold: take them away"):
        await writer.put(WANTED, CRM)
