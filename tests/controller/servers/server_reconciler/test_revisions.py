"""Pods roll for a value that they cannot have read, and for no other; it is told, once a roll."""

from typing import Any

import pytest

from tests.controller.servers.one_server import (
    KEY,
    Json,
    Remembering,
    deployment,
    servers_of,
    stored,
)
from tests.kube.virtual_time import run
from webhook import names

SECRET = "/api/v1/namespaces/team/secrets/crm-mcp-config"
DEPLOYMENT = "/apis/apps/v1/namespaces/team/deployments/crm"
REVISION = "mcp-admission.dev/revision"
COMPLETE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
ROLLED: Json = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}


async def changed(api: Any, servers: Any, view: Any, value: str) -> None:
    """The user's Secret changes, and the server is looked at."""
    api.value = value
    view.sources.put(
        stored({"metadata": {"name": "source", "namespace": "team"}}, "source"),
    )
    await servers.reconcile(KEY)


def test_a_new_server_does_not_roll_for_the_values_that_it_begins_with() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        await servers.reconcile(KEY)
        assert api.revisions == []
        began = api.there[SECRET]["metadata"]["annotations"][REVISION]

        await changed(api, servers, view, "2")
        (second,) = api.revisions
        assert second != began
        assert api.there[SECRET]["metadata"]["annotations"][REVISION] == began

        await changed(api, servers, view, "1")
        assert api.revisions == [second, began]

    run(main())


def test_each_roll_is_told_by_an_event_that_names_the_secret_and_no_value() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "71001")
        assert (api.events, api.causes) == ([], [])

        # The values of the last roll were there before.
        for count, value in enumerate(("71002", "71001", "71002"), start=1):
            api.generation += 1
            await changed(api, servers, view, value)
            await servers.reconcile(KEY)
            assert len(api.events) == count
        notes = [note for reason, note in api.events if reason == "ConfigChanged"]
        assert len(notes) == 3
        assert "from the Secret source has changed" in notes[0]
        assert "7100" not in f"{notes} {api.causes}"

    run(main())


def test_the_change_cause_goes_once_its_replica_set_has_it_and_nothing_is_read_for_that() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        await changed(api, servers, view, "2")
        await servers.reconcile(KEY)
        cause = "mcp-admission: the configuration from the Secret source has changed"
        assert api.causes == [cause]

        reads, api.status = api.reads, ROLLED
        view.deployments.put(api.deployment())
        for _ in range(3):
            await servers.reconcile(KEY)
        assert api.causes == [cause, None]
        assert api.reads == reads
        assert len(api.revisions) == 1

    run(main())


def test_the_change_cause_of_a_server_that_leaves_meanwhile_goes_as_well() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        await changed(api, servers, view, "2")
        api.status = ROLLED
        left = api.deployment()
        left["metadata"]["labels"][names.SERVER] = "false"
        api.there[DEPLOYMENT] = left
        view.deployments.put(left)
        await servers.reconcile(KEY)

        assert api.causes[1:] == [None]

    run(main())


def test_the_change_cause_of_an_author_stays() -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        api.annotations = {names.CHANGE_CAUSE: "release 1"}
        await changed(api, servers, view, "1")
        view.deployments.put(api.deployment())
        await changed(api, servers, view, "2")
        api.status = ROLLED
        view.deployments.put(api.deployment())
        await servers.reconcile(KEY)

        assert len(api.revisions) == 1
        assert api.causes == []
        assert [reason for reason, _ in api.events] == ["ConfigChanged"]

    run(main())


@pytest.mark.parametrize(
    ("status", "rolls"),
    [
        ({}, False),
        ({**ROLLED, "conditions": [{"reason": "ReplicaSetUpdated"}]}, False),
        ({**ROLLED, "conditions": [COMPLETE]}, True),
        ({**ROLLED, "unavailableReplicas": 1, "conditions": [COMPLETE]}, True),
        ({"observedGeneration": 1, "conditions": [COMPLETE]}, False),
        ({"observedGeneration": 0, "conditions": [COMPLETE]}, True),
    ],
    ids=["new", "waits", "runs", "ran", "without-pods", "not-seen-yet"],
)
def test_values_that_change_while_the_secret_is_away_roll_pods_that_may_have_read_it(
    status: Json, rolls: bool
) -> None:
    async def main() -> None:
        api = Remembering()
        servers, view = servers_of(api)
        await changed(api, servers, view, "1")
        view.deployments.put(deployment({}, **status))

        del api.there[SECRET]
        view.made["Secret"].drop("team", "crm-mcp-config")
        await changed(api, servers, view, "2")
        assert bool(api.revisions) is rolls

    run(main())
